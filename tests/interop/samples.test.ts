import { expect } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { limiter } from "../../src/oci/limiter.ts";
import { samples } from "../../src/testing/samples.ts";
import { digestOfFile, ours, treeOf } from "./charts.ts";
import { type Bench, interop } from "./support.ts";

/** Charts at once; more only wait for the machine. */
const parallel = 4;

/** What stands in a folder of the samples, as sorted absolute paths. */
async function paths(folder: string, wanted: (name: string) => boolean = () => true): Promise<string[]> {
  const names = await readdir(join(samples()!, folder));
  return names
    .filter(wanted)
    .toSorted()
    .map((name) => join(samples()!, folder, name));
}

/**
 * Save, push, remove, pull and export a chart, and let Helm pull it: the bytes stay, and the tree is the one that Helm unpacks.
 * @returns the layer's digest
 */
async function circle(bench: Bench, host: string, path: string): Promise<string> {
  const repository = `${host}/${basename(path).replace(/\W+/g, "-").toLowerCase()}`;
  const saved = await ours(bench, "chart", "save", path, repository);
  const { ref, name, digest } = saved;
  expect(await ours(bench, "chart", "push", ref)).toMatchObject({ status: "pushed", digest });
  await bench.done("chartroom", ["chart", "remove", ref]);
  const pulled = await ours(bench, "chart", "pull", ref);
  expect(pulled).toMatchObject({ status: "downloaded", digest, manifest: saved.manifest });

  const [exported, untarred] = [`${basename(path)}-exported`, `${basename(path)}-untarred`];
  await ours(bench, "chart", "export", ref, "-d", exported);
  await bench.done("helm4", ["pull", `oci://${ref}`, "--plain-http", "--untar", "--untardir", untarred]);
  const tree = await treeOf(bench.path(untarred, name));
  expect(Object.keys(tree)).toContain("Chart.yaml");
  expect(await treeOf(bench.path(exported, name))).toEqual(tree);
  return digest;
}

interop(
  "chart directories as their authors keep them go the whole circle",
  ["helm4", "samples"],
  async (bench) => {
    const { host } = await bench.chartroom();
    const charts = await paths("sources", (name) => name !== "LICENSE");
    expect(charts).toHaveLength(4);
    for (const chart of [...charts, ...(await paths("helm-fixtures/sources"))])
      await circle(bench, host, chart);
    expect(await bench.done("chartroom", ["chart", "check"])).toEndWith(": whole\n");
  },
);

interop(
  "odd archives go the whole circle where Helm reads them, and where it does not we refuse them too",
  ["helm4", "samples"],
  async (bench) => {
    const { host } = await bench.chartroom();
    const refused: string[] = [];
    for (const path of await paths("helm-fixtures/archives")) {
      const { exitCode } = await bench.run("helm4", ["show", "chart", path]);
      if (exitCode === 0) expect(await circle(bench, host, path)).toBe(await digestOfFile(path));
      else {
        expect(await bench.run("chartroom", ["chart", "save", path, `${host}/x:1`])).toMatchObject({
          exitCode: 1,
        });
        refused.push(basename(path));
      }
    }
    expect(refused).toEqual(["corrupted-compressed-chart.tgz", "empty-0.0.1.tgz"]);
  },
);

interop(
  "archives of a published repository go the whole circle, several at a time",
  ["helm4", "samples"],
  async (bench) => {
    const { host } = await bench.chartroom();
    const whole = await paths("keda", (name) => name.endsWith(".tgz"));
    expect(whole).toHaveLength(106);
    // Each third: all of them go by our own client alone in tests/cli/samples.test.ts.
    const archives = whole.filter((_, i) => i % 3 === 0);
    const limit = limiter(parallel);
    const digests = await Promise.all(archives.map((path) => limit(() => circle(bench, host, path))));
    expect(digests).toEqual(await Promise.all(archives.map(digestOfFile)));
    const { entries }: { entries: Record<string, { digest: string }[]> } = parse(
      await readFile(join(samples()!, "keda/index.yaml"), "utf8"),
    );
    const published = Object.values(entries).flatMap((rows) => rows.map(({ digest }) => `sha256:${digest}`));
    for (const digest of digests) expect(published).toContain(digest);
    expect(await bench.done("chartroom", ["chart", "check"])).toStartWith(`${archives.length} references, `);
  },
);
