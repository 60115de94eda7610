import { isInnerAddress, isOwnAddress } from "../http/addresses.ts";
import { ChartroomError } from "../oci/errors.ts";

/** How the URLs of an index are read, where they lead to a host that is no more, or not for us. */
export interface Rewriting {
  /** What URLs that begin with `from` begin with instead. */
  readonly rewrite?: { readonly from: string; readonly to: URL };
  /** Where all archives are, by the last part of their URLs. */
  readonly base?: URL;
}

/**
 * A classic repository's URL: that of the directory which `index.yaml` is in, with its query.
 * @throws ChartroomError `usage` when it is none, or has a login in it
 */
export function parseSite(text: string): URL {
  const refuse = (why: string, hint?: string) =>
    new ChartroomError("usage", `Cannot use the URL of a repository: ${why}`, hint ? { hint } : {});
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw refuse("it is no http or https URL");
  if (url.username !== "" || url.password !== "")
    throw refuse(
      "it has a login in it",
      "Other users of this machine see it there. Use --source-username and --source-password-stdin.",
    );
  url.hash = "";
  url.pathname = `${url.pathname.replace(/(^|\/)index\.yaml$/, "$1").replace(/\/$/, "")}/`;
  return url;
}

/** `path` below a repository, with the repository's query: it may be what signs its URLs. */
export function below(site: URL, path: string): URL {
  const url = new URL(path, site);
  if (url.origin === site.origin && site.search !== "")
    url.search = [site.search.slice(1), url.search.slice(1)].filter((part) => part !== "").join("&");
  return url;
}

/**
 * Where a row's URL leads: over http, https or to a registry (`oci:`). A relative one is resolved as RFC 3986 has it, and
 * keeps the repository's query, as in Helm.
 * @returns why nothing is asked for there, where that is so
 */
export function archiveUrl(site: URL, text: string, { rewrite, base }: Rewriting): URL | string {
  const absolute = URL.canParse(text);
  const written = absolute ? URL.parse(text) : URL.parse(text, site) && below(site, text);
  if (written === null) return "it is no URL";
  const url = rewritten(written, rewrite, base);
  // What a registry's host is, the parser of web addresses knows: it takes `0x7f.1` for 127.0.0.1 as the resolver would.
  const asked = url.protocol === "oci:" ? URL.parse(`https://${url.host}`) : url;
  if (asked === null) return "it names no host";
  if (!isDecodable(url.username + url.password)) return "the login in it is not percent-encoded";
  return refusal(site, asked, [rewrite?.to, base]) ?? url;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function rewritten(url: URL, rewrite: Rewriting["rewrite"], base: URL | undefined): URL {
  if (base !== undefined) return below(base, `./${url.pathname.slice(url.pathname.lastIndexOf("/") + 1)}`);
  if (rewrite === undefined || !url.href.startsWith(rewrite.from)) return url;
  return new URL(rewrite.to.href + url.href.slice(rewrite.from.length));
}

/**
 * Why an index, or a redirect, may not lead to a URL; undefined where it may. A repository outside must not have us ask
 * what only we can reach, and one inside not what is this machine's alone. Hosts that the user named are trusted.
 */
export function refusal(site: URL, url: URL, named: readonly (URL | undefined)[] = []): string | undefined {
  if (!/^https?:$/.test(url.protocol)) return `${url.protocol} is neither http nor https`;
  if (!isInnerAddress(url.hostname) || [site, ...named].some((each) => each?.host === url.host))
    return undefined;
  if (!isInnerAddress(site.hostname))
    return `${url.hostname} is inside of a network, and ${site.hostname} is not`;
  return isOwnAddress(url.hostname)
    ? `${url.hostname} is this machine's own, and ${site.hostname} is not`
    : undefined;
}

/** A URL for people: queries and logins may be secret. */
export const shownUrl = (url: URL): string => url.origin + url.pathname;

/** Whether a chart's dependency names a repository: with or without `index.yaml`, a `/` at the end or a query. */
export function namesSite(site: URL, text: string): boolean {
  try {
    const named = parseSite(text);
    return named.origin === site.origin && named.pathname === site.pathname;
  } catch (error) {
    if (error instanceof ChartroomError) return false;
    throw error;
  }
}
