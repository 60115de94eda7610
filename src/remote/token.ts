import { isInnerAddress } from "../http/addresses.ts";
import type { Answer } from "../http/answer.ts";
import type { HttpRequest, Transport } from "../http/transport.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseJsonObject } from "../oci/json.ts";
import type { Challenge } from "./challenge.ts";
import { basic, type Login } from "./credentials/credential.ts";
import { type Attempt, answerError, nonsense } from "./errors.ts";

/** A token server's answer is some KiB; in bytes. */
const answerLimit = 128 * 1024;
/** In ms: a token lives as long as this where its server says less, or nothing (Distribution, token.md). */
const shortestLife = 60_000;
/** A token is renewed after this part of its life. */
const goodFor = 0.8;
const clientId = "chartroom";

/** Where a token is asked for, and for whom. */
export interface TokenRequest {
  readonly transport: Pick<Transport, "send">;
  /** The registry's origin. */
  readonly origin: URL;
  readonly challenge: Challenge;
  readonly scopes: readonly string[];
  /** Who asks; without, it is nobody's token, as public repositories give it. */
  readonly login: Exclude<Login, { registryToken: string }> | undefined;
  /** Show no client certificate. The token server that the registry itself names is shown it, as it is given the login. */
  readonly anonymous?: boolean;
  readonly attempt: Attempt;
}

/** A Bearer token, and when it should be renewed, in ms since 1970 by this machine's clock. */
export interface Token {
  readonly token: string;
  readonly renewAt: number;
}

/**
 * A Bearer token as Distribution's "Token Authentication" and "OAuth2 Token Authentication" have it. An identity token is
 * POSTed; where the server does not know that, and for a password or nobody, the challenge's realm is asked by GET.
 * @throws ChartroomError `not_allowed` when it is refused or the realm is not to be trusted, `remote` for nonsense
 */
export async function fetchToken(request: TokenRequest): Promise<Token> {
  const { transport, login, attempt } = request;
  const realm = realmOf(request);
  let answer: Answer | undefined;
  if (login !== undefined && "identityToken" in login) {
    answer = await transport.send(postOf(request, realm, login.identityToken));
    // 400: Harbor's and others' token servers have no POST, and do not all say so with 404 or 405.
    if ([400, 404, 405].includes(answer.status) && login.username !== "") {
      await answer.discard();
      answer = undefined;
    }
  }
  answer ??= await transport.send(getOf(request, realm));
  if (answer.status !== 200) throw await answerError(answer, attempt);
  const { token, access_token, expires_in } = parseAnswer(await answer.bytes(answerLimit), attempt);
  // Either name may stand for it; both should be equal (Distribution, docs/spec/auth/token.md).
  const found = token ?? access_token;
  if (typeof found !== "string" || !/^[\x21-\x7e]+$/.test(found))
    throw nonsense(attempt.doing, `the token server at ${realm.host} gave no token`);
  const life = Math.max(shortestLife, typeof expires_in === "number" ? expires_in * 1000 : 0);
  // `issued_at` is not heeded: two clocks seldom agree, and a token that ended too soon is refused and renewed anyway.
  return { token: found, renewAt: Date.now() + life * goodFor };
}

/** One `scope` parameter for each scope, since some servers do not split. */
function getOf({ challenge, scopes, login, anonymous = false }: TokenRequest, realm: URL): HttpRequest {
  const url = new URL(realm);
  url.searchParams.set("client_id", clientId);
  const service = challenge.parameters.get("service");
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const request = { method: "GET", url, anonymous, sameOrigin: true } as const;
  if (login === undefined) return request;
  if (login.username !== "") url.searchParams.set("account", login.username);
  const secret = "password" in login ? login.password : login.identityToken;
  return { ...request, headers: { authorization: basic(login.username, secret) } };
}

/** Here all scopes stand in one parameter (Distribution, docs/spec/auth/oauth.md). */
function postOf({ challenge, scopes }: TokenRequest, url: URL, identityToken: string): HttpRequest {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: identityToken,
    service: challenge.parameters.get("service") ?? "",
    client_id: clientId,
    scope: scopes.join(" "),
  });
  return {
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new TextEncoder().encode(form.toString()),
    repeatable: true,
    sameOrigin: true,
  };
}

function parseAnswer(bytes: Uint8Array, { doing }: Attempt): Record<string, unknown> {
  try {
    return parseJsonObject(bytes, "token");
  } catch {
    throw nonsense(doing, "the token server's answer is not JSON");
  }
}

/**
 * The realm as a URL. It names a server that is sent a password, and whose answer goes to the registry: a registry on https
 * may not send us to plain http, nor one outside into somebody's inner network, where cloud machines keep their secrets
 * (crane #2258).
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
  if (origin.protocol === "https:" && url.protocol === "http:") throw refuse("is not https");
  if (isInnerAddress(url.hostname) && !isInnerAddress(origin.hostname))
    throw refuse("is in an inner network");
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
