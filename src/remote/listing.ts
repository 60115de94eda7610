import { type JsonObject, parseJsonObject } from "../oci/json.ts";
import { nonsense } from "./errors.ts";
import type { Session } from "./session.ts";

/** Of one page, in bytes: servers that know no paging send 100,000 tags at once. */
const pageLimit = 32 * 1024 * 1024;
/** Pages of one list: a server that links in circles is cut off. */
const pagesLimit = 10_000;

/**
 * The pages of a list as JSON, following `Link: <…>; rel="next"` (distribution-spec, "Listing Tags").
 * Gives nothing at all when the registry says 404. Of the link only path and query count, as for skopeo: a registry behind a proxy may
 * not know its own name, and one outside leads nobody into an inner network.
 */
export async function* pagesOf(
  session: Session,
  doing: string,
  path: string,
  accept: string,
): AsyncIterable<JsonObject> {
  const seen = new Set<string>();
  let to: URL | undefined = new URL(path, session.origin);
  while (to !== undefined) {
    if (seen.size === pagesLimit || seen.has(to.href))
      throw nonsense(doing, "the registry's list never ends");
    seen.add(to.href);
    const answer = await session.send({
      doing,
      method: "GET",
      to,
      headers: { accept },
      statuses: [200, 404],
    });
    if (answer.status === 404) return session.expectAbsent(answer, doing);
    const bytes = await answer.bytes(pageLimit);
    yield parsePage(bytes, doing);
    const next = nextOf(answer.headers.get("link"), answer.url);
    to = next && hereAs(session.origin, next);
  }
}

/** The path and query of a URL at another origin. Its parts are set one by one: a path that begins with `//` would name a host of its own. */
function hereAs(origin: URL, { pathname, search }: URL): URL {
  const here = new URL(origin);
  here.pathname = pathname;
  here.search = search;
  return here;
}

function parsePage(bytes: Uint8Array, doing: string): JsonObject {
  try {
    return parseJsonObject(bytes, "list");
  } catch {
    throw nonsense(doing, "the registry's list is not JSON");
  }
}

/** The link with `rel=next` (RFC 8288), as a URL; undefined when there is none. */
export function nextOf(link: string | null, base: URL): URL | undefined {
  for (const [, target = "", parameters = ""] of (link ?? "").matchAll(/<([^>]*)>([^<]*)/g))
    if (/;\s*rel\s*=\s*"?next"?\s*(?:[;,]|$)/i.test(parameters)) return URL.parse(target, base) ?? undefined;
  return undefined;
}
