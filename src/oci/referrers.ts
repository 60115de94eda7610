import type { Descriptor } from "./descriptor.ts";
import { algorithmOf, type Digest, hexOf } from "./digest.ts";
import { artifactTypeOf, type Manifest } from "./manifest.ts";
import type { Tag } from "./reference.ts";

/**
 * The tag under which clients keep an index of a subject's referrers where a registry has no API for them
 * (distribution-spec, "Referrers Tag Schema"): of the hex digits, 64 at most.
 */
export const referrersTag = (subject: Digest): Tag =>
  `${algorithmOf(subject)}-${hexOf(subject).slice(0, 64)}` as Tag;

/** Whether a tag is such a one: what it holds are referrers, not something that a person tagged. */
export const isReferrersTag = (tag: Tag): boolean => /^sha(?:256|512)-[0-9a-f]{64}$/.test(tag);

/** A manifest as referrers are listed: with its artifact type and annotations (distribution-spec, "Listing Referrers"). */
export function referrerOf({ mediaType, digest, size }: Descriptor, manifest: Manifest): Descriptor {
  const artifactType = artifactTypeOf(manifest);
  const { annotations } = manifest;
  return { mediaType, digest, size, ...(artifactType !== undefined && { artifactType }), annotations };
}
