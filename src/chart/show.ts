import { type ChartArchive, openArchive, unpackedBytes } from "./archive/archive.ts";
import type { ChartFile } from "./archive/files.ts";
import { configBytes } from "./config.ts";
import { goYamlText } from "./go/yamlText.ts";
import type { Metadata } from "./metadata.ts";

/** Chart.yaml as Helm prints it: not the file, but what was understood of it. */
export const chartYamlOf = (metadata: Metadata): string =>
  goYamlText(JSON.parse(new TextDecoder().decode(configBytes(metadata))));

const textOf = (file: ChartFile): string => new TextDecoder().decode(unpackedBytes(file));

/** The chart's values.yaml; undefined when it has none. */
export function valuesOf({ files }: ChartArchive): string | undefined {
  const file = files.find(({ path }) => path === "values.yaml");
  return file && textOf(file);
}

/** The first file that is a README (helm `findReadme`). */
export function readmeOf({ files }: ChartArchive): string | undefined {
  const file = files.find(({ path }) => /^readme(?:\.md|\.txt)?$/i.test(path));
  return file && textOf(file);
}

/**
 * The files of `crds/`, those of the charts below after the chart's own (helm `CRDObjects`). Helm takes the charts below in
 * no order; here it is that of their names.
 * @throws HostileArchive for an archive below that is one
 */
export async function crdsOf({ files }: Pick<ChartArchive, "files">): Promise<string[]> {
  const own = files.filter(({ path }) => /^crds\/.*\.(?:ya?ml|json)$/i.test(path)).map(textOf);
  const below = new Map<string, ChartFile[]>();
  for (const file of files) {
    const [, name, inner] = /^charts\/([^/_.][^/]*)(?:\/(.+))?$/.exec(file.path) ?? [];
    if (name === undefined) continue;
    const path = (inner ?? "") as ChartFile["path"];
    below.set(name, [...(below.get(name) ?? []), { ...file, path }]);
  }
  for (const [name, inside] of [...below].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const archive = inside.find(({ path }) => path === "");
    if (archive === undefined) own.push(...(await crdsOf({ files: inside })));
    else if (name.endsWith(".tgz")) own.push(...(await crdsOf(await openArchive(archive.bytes))));
  }
  return own;
}
