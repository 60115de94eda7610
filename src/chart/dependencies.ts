import { ChartroomError } from "../oci/errors.ts";
import { type ChartArchive, openArchive } from "./archive/archive.ts";
import type { ChartFile } from "./archive/files.ts";
import { parseMetadata } from "./chartYaml.ts";

/**
 * A sentence for each dependency that Chart.yaml (or requirements.yaml) names and `charts/` does not have. Such a chart can
 * be saved, as it could with Helm 3.0, but not installed before someone fetches them.
 */
export async function missingDependencies({ metadata, files }: ChartArchive): Promise<string[]> {
  const missing = new Set(metadata.dependencies.map(({ name }) => name));
  // One after the other: each archive may unpack to 100 MiB.
  for (const file of files) {
    if (missing.size === 0) break;
    missing.delete((await subchartName(file)) ?? "");
  }
  return metadata.dependencies
    .filter(({ name }) => missing.has(name))
    .map(({ name }) => `the dependency "${name}" is named by the chart but is not in its charts/ directory`);
}

/** The name of the subchart that a file brings: its Chart.yaml, or its archive. One that does not open brings none. */
async function subchartName({ path, bytes }: ChartFile): Promise<string | undefined> {
  // Helm passes over what begins with `_` or `.` in charts/.
  const subchart = /^charts\/[^_./][^/]*(?<kind>\.tgz|\/Chart\.yaml)$/.exec(path);
  if (subchart === null) return undefined;
  try {
    const metadata =
      subchart.groups?.kind === ".tgz" ? (await openArchive(bytes)).metadata : parseMetadata(bytes);
    return metadata.name;
  } catch (error) {
    if (error instanceof ChartroomError) return undefined;
    throw error;
  }
}
