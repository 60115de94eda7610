import type { ErrorCode } from "../../oci/errors.ts";
import type { Login } from "../../remote/credentials/credential.ts";
import type { Scripted } from "../script.ts";

/** How a registry answers, where registries differ, and what comes of it. */
export interface Habit {
  readonly registry: string;
  readonly habit: string;
  /** Where it was seen: an issue, a file, a page. */
  readonly source: string;
  /** What is done with a registry whose `my/repo` holds one image under 1.0.0; a push is of 2.0.0. */
  readonly does: "read" | "read of what is not there" | "push" | "list" | "untag" | "delete" | "login";
  readonly login?: Login;
  readonly script: readonly Scripted[];
  /** A result, or an error's code and a part of what the user is told. */
  readonly told: string | readonly [ErrorCode, string];
}

/** Somebody with a password. */
export const me: Login = { username: "me", password: "secret" };

/** An error's answer. */
export const says = (on: string, status: number, code: string, message: string): Scripted => ({
  on,
  status,
  error: [code, message],
});

const bearer = 'Bearer realm="ORIGIN/token",service="s",scope="repository:my/repo:pull"';

/** A registry with a token server asks nobody to log in there. */
export const challenge: Scripted = {
  on: "* /v2/",
  as: "none",
  status: 401,
  headers: { "www-authenticate": bearer },
  error: ["UNAUTHORIZED", "authentication required"],
};

/** It takes a token, and says that this is not good for it. */
export const scantChallenge: Scripted = {
  ...challenge,
  as: "Bearer",
  headers: { "www-authenticate": `${bearer},error="insufficient_scope"` },
};

/** The token server gives a token to whoever comes. */
export const token: Scripted = { on: "GET /token", status: 200, body: { token: "eyJ.token" } };

/** What such a registry sends with its 401. */
export const basicRealm: Readonly<Record<string, string>> = {
  "www-authenticate": 'Basic realm="r",service="s"',
};

/** A registry that asks nobody for user and password. */
export const basicChallenge: Scripted = {
  on: "* /v2/",
  as: "none",
  status: 401,
  headers: basicRealm,
  body: "Not Authorized\n",
};
