import { refuse, type Spoil, type TestRegistry, testRegistry } from "./registry.ts";

/** A request that a token server got. */
export interface TokenAsked {
  readonly method: string;
  readonly authorization: string | null;
  /** Of the query, or of the form. */
  readonly parameters: URLSearchParams;
  /** Its scopes, one by one. */
  readonly scopes: readonly string[];
}

/** A registry with a token server of its own, and what each of them saw. */
export interface TokenRegistry extends TestRegistry {
  readonly asked: TokenAsked[];
  /** Each request to the registry: method, path, and the `Authorization`. */
  readonly seen: { readonly line: string; readonly authorization: string | null }[];
}

/** What a token server and a registry may do otherwise than here. */
export interface TokenRules {
  /** The token server's answer; without one the token is the scopes, joined by `+`. */
  readonly answer?: (asked: TokenAsked) => Response | undefined;
  /** Answers of the registry to who is let in. */
  readonly spoil?: Spoil;
  /** Where tokens are asked for, seen from the registry. */
  readonly realm?: string;
}

/** It wants `pull` to read and `pull,push` to write, of the repository that is asked for. Its tokens are their scopes. */
export function tokenRegistry({ answer, spoil, realm = "/token" }: TokenRules = {}): TokenRegistry {
  const asked: TokenAsked[] = [];
  const seen: { line: string; authorization: string | null }[] = [];
  const made = testRegistry(async (request, url) => {
    const authorization = request.headers.get("authorization");
    if (url.pathname === "/token") {
      const form = request.method === "POST" ? new URLSearchParams(await request.text()) : undefined;
      const scopes = form?.get("scope")?.split(" ") ?? url.searchParams.getAll("scope");
      const one = { method: request.method, authorization, parameters: form ?? url.searchParams, scopes };
      asked.push(one);
      return answer?.(one) ?? Response.json({ token: scopes.join("+") });
    }
    seen.push({ line: `${request.method} ${url.pathname}`, authorization });
    const [, name = ""] = /^\/v2\/(.+?)\/(manifests|blobs|tags|referrers)\//.exec(url.pathname) ?? [];
    const reads = request.method === "GET" || request.method === "HEAD";
    const wanted = `repository:${name}:${reads ? "pull" : "pull,push"}`;
    if (
      authorization
        ?.replace(/^Bearer /, "")
        .split("+")
        .some((scope) => scope.startsWith(wanted))
    )
      return spoil?.(request, url);
    const challenge = `Bearer realm="${new URL(realm, made.origin).href}",service="test",scope="${wanted}"`;
    return refuse(401, "UNAUTHORIZED", "log in", { "www-authenticate": challenge });
  });
  return { ...made, asked, seen };
}
