import { ChartroomError } from "../../oci/errors.ts";
import { isObject, type JsonObject, parseJsonObject } from "../../oci/json.ts";
import type { RegistryHost } from "../../oci/reference.ts";
import { basic, type Login } from "./credential.ts";
import { sameKeys } from "./keys.ts";

/**
 * A file of logins as JSON. An empty file is an empty configuration, as Helm 3 has it.
 * @throws ChartroomError `invalid` when it is no JSON object
 */
export function parseConfig(bytes: Uint8Array, path: string, bare = false): JsonObject {
  if (bytes.every((byte) => byte <= 0x20)) return {};
  try {
    const config = parseJsonObject(bytes, path);
    return bare ? { auths: config } : config;
  } catch (cause) {
    throw new ChartroomError("invalid", (cause as Error).message, {
      hint: "Mend the file, or move it away.",
      cause,
    });
  }
}

/** The logins of a file, by key. */
export const authsOf = ({ auths }: JsonObject): JsonObject => (isObject(auths) ? auths : {});

/** The helper that keeps a host's logins, as the suffix of its program's name: its own, else the one for all hosts. */
export function helperOf(
  { credHelpers, credsStore }: JsonObject,
  registry: RegistryHost,
): string | undefined {
  const own = isObject(credHelpers) ? credHelpers : {};
  const [key] = sameKeys(Object.keys(own), { registry });
  const helper = key === undefined ? credsStore : own[key];
  return typeof helper === "string" && helper !== "" ? helper : undefined;
}

/**
 * An entry's login; undefined when it has none, since a helper keeps it. A token goes before a password, and `auth` before
 * the clear fields of older times, as in Docker.
 * @throws ChartroomError `invalid` when `auth` is not what it should be
 */
export function loginOf(entry: unknown, where: string): Login | undefined {
  if (!isObject(entry)) return undefined;
  const { auth, registrytoken, identitytoken } = entry;
  if (isText(registrytoken)) return { registryToken: registrytoken };
  const { username, password } = isText(auth) ? decodeAuth(auth, where) : entry;
  const name = isText(username) ? username : "";
  if (isText(identitytoken)) return { username: name, identityToken: identitytoken };
  return name !== "" && isText(password) ? { username: name, password } : undefined;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** base64 of `user:password`, in which the password may hold colons. NUL bytes at the end were Docker's once. */
function decodeAuth(auth: string, where: string): JsonObject {
  const refuse = (cause?: unknown) =>
    new ChartroomError("invalid", `Cannot read the login in ${where}: auth is not base64 of USER:PASSWORD`, {
      cause,
    });
  let text: string;
  try {
    const bytes = Uint8Array.from(atob(auth), (char) => char.charCodeAt(0));
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\0+$/, "");
  } catch (cause) {
    throw refuse(cause);
  }
  const colon = text.indexOf(":");
  if (colon < 0) throw refuse();
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** A login as an entry of the file. */
export function entryOf(login: Login): JsonObject {
  if ("registryToken" in login) return { registrytoken: login.registryToken };
  const auth = (secret: string) => basic(login.username, secret).slice("Basic ".length);
  if ("password" in login) return { auth: auth(login.password) };
  return { ...(login.username !== "" && { auth: auth("") }), identitytoken: login.identityToken };
}

/** As the file was written before: its indentation, which is a tab where Docker and Helm wrote it, and its last newline. */
export function formatConfig(config: JsonObject, before: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(before);
  const indentation = text.trim() === "" ? "\t" : (/^\s*\{\r?\n([ \t]+)/.exec(text)?.[1] ?? "");
  return new TextEncoder().encode(
    JSON.stringify(config, null, indentation) + (text.endsWith("\n") ? "\n" : ""),
  );
}
