import type { Catalog } from "../src/catalog/catalog.ts";
import type { Command } from "../src/catalog/command.ts";
import { parseConfig } from "../src/chart/config.ts";
import { archiveUrl, indexEntry } from "../src/chart/indexEntry.ts";
import { jsonBytes } from "../src/oci/json.ts";
import { blobOf } from "../src/testing/artifacts.ts";
import { chartImage } from "../src/testing/chartImages.ts";
import { chartArchive, sampleChart } from "../src/testing/charts.ts";
import { linkBlob, nameOf, putManifest } from "../src/testing/commands.ts";

/** Charts put into a catalog at once. */
const atOnce = 500;

/** Chart.yaml of one of many charts. */
function chartOf(name: string, version: string): object {
  const site = `https://example.com/charts/${name}`;
  return {
    ...{ apiVersion: "v2", name, version, appVersion: version, home: site, icon: `${site}/icon.png` },
    description: "A chart of many, with a sentence about it that is as long as such sentences are",
    ...{ keywords: ["one", "two", "three"], sources: [`${site}/source`, `${site}/mirror`] },
    maintainers: [{ name: "Somebody", email: "somebody@example.com" }],
    annotations: { category: "Infrastructure", licenses: "Apache-2.0" },
  };
}

/** The archive of one of many charts. */
export const archiveOf = (name: string, version: string): Promise<Uint8Array> =>
  chartArchive(sampleChart({ "Chart.yaml": JSON.stringify(chartOf(name, version)) })); // JSON is YAML

/** The names and versions of so many, a hundred of each chart. */
export const chartsOf = (versions: number): { name: string; version: string }[] =>
  Array.from({ length: versions }, (_, i) => ({
    name: `chart-${Math.floor(i / 100)}`,
    version: `${Math.floor((i % 100) / 10)}.${i % 10}.0`,
  }));

/** What a push of a chart and the reading of its archive tell the catalog; its bytes are nowhere. */
function commandsOf(prefix: string, name: string, version: string, created: number): Command[] {
  const archive = blobOf(`${name} ${version}`);
  const image = chartImage(archive);
  const repository = nameOf(`${prefix}/${name}`);
  const content = archive.descriptor.digest;
  const metadata = parseConfig(jsonBytes(chartOf(name, version)));
  const entry = indexEntry(metadata, content, [archiveUrl(metadata)]);
  const texts = { images: [], readme: undefined, values: undefined, schema: undefined };
  return [
    ...image.blobs.map((blob) => linkBlob(repository, blob)),
    { ...putManifest(repository, image, [version]), chart: { content, created } },
    { kind: "put-facts", content, facts: { name, version, entry, ...texts } },
  ];
}

/** Push a chart, as far as the catalog knows. */
export async function pushFabricated(
  catalog: Catalog,
  prefix: string,
  name: string,
  version: string,
): Promise<void> {
  for (const command of commandsOf(prefix, name, version, Date.now())) await catalog.apply(command);
}

/** Fill a catalog with versions of charts, a hundred of each. */
export async function fabricateCharts(catalog: Catalog, prefix: string, versions: number): Promise<void> {
  const began = Date.UTC(2020, 0, 1);
  const charts = chartsOf(versions);
  for (let at = 0; at < versions; at += atOnce) {
    const commands = charts
      .slice(at, at + atOnce)
      .flatMap(({ name, version }, i) => commandsOf(prefix, name, version, began + (at + i) * 60_000));
    await Promise.all(commands.map((command) => catalog.apply(command)));
  }
}
