import { join } from "node:path";
import { editFile } from "../files/edit.ts";
import { type FileSystem, ifThere } from "../files/filesystem.ts";
import { ChartroomError } from "../oci/errors.ts";
import { isObject, type JsonObject, parseJsonObject } from "../oci/json.ts";
import type { RegistryHost } from "../oci/reference.ts";
import { basic, type Credential } from "./session.ts";

/** The files that logins are kept in, both in the format of Docker's `config.json`. */
export interface CredentialFiles {
  /** Helm's and ours: read first, and the only one written. */
  readonly own: string;
  /** Docker's: only read. */
  readonly docker: string;
}

/** What decides where the files are. */
export interface CredentialPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The user's home directory. */
  readonly home: string;
  /** `--registry-config`. */
  readonly registryConfig?: string | undefined;
}

/**
 * Where logins are kept: `--registry-config`, `$HELM_REGISTRY_CONFIG`, else `registry/config.json` in Helm's directory,
 * which is `$HELM_CONFIG_HOME`, `$XDG_CONFIG_HOME/helm`, or the system's own place (Helm 3.8 and later). Docker's is in
 * `$DOCKER_CONFIG`, else `~/.docker`.
 */
export function credentialFiles({ env, platform, home, registryConfig }: CredentialPlace): CredentialFiles {
  const docker = join(env.DOCKER_CONFIG || join(home, ".docker"), "config.json");
  const named = registryConfig || env.HELM_REGISTRY_CONFIG;
  if (named) return { own: named, docker };
  return { own: join(helmConfig(env, platform, home), "registry", "config.json"), docker };
}

function helmConfig(env: CredentialPlace["env"], platform: NodeJS.Platform, home: string): string {
  if (env.HELM_CONFIG_HOME) return env.HELM_CONFIG_HOME;
  if (env.XDG_CONFIG_HOME) return join(env.XDG_CONFIG_HOME, "helm");
  if (platform === "win32") return join(env.APPDATA || join(home, "AppData", "Roaming"), "helm");
  return platform === "darwin" ? join(home, "Library", "Preferences", "helm") : join(home, ".config", "helm");
}

/** Docker Hub's names all stand for this key, in every tool's file. */
const hubKey = "https://index.docker.io/v1/";
const hubNames = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

const keyOf = (host: RegistryHost): string => (hubNames.has(host) ? hubKey : host);

/** Keys were URLs once: `https://host/v1/` means `host`. A key that goes on with a repository is about that alone. */
const hostOfKey = (key: string): string => key.replace(/^https?:\/\//, "").replace(/(?:\/v[12])?\/?$/, "");

/** The keys in a file that are a host's: the exact one first, then URLs of it, in the file's order. */
function keysOf(auths: JsonObject, host: RegistryHost): string[] {
  const exact = keyOf(host);
  const others = Object.keys(auths).filter((key) => key !== exact && hostOfKey(key) === hostOfKey(exact));
  return Object.hasOwn(auths, exact) ? [exact, ...others] : others;
}

/**
 * A host's login in the first of the files that has one, undefined when none has. A file that is missing has none. A file
 * or an entry that cannot be read is told to `warn` and passed by: it never stops what needs no login.
 */
export async function findCredential(
  fs: FileSystem,
  files: readonly string[],
  host: RegistryHost,
  warn: (message: string) => void,
): Promise<Credential | undefined> {
  for (const path of files) {
    try {
      const bytes = await ifThere(fs.readFile(path));
      const auths = bytes === undefined ? {} : authsOf(parseConfig(bytes, path));
      for (const key of keysOf(auths, host)) {
        const login = loginOf(auths[key], `${path}, "${key}"`);
        if (login !== undefined) return { ...login, source: path };
      }
    } catch (error) {
      warn(
        error instanceof ChartroomError ? error.message : `Cannot read ${path}: ${(error as Error).message}`,
      );
    }
  }
  return undefined;
}

/** An entry's user and password; undefined when it has none, since a credential helper or a token takes their place. */
function loginOf(entry: unknown, where: string): { username: string; password: string } | undefined {
  if (!isObject(entry)) return undefined;
  const { auth } = entry;
  const login: JsonObject = typeof auth === "string" && auth !== "" ? decodeAuth(auth, where) : entry;
  const { username, password } = login;
  return typeof username === "string" && typeof password === "string" && username !== "" && password !== ""
    ? { username, password }
    : undefined;
}

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

/**
 * Keep a login for a host, durably, in the place of the one that was there. Everything else in the file stays. The file
 * is locked meanwhile: Helm loses one of two logins at once (its issue 12622).
 * @throws ChartroomError `invalid` when the file is broken; what `editFile` throws; the file is then as it was
 */
export async function storeCredential(
  fs: FileSystem,
  path: string,
  host: RegistryHost,
  login: Pick<Credential, "username" | "password">,
  signal?: AbortSignal,
): Promise<void> {
  const auth = basic(login).slice("Basic ".length);
  await editFile(
    fs,
    path,
    (bytes = new Uint8Array()) => {
      const config = parseConfig(bytes, path);
      return formatConfig({ ...config, auths: { ...authsOf(config), [keyOf(host)]: { auth } } }, bytes);
    },
    signal,
  );
}

/**
 * Forget a host's login, under whatever key it stands.
 * @returns false when there was none
 * @throws as `storeCredential`
 */
export async function removeCredential(
  fs: FileSystem,
  path: string,
  host: RegistryHost,
  signal?: AbortSignal,
): Promise<boolean> {
  if ((await ifThere(fs.stat(path))) === undefined) return false; // or the edit would make its directory
  let removed = false;
  await editFile(
    fs,
    path,
    (bytes = new Uint8Array()) => {
      const config = parseConfig(bytes, path);
      const auths = authsOf(config);
      const keys = new Set(keysOf(auths, host));
      removed = keys.size > 0;
      if (!removed) return undefined;
      const others = Object.fromEntries(Object.entries(auths).filter(([key]) => !keys.has(key)));
      return formatConfig({ ...config, auths: others }, bytes);
    },
    signal,
  );
  return removed;
}

/** An empty file is an empty configuration, as Helm 3 has it. */
function parseConfig(bytes: Uint8Array, path: string): JsonObject {
  if (bytes.every((byte) => byte <= 0x20)) return {};
  try {
    return parseJsonObject(bytes, path);
  } catch (cause) {
    throw new ChartroomError("invalid", (cause as Error).message, {
      hint: "Mend the file, or move it away.",
      cause,
    });
  }
}

const authsOf = ({ auths }: JsonObject): JsonObject => (isObject(auths) ? auths : {});

/** As the file was written before: its indentation, which is a tab where Docker and Helm wrote it, and its last newline. */
function formatConfig(config: JsonObject, before: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(before);
  const indentation = text.trim() === "" ? "\t" : (/^\s*\{\r?\n([ \t]+)/.exec(text)?.[1] ?? "");
  return new TextEncoder().encode(
    JSON.stringify(config, null, indentation) + (text.endsWith("\n") ? "\n" : ""),
  );
}
