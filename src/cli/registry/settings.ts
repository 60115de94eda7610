import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { errorCode } from "../../files/filesystem.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { usualGrace } from "../../registry/collector.ts";
import type { Sweep } from "../../registry/registry.ts";
import type { Rules } from "../../registry/store.ts";
import { pageLimit } from "../../server/paging.ts";
import type { GlobalOptions } from "../context.ts";
import { type AccessSettings, accessSettings } from "./accessSettings.ts";
import { type Listening, listeningOf, parseListenAddress } from "./address.ts";
import { named, overlay } from "./config/environment.ts";
import { ConfigReader } from "./config/reader.ts";
import { driverOf, idleKeys, review } from "./config/review.ts";
import { type Branch, parseTree } from "./config/tree.ts";
import { type HttpSettings, httpSettings } from "./httpSettings.ts";
import { type LimitSettings, limitSettings } from "./limitSettings.ts";
import { type LogSettings, logSettings } from "./logSettings.ts";
import { type MirrorSettings, mirrorSettings } from "./mirrorSettings.ts";
import { type NotificationSettings, notificationSettings } from "./notificationSettings.ts";
import { type TlsFiles, tlsFiles } from "./tls.ts";

/** Flags of the commands that serve a registry or keep its users; each has its twin in the environment. */
export interface RegistryOptions extends GlobalOptions {
  readonly addr?: string;
  readonly data?: string;
  readonly htpasswd?: string;
  readonly anonymousPull?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** `NAME=URL` each; these have no twin. */
  readonly mirror?: readonly string[];
  readonly readOnly?: boolean;
}

/** What decides settings beside the flags. */
export interface SettingsPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  /** The user's home directory. */
  readonly home: string;
}

/** The file of users. */
export interface UsersFile {
  readonly path: string;
  readonly realm: string;
  /**
   * Who asked for it. A default one means nothing while it is not there, one that a flag names must be there, one that
   * configuration names is made when it is missing.
   */
  readonly namedBy: "nobody" | "flag" | "configuration";
}

/** How the registry's health is looked after. */
export interface HealthSettings {
  readonly storage: Check | undefined;
  /** Files that turn readiness while they are there. */
  readonly files: readonly (Check & { readonly path: string })[];
}

interface Check {
  /** In ms. */
  readonly interval: number;
  /** Failures in a row that count. */
  readonly threshold: number;
}

/** How to serve a registry: what flags, environment and file come down to. Paths are absolute, times in ms. */
export interface RegistrySettings {
  readonly listen: Listening;
  /** The data directory; undefined to keep everything in memory. */
  readonly data: string | undefined;
  readonly users: UsersFile | undefined;
  /** Who may do what; undefined where no rules are said. */
  readonly access: AccessSettings | undefined;
  readonly tls: TlsFiles | undefined;
  readonly http: HttpSettings;
  readonly log: LogSettings;
  readonly debug: { readonly listen: Listening; readonly metrics: string | undefined } | undefined;
  readonly health: HealthSettings;
  readonly notifications: NotificationSettings;
  readonly limits: LimitSettings;
  /** The path below which everything answers, as `/team`; empty for the server's root. */
  readonly prefix: string;
  readonly rules: Rules;
  /** Only pulls, for maintenance. */
  readonly readOnly: boolean;
  /** Entries on one page of a list, at most. */
  readonly pages: { readonly repositories: number; readonly tags: number };
  /** Which repositories are mirrors, and of what. */
  readonly mirrors: readonly MirrorSettings[];
  /** When upload sessions are given up. */
  readonly sweep: Sweep | "off";
  /** What was said and has no effect, one sentence each. */
  readonly warnings: readonly string[];
}

const defaultAddress = "localhost:5000";
const defaultRealm = "Chartroom";
/** Less than the 10 s that `docker stop` waits. */
const defaultDrain = 8000;
const day = 24 * 3600_000;
const readOnlyKey = "storage.maintenance.readonly.enabled";

/**
 * Flags over our own variables (commander has put those in) over CNCF Distribution's over the file over defaults.
 * @param file the path of Distribution's config.yml; else `REGISTRY_CONFIGURATION_PATH` names it, or there is none
 * @throws ChartroomError `usage` that names what is wrong and where it was said; `invalid` when the file cannot be read
 */
export async function readSettings(
  file: string | undefined,
  options: RegistryOptions,
  place: SettingsPlace,
): Promise<RegistrySettings> {
  const path = file || place.env.REGISTRY_CONFIGURATION_PATH;
  if (path === undefined || path === "") return registrySettings(undefined, options, place);
  const text = await readFile(resolve(place.cwd, path), "utf8").catch((cause: Error) => {
    const why = errorCode(cause) === "ENOENT" ? "no such file" : cause.message;
    throw new ChartroomError("invalid", `Cannot read configuration ${path}: ${why}`, { cause });
  });
  return registrySettings({ path, text }, options, place);
}

/** As `readSettings`, the file's text at hand. */
export function registrySettings(
  file: { readonly path: string; readonly text: string } | undefined,
  options: RegistryOptions,
  place: SettingsPlace,
): RegistrySettings {
  const root = rootOf(file);
  const warnings = [...overlay({ at: file?.path ?? "", ...root }, place.env), ...review(root)];
  const config = new ConfigReader(root);
  warnings.push(...idleKeys(config, new Set(options.tlsCert ? ["http.tls.certificate"] : [])));
  if (file !== undefined && config.text("version") !== "0.1") throw config.refuse("version", "0.1");
  const absolute = (path: string) => resolve(place.cwd, path);
  const data = dataOf(root, config, options, place);
  const debug = config.text("http.debug.addr");
  const readOnly = options.readOnly ?? config.flag(readOnlyKey) ?? false;
  return {
    listen: listeningOf(options.addr, config, defaultAddress, absolute),
    data,
    users: usersOf(config, options, data, absolute),
    access: accessSettings(config, options.anonymousPull ?? false),
    tls: tlsFiles(config, options, absolute),
    http: httpSettings(config, defaultDrain),
    log: logSettings(config),
    debug:
      debug === undefined ? undefined : { listen: parseListenAddress(debug), metrics: metricsPath(config) },
    health: healthOf(config, absolute),
    notifications: notificationSettings(config),
    limits: limitSettings(config),
    prefix: prefixOf(config),
    rules: rulesOf(config, { deletes: file === undefined, readOnly }),
    readOnly,
    pages: {
      repositories: pageOf("catalog.maxentries", config, warnings),
      tags: pageOf("tags.maxtags", config, warnings),
    },
    mirrors: mirrorSettings(config, options.mirror ?? []),
    sweep: sweepOf(config),
    warnings,
  };
}

/** Entries on a page of a list: no more than we ever give at once, which is said. */
function pageOf(key: string, config: ConfigReader, warnings: string[]): number {
  const wanted = config.integer(key) || pageLimit;
  if (wanted > pageLimit) warnings.push(`${key} (${config.at(key)?.at}) is cut down to ${pageLimit}`);
  return Math.min(wanted, pageLimit);
}

function rootOf(file: { readonly path: string; readonly text: string } | undefined): Branch {
  const root = file === undefined ? undefined : parseTree(file.text, { path: file.path });
  if (root === undefined || (root.kind === "scalar" && root.text === ""))
    return { kind: "map", members: new Map() };
  if (root.kind !== "map")
    throw new ChartroomError("usage", `Cannot use configuration ${root.at}: expected keys and values`);
  for (const block of ["auth", "storage"]) {
    const tree = root.members.get(block);
    if (tree !== undefined) root.members.set(block, named(tree, block));
  }
  return root;
}

/** The data directory: a flag's, the driver's, else `$XDG_DATA_HOME/chartroom/registry` or the system's own place. */
function dataOf(
  root: Branch,
  config: ConfigReader,
  options: RegistryOptions,
  place: SettingsPlace,
): string | undefined {
  const driver = driverOf(root)?.name;
  if (!options.data && driver === "inmemory") return undefined;
  if (!options.data && driver === "filesystem")
    return resolve(place.cwd, config.text("storage.filesystem.rootdirectory") ?? "/var/lib/registry");
  return ownData(options.data, place);
}

/** The data directory where no configuration of Distribution's has a say. */
export function ownData(flag: string | undefined, { env, cwd, platform, home }: SettingsPlace): string {
  if (flag) return resolve(cwd, flag);
  const above =
    env.XDG_DATA_HOME ||
    (platform === "darwin"
      ? join(home, "Library", "Application Support")
      : platform === "win32"
        ? env.LOCALAPPDATA || join(home, "AppData", "Local")
        : join(home, ".local", "share"));
  return resolve(cwd, join(above, "chartroom", "registry"));
}

function usersOf(
  config: ConfigReader,
  options: RegistryOptions,
  data: string | undefined,
  absolute: (path: string) => string,
): UsersFile | undefined {
  const asked = config.at("auth.htpasswd") !== undefined;
  const nobody = config.at("auth.none") !== undefined;
  const [realm, path] = [config.text("auth.htpasswd.realm"), config.text("auth.htpasswd.path")];
  if (asked && realm === undefined) throw config.refuse("auth.htpasswd.realm", "a realm");
  if (asked && path === undefined && !options.htpasswd) throw config.refuse("auth.htpasswd.path", "a path");
  const called = realm ?? defaultRealm;
  if (options.htpasswd) return { path: absolute(options.htpasswd), realm: called, namedBy: "flag" };
  if (path !== undefined) return { path: absolute(path), realm: called, namedBy: "configuration" };
  // Who says that nobody logs in means it, also where users were kept before.
  return data === undefined || nobody
    ? undefined
    : { path: join(data, "htpasswd"), realm: called, namedBy: "nobody" };
}

/** `/team/` as `/team`; Distribution wants both slashes, and we ask for no more than the first. */
function prefixOf(config: ConfigReader): string {
  const prefix = (config.text("http.prefix") ?? "/").replace(/\/$/, "");
  // Unreserved characters alone (RFC 3986 §2.3): nothing in it is ever decoded, or escaped in a Location.
  if (/^(?:\/[A-Za-z0-9._~-]+)*$/.test(prefix)) return prefix;
  throw config.refuse("http.prefix", "a path, as /team/");
}

/** What is open where nobody says a word: a file that is silent on deletes forbids them, as in Distribution. */
function rulesOf(
  config: ConfigReader,
  { deletes, readOnly }: { deletes: boolean; readOnly: boolean },
): Rules {
  config.word("validation.manifests.indexes.platforms", ["all"]);
  const grace = graceOf(config);
  return {
    acceptMissing: config.word("validation.manifests.missing", ["accept", "refuse"]) === "accept",
    grace: readOnly ? undefined : grace,
    untagged: config.flag("storage.maintenance.collection.untagged") ?? false,
    refuseDeletes: !(config.flag("storage.delete.enabled") ?? deletes),
    largestBlob: config.size("limits.blob") || undefined,
  };
}

/** How long what no manifest names is kept; undefined where nothing is collected. */
function graceOf(config: ConfigReader): number | undefined {
  const collection = "storage.maintenance.collection";
  const grace = config.duration(`${collection}.grace`) ?? usualGrace;
  return config.flag(`${collection}.enabled`) === false ? undefined : grace;
}

function metricsPath(config: ConfigReader): string | undefined {
  if (!config.flag("http.debug.prometheus.enabled")) return undefined;
  const path = config.text("http.debug.prometheus.path") ?? "/metrics";
  if (!path.startsWith("/")) throw config.refuse("http.debug.prometheus.path", "a path, as /metrics");
  return path;
}

function healthOf(config: ConfigReader, absolute: (path: string) => string): HealthSettings {
  const check = (path: string, threshold: number): Check => ({
    interval: config.wait(`${path}.interval`) || 10_000,
    threshold: config.integer(`${path}.threshold`) || threshold,
  });
  return {
    storage: config.flag("health.storagedriver.enabled") ? check("health.storagedriver", 3) : undefined,
    files: config.items("health.file").map((item) => {
      const path = config.text(`${item}.file`);
      if (path === undefined) throw config.refuse(`${item}.file`, "a path");
      return { path: absolute(path), ...check(item, 1) };
    }),
  };
}

function sweepOf(config: ConfigReader): RegistrySettings["sweep"] {
  const purging = "storage.maintenance.uploadpurging";
  const age = config.duration(`${purging}.age`) ?? 7 * day;
  const interval = config.wait(`${purging}.interval`) || day / 24;
  const off = config.flag(`${purging}.enabled`) === false || config.flag(`${purging}.dryrun`);
  return off ? "off" : { age, interval };
}
