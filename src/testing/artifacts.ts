import { type Descriptor, describe } from "../oci/descriptor.ts";
import { type Algorithm, type Digest, digestOf } from "../oci/digest.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import type { PushManifest, StoredManifest, Writes } from "../oci/repository.ts";
import { streamOf } from "./streams.ts";

/** Content with its descriptor: a blob or a manifest. */
export type Content = StoredManifest;

/** A manifest with what it names, so that a test can push it whole. */
export interface Artifact extends Content {
  readonly blobs: readonly Content[];
  readonly children: readonly Artifact[];
}

/** What an image or an index may carry beside its children. */
export interface Extra {
  readonly artifactType?: string;
  readonly subject?: Descriptor;
  readonly annotations?: Record<string, string>;
}

/** A blob out of text or bytes. */
export function blobOf(
  content: string | Uint8Array,
  mediaType: string = mediaTypes.octets,
  algorithm: Algorithm = "sha256",
): Content {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { bytes, descriptor: { ...describe(bytes, mediaType), digest: digestOf(bytes, algorithm) } };
}

/** An image manifest over `layers`, written with blanks and an unknown member, as only exact bytes keep them. */
export function imageOf(layers: readonly Content[], extra: Extra = {}, config = blobOf("{}")): Artifact {
  return artifact(
    mediaTypes.manifest,
    { config: config.descriptor, layers: layers.map((layer) => layer.descriptor), ...extra },
    [config, ...layers],
    [],
  );
}

/** An index over `children`; `missing` are named by it too, but there is nothing behind them. */
export function indexOf(
  children: readonly Artifact[],
  extra: Extra = {},
  missing: readonly Descriptor[] = [],
): Artifact {
  const manifests = [...children.map((child) => child.descriptor), ...missing];
  return artifact(mediaTypes.index, { manifests, ...extra }, [], children);
}

function artifact(
  mediaType: string,
  members: object,
  blobs: readonly Content[],
  children: readonly Artifact[],
): Artifact {
  const document = { schemaVersion: 2, mediaType, ...members, "x-unknown": true };
  return { ...blobOf(`${JSON.stringify(document, null, 3)}\n`, mediaType), blobs, children };
}

/** Push an artifact's children and blobs, then its manifest. */
export async function pushArtifact(
  target: Writes,
  root: Artifact,
  to: PushManifest = { tags: [], expect: "any" },
): Promise<void> {
  for (const child of root.children) await pushArtifact(target, child);
  for (const blob of root.blobs) await pushContent(target, blob);
  await target.pushManifest(root.descriptor, root.bytes, to);
}

/** Push a blob that is in memory. */
export const pushContent = (target: Writes, { descriptor, bytes }: Content): Promise<void> =>
  target.pushBlob(descriptor, async (from) => streamOf(bytes.subarray(from)));

/** A digest that nothing has. */
export const absentDigest = (): Digest => digestOf(new TextEncoder().encode("nothing has this content"));
