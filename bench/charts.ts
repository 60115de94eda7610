import type { Catalog } from "../src/catalog/catalog.ts";
import type { Command } from "../src/catalog/command.ts";
import { parseConfig } from "../src/chart/config.ts";
import { archiveUrl, indexEntry } from "../src/chart/indexEntry.ts";
import { jsonBytes } from "../src/oci/json.ts";
import { blobOf } from "../src/testing/artifacts.ts";
import { chartImage } from "../src/testing/chartImages.ts";
import { linkBlob, nameOf, putManifest } from "../src/testing/commands.ts";

/** Charts put into a catalog at once. */
const atOnce = 500;

/** What a push of a chart and the reading of its archive tell the catalog; its bytes are nowhere. */
function commandsOf(prefix: string, name: string, version: string, created: number): Command[] {
  const archive = blobOf(`${name} ${version}`);
  const image = chartImage(archive);
  const repository = nameOf(`${prefix}/${name}`);
  const content = archive.descriptor.digest;
  const site = `https://example.com/charts/${name}`;
  const metadata = parseConfig(
    jsonBytes({
      ...{ apiVersion: "v2", name, version, appVersion: version, home: site, icon: `${site}/icon.png` },
      description: "A chart of many, with a sentence about it that is as long as such sentences are",
      ...{ keywords: ["one", "two", "three"], sources: [`${site}/source`, `${site}/mirror`] },
      maintainers: [{ name: "Somebody", email: "somebody@example.com" }],
      annotations: { category: "Infrastructure", licenses: "Apache-2.0" },
    }),
  );
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
  for (let at = 0; at < versions; at += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, versions - at) }, (_, i) => at + i);
    const commands = some.flatMap((i) => {
      const version = `${Math.floor((i % 100) / 10)}.${i % 10}.0`;
      return commandsOf(prefix, `chart-${Math.floor(i / 100)}`, version, began + i * 60_000);
    });
    await Promise.all(commands.map((command) => catalog.apply(command)));
  }
}
