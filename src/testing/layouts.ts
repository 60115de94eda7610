import { loadChart } from "../chart/archive/load.ts";
import { buildChartManifest, type Flavour } from "../chart/manifest.ts";
import { chartMediaTypes } from "../chart/mediaTypes.ts";
import type { Layout } from "../layout/layout.ts";
import { writing } from "../layout/write.ts";
import { type Descriptor, describe } from "../oci/descriptor.ts";
import { parseReference, repositoryOf } from "../oci/reference.ts";
import { type ChartFiles, sampleChart, withDirectory, writeChart } from "./charts.ts";
import { streamOf } from "./streams.ts";

/** A chart's blobs and manifest, ready to be stored any number of times. */
export interface PackedSample {
  readonly blobs: readonly { descriptor: Descriptor; bytes: Uint8Array }[];
  readonly manifest: { descriptor: Descriptor; bytes: Uint8Array };
}

/** Pack a sample chart. */
export async function packSample(
  files: ChartFiles = {},
  flavour: Flavour = "current",
): Promise<PackedSample> {
  return withDirectory(async (directory) => {
    await writeChart(directory, sampleChart(files));
    const { archive, metadata } = await loadChart(directory);
    const content = { descriptor: describe(archive, chartMediaTypes.content), bytes: archive };
    const { config, manifest } = buildChartManifest({ metadata, content: content.descriptor }, flavour);
    return { blobs: [config, content], manifest };
  });
}

/** Save a packed chart under a reference, as `chart save` does. */
export async function saveSample(
  layout: Layout,
  ref: string,
  { blobs, manifest }: PackedSample,
): Promise<void> {
  const reference = parseReference(ref);
  await writing(layout, undefined, async (writer) => {
    const repository = writer.repository(repositoryOf(reference));
    for (const { descriptor, bytes } of blobs)
      await repository.pushBlob(descriptor, async (from) => streamOf(bytes.subarray(from)));
    const tags = reference.tag === undefined ? [] : [reference.tag];
    await repository.pushManifest(manifest.descriptor, manifest.bytes, { tags, expect: "any" });
  });
}
