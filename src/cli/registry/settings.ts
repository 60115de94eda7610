import { join, resolve } from "node:path";
import { ChartroomError } from "../../oci/errors.ts";
import type { Rules } from "../../registry/store.ts";
import type { GlobalOptions } from "../context.ts";
import { distributionSettings } from "./distribution.ts";

/** Flags of the commands that serve a registry or keep its users; each has its twin in the environment. */
export interface RegistryOptions extends GlobalOptions {
  readonly addr?: string;
  readonly data?: string;
  readonly htpasswd?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** What decides settings beside the flags. */
export interface SettingsPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  /** The user's home directory. */
  readonly home: string;
}

/** Where to listen. */
export interface ListenAddress {
  /** A name or an address, without brackets; empty for every interface. */
  readonly host: string;
  readonly port: number;
}

/** The file of users. */
export interface UsersFile {
  readonly path: string;
  readonly realm: string;
  /** Whether someone asked for it; the default one means nothing while it is not there. */
  readonly named: boolean;
}

/** How to serve a registry. Paths are absolute. */
export interface RegistrySettings {
  readonly listen: ListenAddress;
  readonly data: string;
  readonly users: UsersFile;
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  /** The path below which everything answers, as `/team`. */
  readonly prefix: string | undefined;
  readonly rules: Rules;
  /** Variables of CNCF Distribution that have no effect here. */
  readonly unheeded: readonly string[];
}

const defaultAddress = "localhost:5000";
const defaultRealm = "Chartroom";

/**
 * Flags over our own variables (commander has put those in) over CNCF Distribution's over defaults.
 * @throws ChartroomError `usage` that names what is wrong
 */
export function registrySettings(options: RegistryOptions, place: SettingsPlace): RegistrySettings {
  const theirs = distributionSettings(place.env);
  const absolute = (path: string) => resolve(place.cwd, path);
  const data = absolute(options.data || theirs.rootDirectory || defaultData(place));
  const named = options.htpasswd || theirs.htpasswd?.path;
  const certificate = options.tlsCert || theirs.certificate;
  const key = options.tlsKey || theirs.key;
  if ((certificate === undefined) !== (key === undefined))
    throw new ChartroomError(
      "usage",
      `Cannot serve https: the ${key === undefined ? "key" : "certificate"} is missing`,
      {
        hint: "--tls-cert and --tls-key go together.",
      },
    );
  return {
    listen: parseListenAddress(options.addr || theirs.addr || defaultAddress),
    data,
    users: {
      path: named ? absolute(named) : join(data, "htpasswd"),
      realm: theirs.htpasswd?.realm ?? defaultRealm,
      named: Boolean(named),
    },
    tls:
      certificate !== undefined && key !== undefined
        ? { certificate: absolute(certificate), key: absolute(key) }
        : undefined,
    prefix: theirs.prefix,
    rules: theirs.rules,
    unheeded: theirs.unheeded,
  };
}

/** `$XDG_DATA_HOME/chartroom/registry`, else below the system's own place for programs' data. */
function defaultData({ env, platform, home }: SettingsPlace): string {
  const above =
    env.XDG_DATA_HOME ||
    (platform === "darwin"
      ? join(home, "Library", "Application Support")
      : platform === "win32"
        ? env.LOCALAPPDATA || join(home, "AppData", "Local")
        : join(home, ".local", "share"));
  return join(above, "chartroom", "registry");
}

/**
 * `HOST:PORT`, or `:PORT` for every interface; an IPv6 address stands in brackets. Port 0 takes a free one.
 * @throws ChartroomError `usage`
 */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain = "", digits = ""] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9._-]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== "" && port <= 65535) return { host: bracketed ?? plain, port };
  throw new ChartroomError("usage", `Cannot listen on "${text}": expected HOST:PORT`, {
    hint: "For example localhost:5000, or :5000 for every interface.",
  });
}
