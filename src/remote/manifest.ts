import type { Answer } from "../http/answer.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, type Digest, digestOf, tryDigest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { type JsonObject, parseJsonObject } from "../oci/json.ts";
import { manifestLimit, mediaTypes } from "../oci/mediaTypes.ts";
import type { Tag } from "../oci/reference.ts";
import type { StoredManifest } from "../oci/repository.ts";
import { nonsense } from "./errors.ts";

/** `Accept` for a manifest of any kind: what is not listed, some registries convert or hide. */
export const acceptManifests = [
  mediaTypes.manifest,
  mediaTypes.index,
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
  "*/*;q=0.1",
].join(", ");

/** Content types that say nothing of a manifest. */
const generic = new Set(["", "application/json", "text/plain", mediaTypes.octets as string]);

const contentTypeOf = (headers: Headers): string =>
  (headers.get("content-type") ?? "").split(";", 1)[0]?.trim() ?? "";

/** The digest that a registry says, when it says one; a tag or a digest was asked for. */
const saidDigest = (headers: Headers): Digest | undefined =>
  tryDigest(headers.get("docker-content-digest")?.trim() ?? "");

/**
 * The descriptor in the headers of a HEAD; undefined when they leave something open (all of them are only SHOULD in
 * distribution-spec 1.1.1) and the manifest itself must be read.
 */
export function descriptorOf(headers: Headers, name: Tag | Digest): Descriptor | undefined {
  const mediaType = contentTypeOf(headers);
  const asked = tryDigest(name);
  const said = saidDigest(headers);
  const length = headers.get("content-length");
  if (said === undefined || length === null || !/^\d+$/.test(length) || generic.has(mediaType))
    return undefined;
  // One manifest has a digest by each algorithm: only those of the same can be compared.
  if (asked !== undefined && said !== asked) return undefined;
  return { mediaType, digest: asked ?? said, size: Number(length) };
}

/**
 * The manifest in the answer of a GET, verified against the digest that was asked for, or else that the registry says.
 * @throws ChartroomError `not_verified` when the bytes have another digest, `remote` when they are no manifest
 */
export async function manifestOf(answer: Answer, name: Tag | Digest, doing: string): Promise<StoredManifest> {
  const bytes = await answer.bytes(manifestLimit);
  const expected = tryDigest(name) ?? saidDigest(answer.headers);
  const digest = digestOf(bytes, expected && algorithmOf(expected));
  if (expected !== undefined && digest !== expected)
    throw new ChartroomError(
      "not_verified",
      `Cannot ${doing}: the registry's bytes have digest ${digest}, expected ${expected}`,
      { hint: "The manifest was changed on its way or in the registry; nothing was kept." },
    );
  const mediaType = contentTypeOf(answer.headers);
  return {
    descriptor: {
      mediaType: generic.has(mediaType) ? typeByContent(bytes, doing) : mediaType,
      digest,
      size: bytes.byteLength,
    },
    bytes,
  };
}

/** What a manifest without a telling content type is: its own word, else its shape (image-spec, "Guidance"). */
function typeByContent(bytes: Uint8Array, doing: string): string {
  let document: JsonObject;
  try {
    document = parseJsonObject(bytes, "manifest");
  } catch {
    throw nonsense(doing, "the answer is no manifest");
  }
  if (typeof document.mediaType === "string" && document.mediaType !== "") return document.mediaType;
  if (Array.isArray(document.manifests)) return mediaTypes.index;
  if (Array.isArray(document.layers)) return mediaTypes.manifest;
  throw nonsense(doing, "the answer is no manifest");
}
