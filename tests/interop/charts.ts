import { copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../src/oci/digest.ts";
import { type ChartFiles, chartArchive, sampleChart, writeChart } from "../../src/testing/charts.ts";
import { samples } from "../../src/testing/samples.ts";
import type { Bench } from "./support.ts";

/** What `-o json` of save, push, pull and export prints, as far as tests ask for it. */
export interface ChartJson {
  readonly ref: string;
  readonly name: string;
  readonly version: string;
  readonly status: string;
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
  readonly manifest: { readonly digest: string; readonly size: number };
  readonly provenance: { readonly digest: string } | null;
  readonly path?: string;
}

/** The `Chart.yaml` of `mychart`. */
export const chartYaml = (version: string, more = ""): string =>
  `apiVersion: v2\nname: mychart\nversion: ${version}\ndescription: For people & <machines>\n${more}`;

/**
 * A chart that is easily packed or unpacked wrongly: a subchart as an archive and one as a directory, its dependencies'
 * lock, an empty file, bytes that are no text, a byte order mark, line ends of another system, names with blanks.
 */
export async function awkwardChart(version = "0.1.0"): Promise<ChartFiles> {
  const dependencies = ["alpha", "beta"].map(
    (name) => `- name: ${name}\n  version: 1.0.0\n  repository: ""\n`,
  );
  const subchart = (name: string) => ({ "Chart.yaml": `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n` });
  return sampleChart({
    "Chart.yaml": chartYaml(version, `dependencies:\n${dependencies.join("")}`),
    "Chart.lock": `dependencies:\n${dependencies.join("")}digest: sha256:${"0".repeat(64)}\ngenerated: "2026-01-01T00:00:00Z"\n`,
    "README.md": "\ufeff# A chart\r\n",
    "charts/alpha-1.0.0.tgz": await chartArchive(subchart("alpha")),
    "charts/beta/Chart.yaml": subchart("beta")["Chart.yaml"],
    "crds/thing.yaml": "kind: CustomResourceDefinition\n",
    "files/empty": "",
    "files/noise.bin": Uint8Array.from({ length: 256 }, (_, byte) => byte),
    "files/with blanks.txt": "no line end",
  });
}

/** Write a chart into a new folder of the bench, and give the folder's path. */
export async function writtenChart(bench: Bench, folder: string, files: ChartFiles): Promise<string> {
  const path = bench.path("sources", folder);
  await writeChart(path, files);
  return path;
}

/** An archive as a file of the bench, for a foreign client to push. */
export async function archiveFile(bench: Bench, name: string, archive: Uint8Array): Promise<string> {
  const path = bench.path(name);
  await Bun.write(path, archive);
  return path;
}

/** Every file below a folder, by its path from there, as the digest of its bytes. */
export async function treeOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  const rows = files
    .toSorted()
    .map(async (file) => [file.slice(folder.length + 1), await digestOfFile(file)] as const);
  return Object.fromEntries(await Promise.all(rows));
}

/** The sha256 of a file's bytes, as a digest. */
export const digestOfFile = async (path: string): Promise<string> => digestOf(await readFile(path));

/** Our command with `-o json`, which must succeed. */
export async function ours(bench: Bench, ...args: string[]): Promise<ChartJson> {
  return JSON.parse(await bench.done("chartroom", [...args, "-o", "json"]));
}

/** Our store's default place in the bench. */
export const storeOf = (bench: Bench): string => bench.path("home/.cache/helm/registry/cache");

/** Save awkward charts of these versions into a repository of our store, and give what save said. */
export async function savedCharts<Versions extends readonly string[]>(
  bench: Bench,
  repository: string,
  ...versions: Versions
): Promise<{ [each in keyof Versions]: ChartJson }> {
  const saved: ChartJson[] = [];
  for (const version of versions) {
    const source = await writtenChart(bench, `${version}/mychart`, await awkwardChart(version));
    saved.push(await ours(bench, "chart", "save", source, repository));
  }
  return saved as { [each in keyof Versions]: ChartJson };
}

/** The names that our list shows, sorted; one that is bad is shown with what is wrong. */
export async function listed(bench: Bench, store?: string): Promise<string[]> {
  const args = ["chart", "list", "-o", "json", ...(store === undefined ? [] : ["--store", store])];
  const rows: { ref: string; error?: { message: string } }[] = JSON.parse(
    await bench.done("chartroom", args),
  );
  return rows.map(({ ref, error }) => (error === undefined ? ref : `${ref}: ${error.message}`));
}

/** A signed chart, its provenance beside it, and the key to verify it with. */
export interface Signed {
  readonly name: string;
  readonly version: string;
  /** The archive; its `.prov` stands beside it. */
  readonly archive: string;
  readonly keyring: string;
}

/** The signed charts of Helm's own tests, copied into the bench; the test needs "samples". */
export async function signedCharts(bench: Bench): Promise<Signed[]> {
  const folder = bench.path("signed");
  await mkdir(folder);
  const from = join(samples()!, "helm-fixtures/signed");
  for (const file of await readdir(from)) await copyFile(join(from, file), join(folder, file));
  return [
    { name: "signtest", version: "0.1.0" },
    { name: "hashtest", version: "1.2.3" },
  ].map(({ name, version }) => ({
    name,
    version,
    archive: join(folder, `${name}-${version}.tgz`),
    keyring: join(folder, "helm-test-key.pub"),
  }));
}
