import { expect } from "bun:test";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { digestOf } from "../../src/oci/digest.ts";
import { chartArchive, sampleChart } from "../../src/testing/charts.ts";
import type { Bench } from "../bench.ts";
import { jsonOf, onBench, refused } from "./cli.ts";

const archiveOf = (name: string, version: string) =>
  chartArchive(
    sampleChart({
      "Chart.yaml": `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: "A: chart"\n`,
    }),
  );

/** Publish charts below `team/` by the classic door. */
async function published(
  bench: Bench,
  ...charts: (readonly [name: string, version: string])[]
): Promise<string> {
  const { host } = await bench.chartroom();
  for (const [name, version] of charts) {
    const body = new Blob([(await archiveOf(name, version)) as Uint8Array<ArrayBuffer>]);
    const response = await fetch(`http://${host}/charts/api/team/charts`, { method: "POST", body });
    expect(response.status).toBe(201);
  }
  return host;
}

interface Index {
  readonly entries: Record<string, { version: string; urls: string[]; digest: string; created?: string }[]>;
}
const indexIn = async (bench: Bench, folder: string) =>
  Bun.YAML.parse(await readFile(bench.path(folder, "index.yaml"), "utf8")) as Index;

onBench("repo index names charts where they are, newest first, and fetches no archive", async (bench) => {
  const host = await published(bench, ["app", "1.2.0"], ["app", "1.10.0+b"], ["db", "0.1.0"]);
  const told = await jsonOf(bench, ["repo", "index", `${host}/team`, "site"]);
  expect(told).toEqual({ path: "site/index.yaml", charts: 2, versions: 3 });
  expect(await readdir(bench.path("site"))).toEqual(["index.yaml"]);
  const { entries } = await indexIn(bench, "site");
  expect(Object.keys(entries)).toEqual(["app", "db"]);
  expect(entries.app?.map(({ version, urls }) => [version, ...urls])).toEqual([
    ["1.10.0+b", `oci://${host}/team/app:1.10.0_b`],
    ["1.2.0", `oci://${host}/team/app:1.2.0`],
  ]);
  expect(`sha256:${entries.db?.[0]?.digest}`).toBe(digestOf(await archiveOf("db", "0.1.0")));
});

onBench(
  "repo index --archives writes a site that migrates back, to the byte; again it changes nothing",
  async (bench) => {
    const host = await published(bench, ["app", "1.2.0"], ["db", "0.1.0"]);
    const run = () => bench.done("chartroom", ["repo", "index", `${host}/team/`, "site", "--archives"]);
    expect(await run()).toBe("2 versions of 2 charts: site/index.yaml\n");
    const files = async () =>
      Promise.all(
        (await readdir(bench.path("site")))
          .toSorted()
          .map(async (name) => [name, digestOf(await readFile(bench.path("site", name)))]),
      );
    const before = await files();
    expect(before.map(([name]) => name)).toEqual(["app-1.2.0.tgz", "db-0.1.0.tgz", "index.yaml"]);
    await run();
    expect(await files()).toEqual(before);
    const { host: other } = await bench.chartroom();
    expect(await bench.done("chartroom", ["migrate", "./site", `${other}/back`])).toContain("2 migrated");
    const url = "https://charts.example.com/here";
    await bench.done("chartroom", ["repo", "index", `${host}/team`, "site", "--archives", "--url", url]);
    expect((await indexIn(bench, "site")).entries.app?.[0]?.urls).toEqual([`${url}/app-1.2.0.tgz`]);
  },
);

onBench(
  "repo index leaves out and tells what is not under its version, and refuses two charts of one name",
  async (bench) => {
    const host = await published(bench, ["app", "1.2.0"]);
    await bench.done("chartroom", ["copy", `${host}/team/app:1.2.0`, `${host}/team/app:latest`]);
    const { exitCode, stdout, stderr } = await bench.run("chartroom", [
      "repo",
      "index",
      `${host}/team`,
      "site",
    ]);
    expect([exitCode, stdout]).toEqual([0, "1 version of 1 chart: site/index.yaml\n"]);
    expect(stderr).toContain("team/app:latest is left out: it is version 1.2.0, which is not the tag");
    await bench.done("chartroom", ["chart", "save", "mychart", `${host}/other/app:1.2.0`]);
    await writeFile(bench.path("mychart", "Chart.yaml"), "apiVersion: v2\nname: app\nversion: 1.2.0\n");
    await bench.done("chartroom", ["chart", "save", "mychart", `${host}/other/app:1.2.0`]);
    await bench.done("chartroom", ["chart", "push", `${host}/other/app:1.2.0`]);
    expect(await refused(bench, "repo", "index", `${host}/`, "site")).toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(/^Two charts are called app 1\.2\.0: /),
    });
  },
);

onBench("repo index refuses what it cannot mean", async (bench) => {
  const { host } = await bench.chartroom();
  expect(await refused(bench, "repo", "index", `${host}/none`, "site")).toMatchObject({ exitCode: 3 });
  expect(await refused(bench, "repo", "index", `${host}/none`, "site", "--url", "https://x")).toMatchObject({
    exitCode: 2,
  });
  const ftp = ["--archives", "--url", "ftp://x"];
  expect(await refused(bench, "repo", "index", `${host}/none`, "site", ...ftp)).toMatchObject({
    exitCode: 2,
  });
});
