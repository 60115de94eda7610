import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packChart } from "../chart/archive/pack.ts";

/** A chart's files by path, relative to the chart. */
export type ChartFiles = Readonly<Record<string, string | Uint8Array>>;

/** A small chart as `helm create` might begin one; what `files` gives replaces or adds. */
export const sampleChart = (files: ChartFiles = {}): ChartFiles => ({
  "Chart.yaml": "apiVersion: v2\nname: mychart\nversion: 0.1.0\ndescription: A sample chart\n",
  "values.yaml": "replicas: 1\n",
  "templates/deployment.yaml": "kind: Deployment\nreplicas: {{ .Values.replicas }}\n",
  "templates/NOTES.txt": "Thank you for installing {{ .Chart.Name }}.\n",
  ...files,
});

/** The `.tgz` of a chart, packed as `chart save` packs it. */
export async function chartArchive(files: ChartFiles = sampleChart()): Promise<Uint8Array> {
  return withDirectory(async (directory) => {
    await writeChart(directory, files);
    return (await packChart(directory)).archive;
  });
}

/** Write a chart's files into a directory, made where it is missing. */
export async function writeChart(directory: string, files: ChartFiles = sampleChart()): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

/** Run `use` with a new directory, and take it away afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "chartroom-test-"));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
