import { parse } from "yaml";
import { ChartroomError } from "../../oci/errors.ts";
import { isObject, type JsonObject } from "../../oci/json.ts";
import type { Rules } from "../../registry/store.ts";

/** What CNCF Distribution's environment says of the things that we heed. */
export interface DistributionSettings {
  readonly addr: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly rootDirectory: string | undefined;
  /** The path below which everything answers, as `/team`. */
  readonly prefix: string | undefined;
  readonly rules: Rules;
  /** Who may enter; undefined for everyone. */
  readonly htpasswd: { readonly realm: string; readonly path: string } | undefined;
  /** Variables that ask for something that we do not do, by name; parts of blocks by the name they would have. */
  readonly unheeded: readonly string[];
}

/** Paths in Distribution's configuration that we heed. */
const heeded = [
  "auth",
  "http.addr",
  "http.prefix",
  "http.tls.certificate",
  "http.tls.key",
  "storage.delete.enabled",
  "storage.filesystem.rootdirectory",
  "validation.manifests.missing",
];

/** Begins like ours and is another's: where the containers tools keep logins (containers-auth.json(5)). */
const foreign = "REGISTRY_AUTH_FILE";

/** Keys of `storage` that are no driver. */
const noDriver = new Set(["delete", "redirect", "cache", "tag", "maintenance"]);

/**
 * Distribution's `REGISTRY_*` variables, as its `configuration/parser.go` reads them: in order of name, the rest of the name
 * is a path into the configuration, the value is YAML and takes the place of what was there.
 * @throws ChartroomError `usage` for an `auth` that is incomplete or that we do not have, for a storage that is none of
 *   ours, and for a rule or prefix that we do not understand: to serve without what was asked for would be worse
 */
export function distributionSettings(
  env: Readonly<Record<string, string | undefined>>,
): DistributionSettings {
  const config: JsonObject = {};
  for (const name of Object.keys(env).sort()) {
    const value = env[name];
    if (!name.startsWith("REGISTRY_") || name === foreign || value === undefined) continue;
    place(config, name.slice("REGISTRY_".length).toLowerCase().split("_"), scalarOrMap(value));
  }
  refuseStorage(config.storage);
  return {
    addr: textAt(config, "http", "addr"),
    certificate: textAt(config, "http", "tls", "certificate"),
    key: textAt(config, "http", "tls", "key"),
    rootDirectory: textAt(config, "storage", "filesystem", "rootdirectory"),
    prefix: prefixOf(textAt(config, "http", "prefix")),
    rules: { acceptMissing: acceptsMissing(config), refuseDeletes: refusesDeletes(config) },
    htpasswd: htpasswdOf(config.auth),
    unheeded: [...leavesOf(config, [])]
      .filter((path) => !heeded.some((known) => `${path.join(".")}.`.startsWith(`${known}.`)))
      .map((path) => `REGISTRY_${path.join("_").toUpperCase()}`),
  };
}

/** A value as YAML 1.1, where it is a map or says that it is text; otherwise as it stands, so that `5000` stays what it is. */
function scalarOrMap(text: string): JsonObject | string {
  try {
    const value: unknown = parse(text, { version: "1.1", logLevel: "error" });
    return isObject(value) || typeof value === "string" ? value : text;
  } catch {
    return text; // `[::1]:5000` is no YAML
  }
}

/** Put a value at a path. `auth: htpasswd` is short for `auth: {htpasswd: {}}`, so that more may follow. */
function place(config: JsonObject, [key = "", ...rest]: readonly string[], value: JsonObject | string): void {
  if (rest.length === 0) {
    config[key] = value;
    return;
  }
  const there = config[key];
  const block: JsonObject = isObject(there)
    ? there
    : typeof there === "string" && there !== ""
      ? { [there]: {} }
      : {};
  config[key] = block;
  place(block, rest, value);
}

function valueAt(config: JsonObject, ...path: string[]): unknown {
  let value: unknown = config;
  for (const key of path) value = isObject(value) ? value[key] : undefined;
  return value;
}

function textAt(config: JsonObject, ...path: string[]): string | undefined {
  const value = valueAt(config, ...path);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** `/team/` as `/team`; Distribution wants both slashes, and we ask for no more than the first. */
function prefixOf(text = "/"): string | undefined {
  const path = text.replace(/\/$/, "");
  if (path === "") return undefined;
  // Unreserved characters alone (RFC 3986 §2.3): nothing in it is ever decoded, or escaped in a Location.
  if (/^(?:\/[A-Za-z0-9._~-]+)+$/.test(path)) return path;
  throw unusable("HTTP_PREFIX", text, "a path, as /team/");
}

/** `validation.manifests.missing`: a key of ours among theirs. */
function acceptsMissing(config: JsonObject): boolean {
  const found = textAt(config, "validation", "manifests", "missing") ?? "refuse";
  if (found === "accept" || found === "refuse") return found === "accept";
  throw unusable("VALIDATION_MANIFESTS_MISSING", found, "accept or refuse");
}

/** Deletes are on unless `storage.delete.enabled` is false. Distribution has it the other way round: off unless it is true. */
function refusesDeletes(config: JsonObject): boolean {
  // A variable's value is text; a value inside a block is what YAML has made of it.
  const found = String(valueAt(config, "storage", "delete", "enabled") ?? "");
  if (/^(?:|true|yes|on)$/i.test(found)) return false;
  if (/^(?:false|no|off)$/i.test(found)) return true;
  throw unusable("STORAGE_DELETE_ENABLED", found, "true or false");
}

const unusable = (name: string, found: unknown, expected: string): ChartroomError =>
  new ChartroomError(
    "usage",
    `Cannot use REGISTRY_${name}: expected ${expected}, found ${JSON.stringify(found)}`,
  );

function htpasswdOf(auth: unknown): DistributionSettings["htpasswd"] {
  const block: JsonObject = isObject(auth)
    ? auth
    : typeof auth === "string" && auth !== ""
      ? { [auth]: {} }
      : {};
  const [kind, another] = Object.keys(block);
  const refuse = (why: string) =>
    new ChartroomError("usage", `Cannot use REGISTRY_AUTH: ${why}`, {
      hint: 'For example REGISTRY_AUTH="{htpasswd: {realm: localhost, path: /auth/htpasswd}}".',
    });
  if (kind === undefined || kind === "none") return undefined;
  if (another !== undefined) throw refuse(`it names both ${kind} and ${another}`);
  if (kind !== "htpasswd") throw refuse(`expected htpasswd or none, found ${JSON.stringify(kind)}`);
  const [realm, path] = [textAt(block, kind, "realm"), textAt(block, kind, "path")];
  if (realm === undefined) throw refuse("htpasswd needs a realm");
  if (path === undefined) throw refuse("htpasswd needs a path");
  return { realm, path };
}

function refuseStorage(storage: unknown): void {
  const names = isObject(storage) ? Object.keys(storage) : typeof storage === "string" ? [storage] : [];
  const other = names.find((name) => name !== "" && name !== "filesystem" && !noDriver.has(name));
  if (other !== undefined) throw unusable("STORAGE", other, "filesystem");
}

function* leavesOf(value: JsonObject, above: readonly string[]): Generator<string[]> {
  for (const [key, member] of Object.entries(value)) {
    const path = [...above, key];
    if (isObject(member)) yield* leavesOf(member, path);
    else yield path;
  }
}
