import type { RegistryHost, RepositoryName } from "../../oci/reference.ts";

/** What proves who asks: a password, an OAuth2 refresh token, or a Bearer token that is sent as it is. */
export type Login =
  | { readonly username: string; readonly password: string }
  | { readonly username: string; readonly identityToken: string }
  | { readonly registryToken: string };

/** A login, and where it was found, for people: a file's path, a helper, or what the user typed. */
export type Credential = Login & { readonly source: string };

/** What a login is for: a registry, or what lies below a path of it. */
export interface LoginTarget {
  readonly registry: RegistryHost;
  readonly path?: RepositoryName | undefined;
}

/** Finds the login for a repository; asked at most once, and only when the registry wants one. */
export type CredentialLookup = (
  registry: RegistryHost,
  repository: RepositoryName | undefined,
) => Promise<Credential | undefined>;

/** The `Authorization` header of a user and a password. */
export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** Who a login is of, for people: a token has no name to tell. */
export const nameOf = (login: Login): string =>
  "username" in login && login.username !== "" ? login.username : "a token";

/** All that must not be shown of a login, in each shape that it is sent in. */
export function secretsOf(login: Login): string[] {
  if ("registryToken" in login) return [login.registryToken];
  const secret = "password" in login ? login.password : login.identityToken;
  return [secret, basic(login.username, secret).slice("Basic ".length)];
}
