import { expect, test } from "bun:test";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parse } from "yaml";
import { limiter } from "../../src/oci/limiter.ts";
import { samples } from "../../src/testing/samples.ts";
import { type Bench, withBench } from "../bench.ts";
import { digestOfFile, treeOf } from "../interop/charts.ts";
import { jsonOf } from "./cli.ts";

const folder = samples() ?? "";

/** A test on real charts; skipped where they are not. */
const onSamples = (name: string, body: (bench: Bench, host: string) => Promise<void>) =>
  test.if(folder !== "")(
    folder === "" ? `${name} (missing: samples)` : name,
    () => withBench(async (bench) => body(bench, (await bench.chartroom()).host)),
    120_000,
  );

interface Chart {
  readonly ref: string;
  readonly name: string;
  readonly version: string;
  readonly status: string;
  readonly digest: string;
  readonly manifest: object;
  readonly provenance: { readonly digest: string } | null;
  readonly path: string;
}

/** Save, push, remove and pull a chart, and export it to a folder of its own: nothing changes on the way. */
async function circle(bench: Bench, host: string, path: string): Promise<Chart> {
  const own = basename(path).replace(/\W+/g, "-").toLowerCase();
  const chart = (...args: string[]) => jsonOf<Chart>(bench, ["chart", ...args]);
  const saved = await chart("save", path, `${host}/samples/${own}`);
  const { ref, digest, manifest } = saved;
  expect(await chart("push", ref)).toMatchObject({ status: "pushed", digest, manifest });
  await bench.done("chartroom", ["chart", "remove", ref]);
  expect(await chart("pull", ref)).toMatchObject({ status: "downloaded", digest, manifest });
  return chart("export", ref, "-d", own);
}

/** Each of `items` through `work`, as many at once as keep a small machine busy; after a failure too, all have ended. */
async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const limit = limiter(4);
  const results = items.map((item) => limit(() => work(item)));
  await Promise.allSettled(results);
  return Promise.all(results);
}

onSamples("chart directories come back as they were, and pack to the same digest", async (bench, host) => {
  const sources = (await readdir(join(folder, "sources"))).filter((name) => name !== "LICENSE");
  expect(sources).toHaveLength(4);
  await inBatches(sources, async (source) => {
    const { path, digest, ref } = await circle(bench, host, join(folder, "sources", source));
    const [given, got] = [
      await treeOf(join(folder, "sources", source)),
      await treeOf(resolve(bench.folder, path)),
    ];
    expect(Object.keys(got)).toContain("Chart.yaml");
    for (const [file, bytes] of Object.entries(got)) expect([file, given[file]]).toEqual([file, bytes]);
    // What is not there is what .helmignore keeps out: packed again, nothing more is.
    expect(await jsonOf<Chart>(bench, ["chart", "save", path, ref])).toMatchObject({
      status: "unchanged",
      digest,
    });
  });
  await bench.done("chartroom", ["chart", "check"]);
});

onSamples(
  "archives of a published repository keep their bytes, and unpack as tar does it",
  async (bench, host) => {
    const archives = (await readdir(join(folder, "keda"))).filter((name) => name.endsWith(".tgz"));
    expect(archives).toHaveLength(106);
    const digests = await inBatches(archives, async (archive) => {
      const file = join(folder, "keda", archive);
      const { path, name, digest } = await circle(bench, host, file);
      expect(digest).toBe(await digestOfFile(file));
      const plain = bench.path("plain", archive);
      await mkdir(plain, { recursive: true });
      expect(Bun.spawnSync(["tar", "-xzf", file, "-C", plain]).success).toBe(true);
      expect(await treeOf(resolve(bench.folder, path))).toEqual(await treeOf(join(plain, name)));
      return digest;
    });
    const { entries }: { entries: Record<string, { digest: string }[]> } = parse(
      await readFile(join(folder, "keda/index.yaml"), "utf8"),
    );
    const published = Object.values(entries).flatMap((rows) => rows.map((row) => `sha256:${row.digest}`));
    expect(digests.toSorted()).toEqual(published.toSorted());
    expect(await bench.done("chartroom", ["chart", "check"])).toStartWith("106 references, ");
  },
);

onSamples(
  "signed charts keep their .prov on the whole way, and come out to the byte",
  async (bench, host) => {
    for (const name of ["signtest-0.1.0", "hashtest-1.2.3"]) {
      const file = join(folder, "helm-fixtures/signed", `${name}.tgz`);
      const saved = await jsonOf<Chart>(bench, ["chart", "save", file, `${host}/signed/${name}`]);
      expect(saved.provenance?.digest).toBe(await digestOfFile(`${file}.prov`));
      expect(await bench.done("chartroom", ["chart", "push", saved.ref])).toContain(" (2 layers, ");
      await bench.done("chartroom", ["chart", "remove", saved.ref]);
      await bench.done("chartroom", ["chart", "prune"]);
      await bench.done("chartroom", ["chart", "pull", saved.ref]);
      await bench.done("chartroom", ["chart", "export", saved.ref, "--archive", "-d", name]);
      expect(await treeOf(bench.path(name))).toEqual({
        [`${name}.tgz`]: await digestOfFile(file),
        [`${name}.tgz.prov`]: await digestOfFile(`${file}.prov`),
      });
      // In a tree the .prov has no place: it signs the archive.
      await bench.done("chartroom", ["chart", "export", saved.ref, "-d", `${name}-tree`]);
      expect(Object.keys(await treeOf(bench.path(`${name}-tree`))).join(" ")).not.toContain(".prov");
    }
  },
);
