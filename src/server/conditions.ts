import { type Digest, tryDigest } from "../oci/digest.ts";
import type { Expected } from "../oci/repository.ts";
import { RegistryError } from "../registry/errors.ts";

/** The entity tag of content: its digest, strong. */
export const etagOf = (digest: Digest): string => `"${digest}"`;

/** Whether the caller has what has this entity tag already (RFC 9110 §13.1.2, If-None-Match, by weak comparison). */
export function hasTag(headers: Headers, etag: string): boolean {
  const header = headers.get("if-none-match");
  if (header === null || header === etag) return header !== null;
  const tags = header.split(",").map((tag) => tag.trim());
  return tags.some((tag) => tag === "*" || tag.replace(/^W\//, "") === etag);
}

/** Whether a Range header counts: If-Range names just this content, or nothing (RFC 9110 §13.1.5). */
export const isRangeWanted = (headers: Headers, etag: string): boolean =>
  (headers.get("if-range") ?? etag) === etag;

/**
 * What a push expects its tag to hold: `If-None-Match: *` nothing, `If-Match: "<digest>"` just that. A condition that we
 * cannot hold is refused: a push that believes itself guarded must not go on unguarded.
 * @throws RegistryError `parameterInvalid`
 */
export function parseExpected(headers: Headers): Expected {
  const [noneMatch, match] = [headers.get("if-none-match"), headers.get("if-match")];
  if (noneMatch === null && match === null) return "any";
  if (noneMatch === "*" && match === null) return "absent";
  const digest = noneMatch === null ? tryDigest(/^"(.*)"$/.exec(match ?? "")?.[1] ?? "") : undefined;
  if (digest !== undefined) return digest;
  throw new RegistryError("parameterInvalid", {
    message: 'A push of a manifest takes one condition: If-None-Match: * or If-Match: "<digest>"',
  });
}
