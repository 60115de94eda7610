import type { Blobs } from "../blobs/blobs.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { type JsonObject, parseJsonObject } from "../oci/json.ts";
import { manifestLimit, mediaTypes } from "../oci/mediaTypes.ts";
import type { StoredManifest } from "../oci/repository.ts";
import { readVerified } from "../oci/verify.ts";

/** A manifest, as it is listed where it refers to another. */
export interface Referring {
  readonly subject: Digest | undefined;
  readonly referrer: Descriptor;
}

/**
 * A manifest by its digest alone. A layout keeps manifests among the blobs, so what it is has to be read from it.
 * @returns undefined when there is no such blob, or it is no manifest
 * @throws ChartroomError `not_verified` when the blob's bytes are not its digest's
 */
export async function readManifest(blobs: Blobs, digest: Digest): Promise<StoredManifest | undefined> {
  const size = await blobs.stat(digest);
  if (size === undefined || size > manifestLimit) return undefined;
  const stream = await blobs.read(digest);
  if (stream === undefined) return undefined;
  const bytes = await readVerified(stream, { mediaType: mediaTypes.octets, digest, size });
  const mediaType = mediaTypeOf(bytes);
  return mediaType === undefined ? undefined : { descriptor: { mediaType, digest, size }, bytes };
}

/**
 * The media type of a manifest's bytes: its own word, else what it looks like (Helm 3.0–3.6 wrote none). Undefined for
 * bytes that are no manifest.
 */
export function mediaTypeOf(bytes: Uint8Array): string | undefined {
  let document: JsonObject;
  try {
    document = parseJsonObject(bytes, "manifest");
  } catch {
    return undefined;
  }
  if (document.schemaVersion !== 2) return undefined;
  if (typeof document.mediaType === "string") return document.mediaType;
  if (Array.isArray(document.layers)) return mediaTypes.manifest;
  return Array.isArray(document.manifests) ? mediaTypes.index : undefined;
}
