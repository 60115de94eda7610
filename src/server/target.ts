import { RegistryError } from "../registry/errors.ts";

/** A request's path and query as they came. */
export interface RawTarget {
  readonly path: string;
  readonly query: string;
}

/** Path and query of `url` as they came; a Host header that makes no URL leaves a bare path, on which `new URL` would throw. */
export function rawTarget(url: string): RawTarget {
  const scheme = url.startsWith("/") ? undefined : url.indexOf("://");
  const begin = scheme === undefined ? 0 : url.indexOf("/", scheme < 0 ? 0 : scheme + 3);
  if (begin < 0) return { path: "/", query: "" };
  const hash = url.indexOf("#", begin);
  const end = hash < 0 ? url.length : hash;
  const mark = url.indexOf("?", begin);
  return mark < 0 || mark > end
    ? { path: url.slice(begin, end), query: "" }
    : { path: url.slice(begin, mark), query: url.slice(mark + 1, end) };
}

/**
 * A path, percent-decoded. A digest may come as `sha256%3A…`: it is decoded here, and nowhere a second time.
 * @throws RegistryError `nameInvalid` when it is not percent-encoded UTF-8
 */
export function decodePath(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new RegistryError("nameInvalid", { message: "The path is not percent-encoded UTF-8", cause });
  }
}
