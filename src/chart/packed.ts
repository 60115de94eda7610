import { type Descriptor, describe } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { parseJsonObject } from "../oci/json.ts";
import { parseManifest } from "../oci/manifest.ts";
import type { Source, StoredManifest } from "../oci/repository.ts";
import { goJson } from "./go/json.ts";
import { buildChartManifest, chartManifest } from "./manifest.ts";
import { chartMediaTypes } from "./mediaTypes.ts";
import type { Metadata } from "./metadata.ts";

/** A chart in memory: its archive's bytes, and what they say. */
export interface ChartInMemory {
  readonly metadata: Metadata;
  readonly archive: Uint8Array;
  readonly provenance: Uint8Array | undefined;
}

/** A chart as it is pushed: its manifest, and a source that has all of it in memory. */
export interface PackedForPush {
  readonly manifest: StoredManifest;
  readonly content: Digest;
  readonly source: Source;
}

/**
 * A chart's archive and provenance as they are, under a manifest that is the same on every run.
 * @param created RFC 3339 in UTC, from a classic repository's index; it goes into the manifest
 */
export function packForPush(chart: ChartInMemory, created?: string): PackedForPush {
  const { metadata, archive, provenance } = chart;
  const content = { descriptor: describe(archive, chartMediaTypes.content), bytes: archive };
  const signature = provenance && {
    descriptor: describe(provenance, chartMediaTypes.provenance),
    bytes: provenance,
  };
  const { config, manifest } = buildChartManifest(
    { metadata, content: content.descriptor, provenance: signature?.descriptor, created },
    "current",
  );
  const parts = [config, content, ...(signature === undefined ? [] : [signature])];
  return { manifest, content: content.descriptor.digest, source: inMemory(manifest, parts) };
}

/** A stored chart with a provenance file; all that its manifest says besides stays as it is. */
export interface SignedChart {
  readonly manifest: StoredManifest;
  /** Has the provenance file and the manifest; the other blobs are where the chart is. */
  readonly source: Source;
  /** Whether it had a provenance file before, which is replaced. */
  readonly wasSigned: boolean;
  /** The digest of the archive. */
  readonly content: Digest;
}

/**
 * Put a provenance file to a chart, as its second layer.
 * @throws ChartroomError `invalid` when the manifest is not a chart's
 */
export function signForPush({ bytes, descriptor }: StoredManifest, provenance: Uint8Array): SignedChart {
  const { content, provenance: old } = chartManifest(parseManifest(bytes, descriptor.mediaType));
  const layer = describe(provenance, chartMediaTypes.provenance);
  const document = parseJsonObject(bytes, "manifest");
  const layers = (document.layers as Descriptor[]).filter((each) => each.digest !== old?.digest);
  const { mediaType, digest, size } = layer;
  const signed = goJson({ ...document, layers: [...layers, { mediaType, digest, size }] });
  const manifest = { descriptor: describe(signed, descriptor.mediaType), bytes: signed };
  return {
    manifest,
    source: inMemory(manifest, [{ descriptor: layer, bytes: provenance }]),
    wasSigned: old !== undefined,
    content: content.digest,
  };
}

/** A manifest and its parts as a source. */
export const inMemory = (manifest: StoredManifest, parts: readonly StoredManifest[]): Source => ({
  resolve: async () => manifest.descriptor,
  manifest: async () => manifest,
  async blob({ digest }, range) {
    const bytes = parts.find(({ descriptor }) => descriptor.digest === digest)!.bytes;
    // The cast: types keep out bytes in shared memory, of which we have none.
    return new Blob([bytes.subarray(range?.start, range?.end) as Uint8Array<ArrayBuffer>]).stream();
  },
  async *tags() {},
  async *referrers() {},
});
