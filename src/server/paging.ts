import { RegistryError } from "../registry/errors.ts";

/** The largest page; a longer list comes in several. A million tags in one answer would hold up everybody for 224 ms. */
export const pageLimit = 1000;

/** The part of a list that a request asks for. */
export interface Paging {
  readonly after: string | undefined;
  readonly limit: number;
}

/**
 * `n` and `last` of a query (distribution-spec, "Listing Tags"). More than we give at once, or nothing said, is cut down
 * to our largest page: the Link header says where it goes on.
 * @throws RegistryError `parameterInvalid` when `n` is no number
 */
export function parsePaging(query: URLSearchParams): Paging {
  const n = query.get("n");
  if (n !== null && !/^\d+$/.test(n))
    throw new RegistryError("parameterInvalid", { message: "n is not a number", details: [{ n }] });
  return { after: query.get("last") ?? undefined, limit: Math.min(pageLimit, Number(n ?? pageLimit)) };
}

/** A Link header to the next page (RFC 8288). */
export function nextLink(path: string, parameters: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(parameters)}>; rel="next"`;
}

/** Cut the page that a query asks for down to `limit` entries; a longer list comes in several. Nonsense is left to `parsePaging`. */
export function limitPage(query: URLSearchParams, limit: number): void {
  const n = query.get("n");
  if (n === null || Number(n) > limit) query.set("n", `${limit}`);
}
