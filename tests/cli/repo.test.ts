import { expect } from "bun:test";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { digestOf, hexOf } from "../../src/oci/digest.ts";
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

/** A folder of archives, one of them below, and an older index that has one of them and others. */
async function folderOfArchives(bench: Bench): Promise<void> {
  await mkdir(bench.path("site/older"), { recursive: true });
  await writeFile(bench.path("site/app-1.2.0.tgz"), await archiveOf("app", "1.2.0"));
  await writeFile(bench.path("site/older/app-1.0.0.tgz"), await archiveOf("app", "1.0.0"));
  await writeFile(bench.path("site/broken-1.0.0.tgz"), "no archive");
  const entry = (version: string, digest: string, more = "") =>
    `  - apiVersion: v2\n    name: app\n    version: ${version}\n    created: "2020-01-02T03:04:05Z"\n    digest: ${digest}\n    urls: [old/app.tgz, 'https://e.com/app.tgz']\n${more}`;
  const same = hexOf(digestOf(await archiveOf("app", "1.2.0")));
  const gone = entry(
    "0.9.0",
    "abc",
    "    description: 'Gone: here'\n    keywords:\n    - one\n    removed: true\n",
  );
  const bad = "  - version: x\n    name: app\n";
  const text = `apiVersion: v1\nentries:\n  app:\n${entry("1.2.0", same)}${entry("1.0.0", "def")}${gone}${bad}  zed:\n${gone.replace("app", "zed")}`;
  await writeFile(bench.path("old.yaml"), text);
}

onBench("repo index DIR lists a directory's archives and keeps what an index has beside", async (bench) => {
  await folderOfArchives(bench);
  const args = ["repo", "index", "site", "--url", "https://e.com/here", "--merge", "old.yaml"];
  const { stdout, stderr } = await bench.run("chartroom", args);
  expect(stdout).toBe("4 versions of 2 charts: site/index.yaml\n");
  expect(stderr).toContain("broken-1.0.0.tgz is left out: ");
  expect(stderr).toContain(
    'app is left out: Cannot read the entry of app at line 26 of the index: the version "x"',
  );
  const { entries } = await indexIn(bench, "site");
  expect(entries.app?.map(({ version, urls, created }) => [version, urls[0], created?.slice(0, 4)])).toEqual([
    ["1.2.0", "https://e.com/here/app-1.2.0.tgz", "2020"],
    ["1.0.0", "https://e.com/here/older/app-1.0.0.tgz", expect.not.stringMatching(/^2020$/)],
    ["0.9.0", "old/app.tgz", "2020"],
  ]);
  expect(entries.zed?.[0]).toMatchObject({ digest: "abc", removed: true, description: "Gone: here" });
  const written = await readFile(bench.path("site/index.yaml"), "utf8");
  await bench.done("chartroom", [...args.slice(0, -1), "site/index.yaml"]);
  expect(await readFile(bench.path("site/index.yaml"), "utf8")).toBe(written);
  await bench.done("chartroom", [...args, "--json"]);
  const json = JSON.parse(await readFile(bench.path("site/index.yaml"), "utf8"));
  expect(json).toMatchObject(Bun.YAML.parse(written) as object);
});

onBench(
  "repo index DIR takes an index that is not there yet for an empty one, and no place for a directory",
  async (bench) => {
    await folderOfArchives(bench);
    const { stdout, stderr } = await bench.run("chartroom", [
      "repo",
      "index",
      "site",
      "--merge",
      "none.yaml",
    ]);
    expect(stdout).toContain("2 versions of 1");
    expect(stderr).toContain("nothing is kept beside: none.yaml is not there");
    const folder = await refused(bench, "repo", "index", "site", "--merge", "site");
    expect(folder).toMatchObject({ exitCode: 2, message: expect.stringContaining("Cannot merge site:") });
    expect(await refused(bench, "repo", "index", "site", "--archives")).toMatchObject({ exitCode: 2 });
    expect(await refused(bench, "repo", "index", "localhost:5000/team")).toMatchObject({ exitCode: 3 });
    expect(await refused(bench, "repo", "index", "site", "--merge", "site/app-1.2.0.tgz")).toMatchObject({
      exitCode: 1,
    });
  },
);

onBench(
  "what Artifact Hub is told goes in with a site, out beside the index, and in again",
  async (bench) => {
    const { host } = await bench.chartroom();
    const told = "repositoryID: 5c1bb5ae\nowners:\n- name: a\n  email: a@example.com\n";
    await mkdir(bench.path("old"));
    for (const name of ["app", "db"])
      await writeFile(bench.path(`old/${name}-1.0.0.tgz`), await archiveOf(name, "1.0.0"));
    await writeFile(bench.path("old/artifacthub-repo.yml"), told);
    await bench.done("chartroom", ["migrate", "./old", `${host}/team`]);
    const url = `http://${host}/charts/team/artifacthub-repo.yml`;
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-yaml"]);
    expect(await answer.text()).toBe(told);
    const known = { "if-none-match": answer.headers.get("etag") ?? "" };
    expect((await fetch(url, { headers: known })).status).toBe(304);
    await bench.done("chartroom", ["repo", "index", `${host}/team`, "new", "--archives"]);
    expect(await readFile(bench.path("new/artifacthub-repo.yml"), "utf8")).toBe(told);
    for (const source of ["./new", `http://${host}/charts/team`]) {
      const { host: other } = await bench.chartroom();
      expect(await bench.done("chartroom", ["migrate", source, `${other}/b`])).toContain(
        "artifacthub-repo.yml for 2 charts",
      );
    }
    // A chart with an owner of its own: there is none for all any more.
    await writeFile(bench.path("old/artifacthub-repo.yml"), "owners: []\n");
    await writeFile(bench.path("old/zed-1.0.0.tgz"), await archiveOf("zed", "1.0.0"));
    await bench.done("chartroom", ["migrate", "./old", `${host}/team`]);
    expect((await fetch(url)).status).toBe(404);
    const { stderr } = await bench.run("chartroom", ["repo", "index", `${host}/team`, "third"]);
    expect(stderr).toContain("artifacthub-repo.yml is not written: charts have different ones");
  },
);
