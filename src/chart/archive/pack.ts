import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "fflate/browser";
import { ChartroomError } from "../../oci/errors.ts";
import { parseMetadata } from "../chartYaml.ts";
import type { ChartArchive } from "./archive.ts";
import { ArchivePaths } from "./archivePaths.ts";
import type { ChartFile } from "./files.ts";
import { HostileArchive } from "./hostile.ts";
import { IgnoreRules } from "./ignore.ts";
import { helmLimits } from "./limits.ts";
import type { ChartPath } from "./paths.ts";
import { strayInCharts } from "./subcharts.ts";
import { writeTar } from "./tarWriter.ts";
import { findFiles } from "./tree.ts";

/** A chart packed from its directory. */
export interface PackedChart extends ChartArchive {
  /** The `.tgz`. */
  readonly archive: Uint8Array;
}

/**
 * Pack a chart's directory. The same files give the same bytes on every machine: nothing of clock, owner, modes, locale or
 * the directory's own order gets in. Files are taken verbatim, subcharts as they are, and what `.helmignore` names is left
 * out; `.helmignore` itself stays, as with Helm.
 * @param directory its name does not matter: inside the archive it is the chart's name
 * @throws ChartroomError `invalid` when it is no chart, or not one that Helm could open; errors of `node:fs` as they are
 */
export async function packChart(directory: string): Promise<PackedChart> {
  const ignoreFile = await readIfThere(join(directory, ".helmignore"));
  const rules = IgnoreRules.parse(new TextDecoder().decode(ignoreFile));
  const found = await findFiles(directory, rules, helmLimits);
  const contents = new Map<string, Uint8Array>();
  for (const { path, place } of found.sort(chartYamlFirst)) contents.set(path, await readFile(place));
  const chartYaml = contents.get("Chart.yaml");
  if (chartYaml === undefined)
    throw new ChartroomError("invalid", `Cannot read chart "${directory}": it has no Chart.yaml`, {
      hint: "Give the directory that holds it; `helm create NAME` makes a new chart.",
    });
  const stray = strayInCharts(new Set(contents.keys()));
  if (stray !== undefined)
    throw new ChartroomError(
      "invalid",
      `Cannot pack the chart: ${JSON.stringify(stray)} belongs to no subchart, and Helm could not open the chart`,
      { hint: "Name it in .helmignore, or take it out of charts/." },
    );

  const metadata = parseMetadata(chartYaml, contents.get("requirements.yaml"));
  const paths = new ArchivePaths(helmLimits.entries);
  const files = [...contents].map(
    ([path, bytes]): ChartFile => ({ path: placed(paths, `${metadata.name}/${path}`), bytes }),
  );
  const tar = writeTar(files.map(({ path, bytes }) => ({ name: `${metadata.name}/${path}`, bytes })));
  // fflate: pure JavaScript, so its bytes depend on no runtime and no CPU; its version is pinned, and a golden digest
  // guards it. mtime 0 leaves the clock out of the header. Of fflate's entries the browser's, with the same packing: the
  // other one loads node's worker threads, which takes 4 ms.
  return { archive: gzipSync(tar, { level: 6, mtime: 0 }), metadata, files };
}

/** A file's place in the archive. The rules are the reader's, but who packs a directory is not told of an archive. */
function placed(paths: ArchivePaths, name: string): ChartPath {
  try {
    return paths.add(name);
  } catch (error) {
    if (!(error instanceof HostileArchive)) throw error;
    throw new ChartroomError("invalid", `Cannot pack the chart: ${error.why}`, {
      hint: "Give the file another name, or name it in .helmignore.",
      cause: error,
    });
  }
}

/** Chart.yaml first, so that a reader soon knows what it has; then by the bytes of the path, which no locale sorts otherwise. */
function chartYamlFirst(a: { path: string }, b: { path: string }): number {
  const first = Number(b.path === "Chart.yaml") - Number(a.path === "Chart.yaml");
  return first || Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
