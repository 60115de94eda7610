import type { Descriptor } from "../oci/descriptor.ts";
import { ChartroomError } from "../oci/errors.ts";
import { nonsense } from "./errors.ts";

/**
 * Where the PUT of a session goes: the URL as the registry gave it, byte for byte, since it may be sealed, and the digest
 * behind it (distribution-spec, "POST then PUT").
 */
export const withDigest = (location: URL, { digest }: Descriptor): URL =>
  new URL(`${location.href}${location.search === "" ? "?" : "&"}digest=${encodeURIComponent(digest)}`);

/**
 * Bytes that a session has: our server's `Upload-Offset`, else `Range: 0-<last>`. Registries say `0-0` of no byte and of
 * one; then it is taken for none.
 */
export function offsetOf(headers: Headers): number {
  const offset = headers.get("upload-offset");
  if (offset !== null && /^\d+$/.test(offset)) return Number(offset);
  const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(headers.get("range") ?? "")?.[1] ?? 0);
  return last === 0 ? 0 : last + 1;
}

/** `text` as the URL of a session, without a fragment; undefined when it is none. */
export function tryLocation(text: string, base?: URL): URL | undefined {
  const location = text === "" ? null : URL.parse(text, base);
  if (location === null || !/^https?:$/.test(location.protocol)) return undefined;
  location.hash = "";
  return location;
}

/**
 * Where an answer's `Location` leads. What goes to a registry by https goes nowhere by http, as with redirects.
 * @throws ChartroomError `remote` when there is none, or it leads from https to http
 */
export function locationOf(headers: Headers, base: URL, doing: string): URL {
  const location = tryLocation(headers.get("location") ?? "", base);
  if (location === undefined) throw nonsense(doing, "the registry opened an upload and did not say where");
  if (base.protocol === "https:" && location.protocol === "http:")
    throw new ChartroomError("remote", `Cannot ${doing}: the registry leads from https to http`, {
      hint: "The proxy before it must tell it that clients come by https, with X-Forwarded-Proto.",
    });
  return location;
}
