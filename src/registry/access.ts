import type { RepositoryName } from "../oci/reference.ts";
import { Patterns, type RepositoryPattern } from "./patterns.ts";

/** Who may enter: names and passwords, wherever they are kept. */
export interface Authenticator {
  /** What a login dialog calls this place. */
  readonly realm: string;
  /**
   * Whether the password is the user's. An unknown user takes as long as a known one.
   * @param from the address that says so
   * @throws RegistryError `requestsTooMany` when too many were wrong from there; ChartroomError `busy` when too many wait to be looked at
   */
  authenticate(user: string, password: string, from?: string): Promise<boolean>;
}

/** What a caller shows of itself. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Who asks: a user's name, or undefined for whoever has not logged in. */
export type Caller = string | undefined;

/**
 * What may be done to a repository. To push is also to move a tag; to delete is to take away tags, manifests or blobs.
 * Whoever may push or delete may pull too: every client looks before it does either.
 */
export type Action = "pull" | "push" | "delete";

/** Who may do what. It knows names alone: that a repository exists is none of its answers. */
export interface Access {
  /** Whether a caller may do something to a repository, there or not. */
  may(caller: Caller, action: Action, repository: RepositoryName): boolean;
  /**
   * Whether a caller may, as far as rules tell, do something to a repository one level below a prefix: whoever may not is
   * refused before it is known which one is meant.
   * @param prefix what the repository's name begins with: empty, or with a slash at its end
   */
  maySomewhere(caller: Caller, action: Action, prefix: string): boolean;
  /** How much everyone may pull; where it is all, a login shows nobody more. */
  readonly public: "all" | "some" | "nothing";
}

/** Some callers: everyone, whoever has logged in, or these users. */
export type Who = "everyone" | "users" | ReadonlySet<string>;

/** What one rule says. */
export type Grants = Readonly<Record<Action, Who>>;

/** Rules as an operator writes them. */
export interface AccessRules {
  /** Users who may everything, whatever the rules say. */
  readonly admins: ReadonlySet<string>;
  /** The rule that counts for a repository says all there is to say of it (`Patterns`); without one nobody may anything. */
  readonly repositories: ReadonlyMap<RepositoryPattern, Grants>;
}

/** Without rules and without users: everyone may everything. */
export const everyoneMay: Access = { may: () => true, maySomewhere: () => true, public: "all" };

/** Without rules: whoever logs in may everything. */
export const usersMay: Access = {
  may: (caller) => caller !== undefined,
  maySomewhere: (caller) => caller !== undefined,
  public: "nothing",
};

/** Who may do what, by rules. */
export function accessOf({ admins, repositories }: AccessRules): Access {
  const patterns = new Patterns(repositories);
  const open = [...repositories.values()].filter((grants) => grantsOf(grants, "pull").includes("everyone"));
  const all = open.length === repositories.size && repositories.has("**" as RepositoryPattern);
  const isAdmin = (caller: Caller) => caller !== undefined && admins.has(caller);
  const lets = (grants: Grants, caller: Caller, action: Action) =>
    grantsOf(grants, action).some((who) => isAmong(caller, who));
  return {
    may(caller, action, repository) {
      if (isAdmin(caller)) return true;
      const grants = patterns.find(repository);
      return grants !== undefined && lets(grants, caller, action);
    },
    maySomewhere: (caller, action, prefix) =>
      isAdmin(caller) || patterns.below(prefix).some((grants) => lets(grants, caller, action)),
    public: all ? "all" : open.length > 0 ? "some" : "nothing",
  };
}

/** Those whom a rule lets do something. */
const grantsOf = (grants: Grants, action: Action): readonly Who[] =>
  action === "pull" ? [grants.pull, grants.push, grants.delete] : [grants[action]];

const isAmong = (caller: Caller, who: Who): boolean =>
  who === "everyone" || (caller !== undefined && (who === "users" || who.has(caller)));
