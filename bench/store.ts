import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { packChart } from "../src/chart/archive/pack.ts";
import { buildChartManifest } from "../src/chart/manifest.ts";
import { chartMediaTypes } from "../src/chart/mediaTypes.ts";
import { LayoutIndex, refName } from "../src/layout/index.ts";
import { describe } from "../src/oci/descriptor.ts";
import { type Digest, hexOf } from "../src/oci/digest.ts";
import { jsonBytes } from "../src/oci/json.ts";
import { sampleChart, withDirectory, writeChart } from "../src/testing/charts.ts";

/** Versions of each chart in a fabricated store. */
const versions = 10;

/**
 * Fabricate a store of so many references, each a chart of its own: the files that `save` would have written, without its
 * syncs, which would take minutes.
 */
export async function fabricateStore(directory: string, references: number): Promise<void> {
  const blobs = join(directory, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  await mkdir(join(directory, "ingest"));
  const put = (bytes: Uint8Array, digest: Digest) => Bun.write(join(blobs, hexOf(digest)), bytes);
  const manifests: object[] = [];
  await withDirectory(async (folder) => {
    for (let i = 0; i < references; i++) {
      const [name, version] = [`chart-${Math.floor(i / versions)}`, `1.0.${i % versions}`];
      const text = `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: Chart ${i} of many\n`;
      await writeChart(folder, sampleChart({ "Chart.yaml": text }));
      const { archive, metadata } = await packChart(folder);
      const content = describe(archive, chartMediaTypes.content);
      const { config, manifest } = buildChartManifest({ metadata, content }, "current");
      await put(archive, content.digest);
      await put(config.bytes, config.descriptor.digest);
      await put(manifest.bytes, manifest.descriptor.digest);
      manifests.push({
        ...manifest.descriptor,
        annotations: { [refName]: `localhost:5000/team/${name}:${version}` },
      });
    }
  });
  const index = LayoutIndex.parse(jsonBytes({ schemaVersion: 2, manifests }), "index.json");
  await Bun.write(join(directory, "index.json"), index.bytes());
  await Bun.write(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
}
