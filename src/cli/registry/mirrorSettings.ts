import { ChartroomError } from "../../oci/errors.ts";
import { tryRepositoryName } from "../../oci/reference.ts";
import type { ConfigReader } from "./config/reader.ts";

/** A mirror as it is asked for. */
export interface MirrorSettings {
  /** What its repositories begin with; empty where the whole registry is the mirror. */
  readonly prefix: string;
  /** `oci:` for a registry and what its names begin with there, `http:` or `https:` for a classic chart repository. */
  readonly url: URL;
  /** Whether a registry is spoken to by http; undefined where its host decides. */
  readonly plainHttp: boolean | undefined;
  readonly login: { readonly username: string; readonly password: string } | undefined;
  /** After how long without use what is kept goes, in ms; 0 for never. */
  readonly ttl: number;
  /** How long a classic repository's index counts before it is asked for again, in ms. */
  readonly refresh: number;
}

/** CNCF Distribution's: a week. */
const defaultTtl = 7 * 24 * 3600_000;
const defaultRefresh = 5 * 60_000;

/**
 * The mirrors of a configuration: `proxy`, which makes a mirror of the whole registry, and `mirrors`; and those of flags, as
 * `NAME=URL`.
 * @throws ChartroomError `usage`
 */
export function mirrorSettings(config: ConfigReader, flags: readonly string[]): MirrorSettings[] {
  const mirrors = [
    ...proxyOf(config),
    ...config.items("mirrors").map((item) => configured(config, item)),
    ...flags.map(parseFlag),
  ];
  const prefixes = mirrors.map(({ prefix }) => prefix);
  const twice = prefixes.find((prefix, i) => prefixes.indexOf(prefix) < i);
  if (twice === undefined) return mirrors;
  throw new ChartroomError("usage", `Cannot mirror two places as ${twice}: its names would mean both`);
}

/** What is a mirror of what, for people; a query may be secret. */
export function mirrorLine({ prefix, url: { protocol, host, pathname } }: MirrorSettings): string {
  const which = prefix === "" ? "All of it" : `${prefix}/`;
  return `${which} is a mirror of ${protocol}//${host}${pathname}, where pushes go`;
}

function proxyOf(config: ConfigReader): MirrorSettings[] {
  const key = "proxy.remoteurl";
  const text = withoutLogin(config, key, "proxy");
  if (text === undefined) return [];
  const url = URL.parse(text);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (!isOrigin) throw config.refuse(key, "https://HOST, without a path");
  return [
    {
      prefix: "",
      url: new URL(`oci://${url.host}`),
      plainHttp: url.protocol === "http:",
      login: loginOf(config, "proxy"),
      ttl: config.duration("proxy.ttl") ?? defaultTtl,
      refresh: defaultRefresh,
    },
  ];
}

function configured(config: ConfigReader, item: string): MirrorSettings {
  const name = config.text(`${item}.name`) ?? "";
  if (tryRepositoryName(name) === undefined)
    throw config.refuse(`${item}.name`, "what repositories' names begin with, as charts/stable");
  const url = tryMirrorUrl(withoutLogin(config, `${item}.url`, item) ?? "");
  if (url === undefined) throw config.refuse(`${item}.url`, placesTaken);
  return {
    prefix: name,
    url,
    plainHttp: undefined,
    login: loginOf(config, item),
    ttl: config.duration(`${item}.ttl`) ?? 0,
    refresh: config.duration(`${item}.refresh`) ?? defaultRefresh,
  };
}

function parseFlag(text: string): MirrorSettings {
  const [, prefix = "", place = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const url = tryMirrorUrl(place);
  if (tryRepositoryName(prefix) === undefined || url === undefined)
    throw new ChartroomError("usage", `Cannot mirror "${shown(text)}": expected NAME=URL, ${placesTaken}`);
  return { prefix, url, plainHttp: undefined, login: undefined, ttl: 0, refresh: defaultRefresh };
}

/** What was typed, without a login that it may hold. */
const shown = (text: string): string => text.replace(/\/\/[^/]*@/, "//");

const placesTaken = "the URL of a chart repository, or oci://HOST[/PREFIX]";

function tryMirrorUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return undefined;
  if (url.protocol !== "oci:") return /^https?:$/.test(url.protocol) ? url : undefined;
  const path = url.pathname.replace(/^\/|\/$/g, "");
  const named = path === "" || tryRepositoryName(path) !== undefined;
  return url.host !== "" && url.search === "" && named ? url : undefined;
}

/** A URL as it was said. One with a login in it is not repeated in an error. */
function withoutLogin(config: ConfigReader, key: string, block: string): string | undefined {
  const text = config.text(key);
  if (text === undefined || !/\/\/[^/]*@/.test(text)) return text;
  throw new ChartroomError("usage", `Cannot use ${key}: it has a login in it`, {
    hint: `That goes into ${block}.username and ${block}.password.`,
  });
}

function loginOf(config: ConfigReader, block: string): MirrorSettings["login"] {
  const [username, password] = [config.text(`${block}.username`), config.text(`${block}.password`)];
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined) throw config.refuse(`${block}.username`, "the user of the password");
  return { username, password: password ?? "" };
}
