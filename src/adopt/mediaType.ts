import { parseJsonObject } from "../oci/json.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";

/**
 * The media type that Distribution answers a stored manifest with. It keeps none: what a manifest says of itself holds, and of
 * one that says nothing, as OCI allows, only its members tell (its registry/storage/manifeststore.go, `Get`).
 * @returns undefined for schema 1, whose stored bytes never were what clients got: the signatures are made anew for each
 * @throws ChartroomError `invalid` when the bytes are no JSON object
 */
export function storedMediaType(bytes: Uint8Array): string | undefined {
  const { schemaVersion, mediaType, manifests } = parseJsonObject(bytes, "manifest");
  if (schemaVersion === 1) return undefined;
  if (typeof mediaType === "string" && mediaType !== "") return mediaType;
  return Array.isArray(manifests) ? mediaTypes.index : mediaTypes.manifest;
}
