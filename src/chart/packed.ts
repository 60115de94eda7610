import { describe } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Source, StoredManifest } from "../oci/repository.ts";
import { buildChartManifest } from "./manifest.ts";
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

const inMemory = (manifest: StoredManifest, parts: readonly StoredManifest[]): Source => ({
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
