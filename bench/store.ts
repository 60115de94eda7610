import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { buildChartManifest } from "../src/chart/manifest.ts";
import { chartMediaTypes } from "../src/chart/mediaTypes.ts";
import { packChart } from "../src/chart/pack.ts";
import { LayoutIndex } from "../src/layout/index.ts";
import { describe } from "../src/oci/descriptor.ts";
import { hexOf } from "../src/oci/digest.ts";
import { sampleChart, withDirectory, writeChart } from "../src/testing/charts.ts";

/** Versions of each chart in a fabricated store. */
const versions = 10;

/** The names of a fabricated store, as `save` would have given them. */
export const nameOf = (i: number): string =>
  `localhost:5000/team/chart-${Math.floor(i / versions)}:1.0.${i % versions}`;

/**
 * Fabricate a store of so many references, each a chart of its own: the same files that `save` writes, without its syncs,
 * which would take minutes.
 */
export async function fabricateStore(directory: string, references: number): Promise<void> {
  const blobs = join(directory, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  await mkdir(join(directory, "ingest"));
  const put = (bytes: Uint8Array, digest: Parameters<typeof hexOf>[0]) =>
    Bun.write(join(blobs, hexOf(digest)), bytes);
  let index = LayoutIndex.empty;
  await withDirectory(async (chart) => {
    for (let i = 0; i < references; i++) {
      const [, name, version] = /\/([^/:]+):(.+)$/.exec(nameOf(i)) ?? [];
      const text = `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: Chart ${i} of many\n`;
      await writeChart(chart, sampleChart({ "Chart.yaml": text }));
      const { archive, metadata } = await packChart(chart);
      const content = describe(archive, chartMediaTypes.content);
      const { config, manifest } = buildChartManifest({ metadata, content }, "current");
      await put(archive, content.digest);
      await put(config.bytes, config.descriptor.digest);
      await put(manifest.bytes, manifest.descriptor.digest);
      index = index.with(nameOf(i), manifest.descriptor);
    }
  });
  await Bun.write(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await Bun.write(join(directory, "index.json"), index.bytes());
}
