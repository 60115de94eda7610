import { RegistryError } from "../registry/errors.ts";

/** What a request asks for: the path, percent-decoded once, and the query. */
export interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Path and query of `url` as they came; a Host header that makes no URL leaves a bare path, on which `new URL` would throw. */
export function rawTarget(url: string): { path: string; query: string } {
  const scheme = url.indexOf("://");
  const begin = url.startsWith("/") ? 0 : url.indexOf("/", scheme < 0 ? 0 : scheme + 3);
  const [target = ""] = (begin < 0 ? "/" : url.slice(begin)).split("#", 1);
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * The target of a request. A digest may come as `sha256%3A…`: it is decoded here, and nowhere a second time.
 * @throws RegistryError `nameInvalid` when the path is not percent-encoded UTF-8
 */
export function parseTarget(url: string): Target {
  const { path, query } = rawTarget(url);
  try {
    return { path: decodeURIComponent(path), query: new URLSearchParams(query) };
  } catch (cause) {
    throw new RegistryError("nameInvalid", { message: "The path is not percent-encoded UTF-8", cause });
  }
}
