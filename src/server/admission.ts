import type { Eventual } from "../oci/eventual.ts";
import type { Access, Action, Authenticator, Caller } from "../registry/access.ts";
import { RegistryError } from "../registry/errors.ts";
import { challenge, parseBasic } from "./credentials.ts";
import type { Exchange } from "./exchange.ts";
import type { Route } from "./route.ts";
import { errorAnswer } from "./v2/errors.ts";

/** What decides whether a request is let in. */
export interface Doors {
  /** Who may log in; nobody need where there is none. */
  readonly authenticator: Authenticator | undefined;
  readonly access: Access;
}

/** Who asks, and the refusal where it may not. */
export interface Admission {
  readonly user: Caller;
  /** The challenge to a caller whom a login could show or allow more; undefined where there is none to be had. */
  readonly challenge: string | undefined;
  readonly refusal?: Response;
}

/** What an operation takes of its caller. */
type Need = Action | "login" | "list" | "nothing" | "later";

/**
 * What each operation takes: an action on its repository; a login, where there are any; nothing. A `list` is cut down to what
 * the caller may pull by whoever answers it. At the classic door it shows later which repository is meant: it asks for itself
 * (`classic/reach.ts`).
 */
const needs: Readonly<Record<Route["op"], Need>> = {
  welcome: "nothing",
  base: "login",
  "list-repositories": "list",
  "list-tags": "pull",
  "list-referrers": "pull",
  "pull-manifest": "pull",
  "pull-blob": "pull",
  "push-manifest": "push",
  "open-upload": "push",
  "show-upload": "push",
  "append-upload": "push",
  "finish-upload": "push",
  "cancel-upload": "push",
  "delete-manifest": "delete",
  "delete-blob": "delete",
  "chart-index": "later",
  "pull-chart": "later",
  "pull-provenance": "later",
  "list-charts": "later",
  "list-misplaced": "later",
  "pull-metadata": "later",
  "show-versions": "later",
  "show-version": "later",
  "show-templates": "later",
  "show-values": "later",
  "post-chart": "later",
  "post-provenance": "later",
  "delete-version": "later",
  "museum-health": "nothing",
  "museum-info": "nothing",
  unsupported: "login",
  unknown: "login",
};

/**
 * Who asks, and whether that may be done. It is decided by names alone, before anything is looked up: a repository that is
 * not there and one that the caller may not see are refused by the same words. 401 where a login could help, 403 where
 * there is one, or none to be had.
 * @returns at once where no password is to be looked at
 */
export function admit(
  doors: Doors,
  route: Route,
  exchange: Pick<Exchange, "request" | "address">,
): Eventual<Admission> {
  const need = needs[route.op];
  if (need === "nothing") return { user: undefined, challenge: undefined };
  // Where nobody need log in, credentials are not looked at, as `registry login` to an open registry expects.
  const { authenticator } = doors;
  const authorization = authenticator === undefined ? null : exchange.request.headers.get("authorization");
  if (authenticator === undefined || authorization === null) return decide(doors, route, need, nobody, false);
  return callerOf(authenticator, authorization, exchange.address).then((caller) =>
    decide(doors, route, need, caller, true),
  );
}

const nobody = { user: undefined } as const;

/** Whether a caller is let in, undefined where its credentials are wrong. @param shown whether it has shown some */
function decide(
  { authenticator, access }: Doors,
  route: Route,
  need: Exclude<Need, "nothing">,
  caller: { readonly user: Caller } | undefined,
  shown: boolean,
): Admission {
  const user = caller?.user;
  const mayLogIn = authenticator !== undefined && user === undefined;
  const asks = mayLogIn ? challenge(authenticator.realm) : undefined;
  const name = "name" in route ? route.name : undefined;
  const isLetIn = () => {
    if (need === "later") return true;
    // Clients learn at `/v2/` that there are logins, and have theirs checked there: it asks for one whatever is public. Where
    // it answers 200, the login of both helms, oras, regctl and skopeo takes any password (measured).
    if (need === "login") return !mayLogIn;
    // A list that a login would make longer goes to who has none and says so: clients show theirs once they are asked.
    if (need === "list") return !mayLogIn || access.public === "all" || (access.public === "some" && shown);
    return name !== undefined && access.may(user, need, name);
  };
  if (caller !== undefined && isLetIn()) return { user, challenge: asks };
  const refusal = mayLogIn
    ? errorAnswer(new RegistryError("unauthorized"), { "www-authenticate": asks })
    : errorAnswer(new RegistryError("denied", { details: [{ name, action: need }] }));
  return { user, challenge: asks, refusal };
}

/** Who shows these credentials, or undefined when they are wrong: they are checked whatever is asked for. */
async function callerOf(
  authenticator: Authenticator,
  authorization: string,
  address: string | undefined,
): Promise<{ readonly user: Caller } | undefined> {
  const credentials = parseBasic(authorization);
  if (credentials === undefined) return undefined;
  const { user, password } = credentials;
  // skopeo and podman show an empty name and password where they were challenged and have none: that is nobody.
  if (user === "" && password === "") return { user: undefined };
  return (await authenticator.authenticate(user, password, address)) ? { user } : undefined;
}
