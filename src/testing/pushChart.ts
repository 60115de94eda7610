import { openArchive } from "../chart/archive/archive.ts";
import { packForPush } from "../chart/packed.ts";
import { copy } from "../oci/copy.ts";
import type { Digest } from "../oci/digest.ts";
import { parseTag } from "../oci/reference.ts";
import type { Registry } from "../registry/registry.ts";
import { chartArchive, sampleChart } from "./charts.ts";
import { nameOf } from "./commands.ts";

/** A chart to push; unsaid, it is what its repository and its version call it. */
export interface PushedChart {
  readonly name?: string;
  readonly version?: string;
  readonly tag?: string;
  readonly description?: string;
  /** RFC 3339 */
  readonly created?: string;
}

/** Push a sample chart into a registry as `chart push` does, and give its archive's digest. */
export async function pushChart(
  registry: Registry,
  repository: string,
  {
    name = repository.split("/").at(-1)!,
    version = "0.1.0",
    tag = version,
    description = "A sample chart",
    created,
  }: PushedChart,
): Promise<Digest> {
  const chartYaml = `apiVersion: v2\nname: ${JSON.stringify(name)}\nversion: ${version}\ndescription: ${JSON.stringify(description)}\n`;
  const archive = await chartArchive(sampleChart({ "Chart.yaml": chartYaml }));
  const { metadata } = await openArchive(archive);
  const packed = packForPush({ metadata, archive, provenance: undefined }, created);
  await copy(packed.source, registry.repository(nameOf(repository)), packed.manifest, {
    tags: [parseTag(tag)],
    expect: "any",
  });
  return packed.content;
}
