import type { Credentials } from "../registry/access.ts";

/** The credentials of an Authorization header, or undefined when it holds none (RFC 7617: Basic, in UTF-8). */
export function parseBasic(header: string | null): Credentials | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The challenge of a realm; characters that a quoted string may not hold are left out. */
export const challenge = (realm: string): string =>
  `Basic realm="${realm.replace(/[^ !#-[\]-~]/g, "")}", charset="UTF-8"`;
