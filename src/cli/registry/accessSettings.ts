import { ChartroomError } from "../../oci/errors.ts";
import type { AccessRules, Action, Grants, Who } from "../../registry/access.ts";
import { parseUserName } from "../../registry/htpasswd.ts";
import { type RepositoryPattern, tryRepositoryPattern } from "../../registry/patterns.ts";
import { nearest } from "../suggest.ts";
import type { ConfigReader } from "./config/reader.ts";
import type { Tree } from "./config/tree.ts";

/** Who may do what, as it was written. */
export interface AccessSettings {
  readonly rules: AccessRules;
  /** Each user that is named, and where for the first time. */
  readonly named: ReadonlyMap<string, string>;
  /** Whether it says that everyone may pull and whoever logs in may everything, and no more. */
  readonly anonymousPull: boolean;
}

type Members = ReadonlyMap<string, Tree>;

const actions: readonly Action[] = ["pull", "push", "delete"];
/** Words that stand for callers in a rule: no user and no group can be named so there. */
export const callerWords: readonly string[] = ["everyone", "users"] satisfies Who[];

const anonymousPull: AccessSettings = {
  rules: {
    admins: new Set(),
    repositories: new Map([
      ["**" as RepositoryPattern, { pull: "everyone", push: "users", delete: "users" }],
    ]),
  },
  named: new Map(),
  anonymousPull: true,
};

/**
 * The block `access`; undefined where nothing is said. Unlike elsewhere nothing in it is passed over: a rule that is
 * misspelt would let in whom it was to keep out.
 * @param flag `--anonymous-pull`
 * @throws ChartroomError `usage` that names what is wrong, its place and what was expected
 */
export function accessSettings(config: ConfigReader, flag: boolean): AccessSettings | undefined {
  const tree = config.at("access") ?? { at: "", kind: "scalar", value: null, text: "" };
  const block: Members = tree.kind === "scalar" && tree.text === "" ? new Map() : mapOf(tree, "access");
  expectKnown(block, "access", ["admins", "anonymouspull", "groups", "repositories"]);
  const rules = [...block.keys()].filter((name) => name !== "anonymouspull");
  const asked = flag ? "--anonymous-pull" : config.flag("access.anonymouspull") && "access.anonymouspull";
  if (asked && rules.length > 0)
    throw new ChartroomError("usage", `Cannot use ${asked}: access.${rules[0]} is there too`, {
      hint: "Say it in the rules: `pull: everyone`.",
    });
  if (asked) return anonymousPull;
  return rules.length === 0 ? undefined : new RulesReader(block).read(tree.at);
}

/** Reads groups first, since rules name them. */
class RulesReader {
  readonly #block: Members;
  readonly #groups: Map<string, readonly string[]>;
  readonly #named = new Map<string, string>();

  constructor(block: Members) {
    this.#block = block;
    const groups = membersOf(block.get("groups"), "access.groups");
    this.#groups = new Map([...groups.keys()].map((name) => [name, []]));
    for (const [name, tree] of groups) {
      const path = `access.groups.${name}`;
      if (callerWords.includes(name))
        throw refuse(path, tree.at, "another name: this is a word of the rules");
      const users = namesOf(tree, path);
      for (const { text, at } of users)
        if (this.#groups.has(text)) throw refuse(path, at, `users, found the group ${JSON.stringify(text)}`);
      this.#groups.set(
        name,
        users.map((user) => this.#user(user, path)),
      );
    }
  }

  read(at: string): AccessSettings {
    const rules = this.#block.get("repositories");
    if (rules === undefined)
      throw refuse("access", at, "`repositories` with rules, or `anonymouspull: true`");
    const admins = this.#block.get("admins");
    return {
      rules: {
        admins: new Set(admins && this.#users(namesOf(admins, "access.admins"), "access.admins")),
        repositories: this.#repositories(rules),
      },
      named: this.#named,
      anonymousPull: false,
    };
  }

  #repositories(tree: Tree): AccessRules["repositories"] {
    const rules = new Map<RepositoryPattern, Grants>();
    for (const [text, rule] of membersOf(tree, "access.repositories")) {
      const path = `access.repositories.${text}`;
      const pattern = tryRepositoryPattern(text);
      if (pattern === undefined)
        throw refuse(
          path,
          rule.at,
          "a repository's name, where a part may hold one `*`, and the last may be `**`",
        );
      const members = membersOf(rule, path);
      expectKnown(members, path, actions);
      const who = (action: Action) => this.#who(members.get(action), `${path}.${action}`);
      rules.set(pattern, { pull: who("pull"), push: who("push"), delete: who("delete") });
    }
    return rules;
  }

  /** What is not said is said of nobody. */
  #who(tree: Tree | undefined, path: string): Who {
    const names = tree === undefined ? [] : namesOf(tree, path);
    const users = this.#users(
      names.filter(({ text }) => !callerWords.includes(text)),
      path,
    );
    const has = (word: Who) => names.some(({ text }) => text === word);
    return has("everyone") ? "everyone" : has("users") ? "users" : new Set(users);
  }

  #users(names: readonly Name[], path: string): string[] {
    return names.flatMap((name) => this.#groups.get(name.text) ?? this.#user(name, path));
  }

  #user({ text, at }: Name, path: string): string {
    if (callerWords.includes(text)) throw refuse(path, at, `users, found the word ${text}`);
    try {
      parseUserName(text);
    } catch (error) {
      throw refuse(path, at, `names of users. ${error instanceof Error ? error.message : error}`);
    }
    if (!this.#named.has(text)) this.#named.set(text, `${path} (${at})`);
    return text;
  }
}

interface Name {
  readonly text: string;
  readonly at: string;
}

/** One name or a list of them; `[]` is nobody, and nothing at all is refused: it may be forgotten. */
function namesOf(tree: Tree, path: string): Name[] {
  const items = tree.kind === "list" ? tree.items : [tree];
  return items.map((item) => {
    if (item.kind === "scalar" && item.text !== "") return item;
    throw refuse(path, item.at, "everyone, users, or names of users and groups; [] for nobody");
  });
}

/** The members of a map that must have some. */
function membersOf(tree: Tree | undefined, path: string): Members {
  if (tree === undefined) return new Map();
  const members = mapOf(tree, path);
  if (members.size === 0) throw refuse(path, tree.at, "something in it");
  return members;
}

function mapOf(tree: Tree, path: string): Members {
  if (tree.kind === "map") return tree.members;
  throw refuse(path, tree.at, `a map, found a ${tree.kind === "list" ? "list" : "value"}`);
}

function expectKnown(members: Members, path: string, known: readonly string[]): void {
  for (const [name, { at }] of members) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new ChartroomError(
      "usage",
      `Cannot use ${path}.${name} (${at}): it is unknown${meant === undefined ? "" : `; did you mean ${meant}?`}`,
      { hint: `Expected ${known.join(", ")}.` },
    );
  }
}

const refuse = (path: string, at: string, expected: string) =>
  new ChartroomError("usage", `Cannot use ${path} (${at}): expected ${expected}`);
