import { isLoopback } from "../http/loopback.ts";
import type { Transport } from "../http/transport.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseJsonObject } from "../oci/json.ts";
import type { Challenge } from "./challenge.ts";
import { type Attempt, answerError, nonsense } from "./errors.ts";

/** A token server's answer is some KiB; in bytes. */
const answerLimit = 128 * 1024;

/** Where a token is asked for, and for whom. */
export interface TokenRequest {
  readonly transport: Transport;
  /** The registry that sent the challenge. */
  readonly origin: URL;
  readonly challenge: Challenge;
  readonly scopes: readonly string[];
  /** Who asks, and the `Authorization` that proves it; without, it is nobody's token, as public repositories give it. */
  readonly login: { readonly account: string; readonly authorization: string } | undefined;
  readonly attempt: Attempt;
}

/**
 * A Bearer token as Distribution's "Token Authentication" has it: GET the challenge's realm, with Basic when there is a
 * login. One `scope` parameter for each scope, since some servers do not split.
 * @throws ChartroomError `not_allowed` when it is refused or the realm is not to be trusted, `remote` for nonsense
 */
export async function fetchToken(request: TokenRequest): Promise<string> {
  const { transport, challenge, scopes, login, attempt } = request;
  const url = realmOf(request);
  url.searchParams.set("client_id", "chartroom");
  const service = challenge.parameters.get("service");
  if (service !== undefined) url.searchParams.set("service", service);
  if (login !== undefined) url.searchParams.set("account", login.account);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const headers = login === undefined ? {} : { authorization: login.authorization };
  const answer = await transport.send({ method: "GET", url, headers });
  if (answer.status !== 200) throw await answerError(answer, attempt);
  const { token, access_token } = parseAnswer(await answer.bytes(answerLimit), attempt);
  // Either name may stand for it; both should be equal (Distribution, docs/spec/auth/token.md).
  const found = token ?? access_token;
  if (typeof found !== "string" || !/^[\x21-\x7e]+$/.test(found))
    throw nonsense(attempt.doing, `the token server at ${url.host} gave no token`);
  return found;
}

function parseAnswer(bytes: Uint8Array, { doing }: Attempt): Record<string, unknown> {
  try {
    return parseJsonObject(bytes, "token");
  } catch {
    throw nonsense(doing, "the token server's answer is not JSON");
  }
}

/**
 * The realm as a URL. It names a server that is sent a password, so a registry on https may not send us to plain http,
 * nor into this very machine or its link-local network, where cloud machines keep their secrets (crane #2258).
 */
function realmOf({ origin, challenge, attempt }: TokenRequest): URL {
  const realm = challenge.parameters.get("realm") ?? "";
  const url = URL.parse(realm);
  const refuse = (why: string) =>
    new ChartroomError(
      "not_allowed",
      `Cannot ${attempt.doing}: the registry asks to log in at a place that ${why}`,
    );
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "")
    throw refuse("is no http or https URL");
  if (origin.protocol === "http:") return url;
  if (url.protocol === "http:") throw refuse("is not https");
  if (
    !isLoopback(origin.hostname) &&
    (isLoopback(url.hostname) || /^(169\.254\.|\[fe[89ab])/i.test(url.hostname))
  )
    throw refuse("is in this very machine's network");
  return url;
}

/**
 * Scopes by resource, actions united and sorted, so that one token does for all that was asked so far. A scope is
 * `type:name:action,action`; the name may hold colons, so the last one counts (token/scope.md).
 */
export function uniteScopes(scopes: Iterable<string>): string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const colon = scope.lastIndexOf(":");
    const resource = scope.slice(0, colon);
    const known = actions.get(resource) ?? new Set();
    for (const action of scope.slice(colon + 1).split(",")) known.add(action);
    actions.set(resource, known);
  }
  return [...actions].map(([resource, set]) => `${resource}:${[...set].sort().join(",")}`).sort();
}
