import { describe, expect, test } from "bun:test";
import { cp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readIndex } from "../../src/migrate/readIndex.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { samples } from "../../src/testing/samples.ts";
import { type Bench, withBench } from "../bench.ts";
import { jsonOf, refusalOf } from "./cli.ts";
import { heldBelow } from "./held.ts";

const folder = samples() ?? "";
const keda = join(folder, "keda");

/** A test on real charts; skipped where they are not. */
const onSamples = (name: string, body: (bench: Bench, host: string) => Promise<void>) =>
  test.if(folder !== "")(
    folder === "" ? `${name} (missing: samples)` : name,
    () => withBench(async (bench) => body(bench, (await bench.chartroom()).host)),
    120_000,
  );

interface Report {
  readonly counts: Readonly<Record<string, number>>;
  readonly charts: readonly { ref: string; digest: string; status: string; manifest: string }[];
}
const migrate = (bench: Bench, ...args: string[]) => jsonOf<Report>(bench, ["migrate", ...args]);

/** What is to be held of keda: what its index says, and for each chart what its repository tells Artifact Hub. */
async function heldOfKeda(): Promise<Map<string, string>> {
  const rows = await rowsOfKeda();
  const metadata = digestOf(await readFile(join(keda, "artifacthub-repo.yml")));
  for (const name of new Set([...rows.keys()].map((row) => row.slice(0, row.indexOf(":")))))
    rows.set(`${name}:artifacthub.io`, metadata);
  return rows;
}

/** What keda's index says: each version's tag below its chart's name, and its digest. */
async function rowsOfKeda(): Promise<Map<string, string>> {
  const entries = readIndex(new Blob([await readFile(join(keda, "index.yaml"))]).stream());
  const rows = new Map<string, string>();
  for await (const each of entries)
    if ("row" in each) rows.set(`${each.row.name}:${each.row.version}`, each.row.digest ?? "");
  return rows;
}

/** A directory as a web server gives it, with tags; what it was asked. */
function serve(directory: string) {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      const file = Bun.file(join(directory, decodeURIComponent(pathname)));
      if (!(await file.exists())) return new Response("no", { status: 404 });
      const etag = `"${Bun.hash(await file.bytes())}"`;
      const same = request.headers.get("if-none-match") === etag;
      return new Response(same ? null : file, { status: same ? 304 : 200, headers: { etag } });
    },
  });
  return { url: `http://127.0.0.1:${server.port}/`, asked, [Symbol.asyncDispose]: () => server.stop(true) };
}

describe("the whole of a real repository", () => {
  onSamples(
    "goes over from its directory, every digest the index's, and moves but once",
    async (bench, host) => {
      const target = `oci://${host}/charts`;
      expect((await migrate(bench, "plan", keda, target)).counts).toEqual({ planned: 106, filtered: 0 });
      expect(await heldBelow(host, "charts")).toEqual(new Map());
      const first = await migrate(bench, keda, target);
      expect(first.counts).toEqual({ moved: 106, filtered: 0 });
      const rows = await rowsOfKeda();
      expect(rows.size).toBe(106);
      expect(await heldBelow(host, "charts")).toEqual(await heldOfKeda());
      const second = await migrate(bench, keda, target);
      expect(second.counts).toEqual({ exists: 106, filtered: 0 });
      const manifests = ({ charts }: Report) =>
        new Set(charts.map(({ ref, manifest }) => `${ref}@${manifest}`));
      expect(manifests(second)).toEqual(manifests(first));
      expect((await migrate(bench, "verify", keda, target)).counts).toEqual({ verified: 106, filtered: 0 });
    },
  );

  onSamples("goes over from a server, and once there costs one request", async (bench, host) => {
    await using site = serve(keda);
    const target = `${host}/charts`;
    const rewrite = ["--rewrite-urls", `https://kedacore.github.io/charts/=${site.url}`];
    const run = () => migrate(bench, site.url, target, ...rewrite);
    expect((await run()).counts).toEqual({ moved: 106, filtered: 0 });
    expect(await heldBelow(host, "charts")).toEqual(await heldOfKeda());
    expect(site.asked).toContain("/keda-2.14.3%20copy.tgz");

    site.asked.length = 0;
    expect(await run()).toMatchObject({ counts: {}, unchanged: true });
    expect(site.asked).toEqual(["/index.yaml"]);

    // Without any memory, and by another way to the same archives.
    await rm(bench.path("home/.local/state"), { recursive: true });
    site.asked.length = 0;
    expect((await migrate(bench, site.url, target, "--base-url", site.url)).counts).toEqual({
      exists: 106,
      filtered: 0,
    });
    expect(site.asked).toEqual(["/index.yaml"]);
    expect((await migrate(bench, "verify", site.url, target, ...rewrite)).counts).toEqual({
      verified: 106,
      filtered: 0,
    });
  });

  onSamples("killed at any moment goes on, with its journal and without it", async (bench, host) => {
    await using site = serve(keda);
    const args = ["migrate", site.url, `${host}/charts`, "--base-url", site.url];
    const rounds = 8;
    let killed = 0;
    for (let round = 0; round < rounds; round++) {
      const running = bench.start("chartroom", args);
      // A run takes about a second: the moments of death are spread over it.
      await Bun.sleep(100 + (round / rounds) * 600);
      running.kill("SIGKILL");
      if ((await running.ended).exitCode !== 0) killed++;
      if (round % 2 === 1)
        await rm(bench.path("home/.local/state/chartroom"), { recursive: true, force: true });
      const held = await heldBelow(host, "charts");
      const rows = await heldOfKeda();
      for (const [name, digest] of held) expect(rows.get(name)).toBe(digest);
    }
    expect(killed).toBeGreaterThan(0);
    await bench.done("chartroom", args);
    expect(await heldBelow(host, "charts")).toEqual(await heldOfKeda());
    await bench.done("chartroom", ["migrate", "verify", ...args.slice(1)]);
  });

  onSamples("goes into the local store as well", async (bench) => {
    const target = "store:charts.example.com/team";
    expect((await migrate(bench, keda, target, "--chart", "keda", "--latest", "3")).counts).toEqual({
      moved: 3,
      filtered: 103,
    });
    const listed = await jsonOf<readonly { name: string }[]>(bench, ["chart", "list"]);
    expect(listed.map(({ name }) => name)).toEqual(["keda", "keda", "keda"]);
    await bench.done("chartroom", ["chart", "check"]);
    expect((await migrate(bench, "verify", keda, target, "--latest", "3", "--chart", "keda")).counts).toEqual(
      {
        verified: 3,
        filtered: 103,
      },
    );
  });
});

onSamples("verify names what is missing, and ends with 1", async (bench, host) => {
  await migrate(bench, keda, `${host}/charts`, "--exclude", "external-*");
  const { exitCode, stdout, stderr } = await bench.run("chartroom", [
    "migrate",
    "verify",
    keda,
    `${host}/charts`,
  ]);
  expect(exitCode).toBe(1);
  expect(stdout).toEndWith("105 verified, 1 failed (6.3 MiB)\n");
  expect(stdout).toContain("Missing: external-scaler-azure-cosmos-db:0.1.0");
  expect(stderr).toStartWith("Error: 1 of 106 chart versions failed\n");
});

onSamples("signed archives alone go over with their signatures", async (bench, host) => {
  const signed = join(folder, "helm-fixtures/signed");
  expect((await migrate(bench, signed, `${host}/signed`)).counts).toEqual({ moved: 2, filtered: 0 });
  const manifest = await (await fetch(`http://${host}/v2/signed/signtest/manifests/0.1.0`)).json();
  expect(manifest.layers.map(({ digest }: { digest: string }) => digest)).toEqual([
    digestOf(await readFile(join(signed, "signtest-0.1.0.tgz"))),
    digestOf(await readFile(join(signed, "signtest-0.1.0.tgz.prov"))),
  ]);
  expect((await migrate(bench, "verify", signed, `${host}/signed`)).counts).toEqual({
    verified: 2,
    filtered: 0,
  });
});

onSamples(
  "the archives of Helm's own tests go over, but for those that Helm refuses",
  async (bench, host) => {
    const archives = join(folder, "helm-fixtures/archives");
    const { exitCode, stdout } = await bench.run("chartroom", ["migrate", archives, `${host}/odd`]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("corrupted-compressed-chart.tgz: failed");
    expect(stdout).toContain("empty-0.0.1.tgz: failed");
  },
);

/** What a plan says at last, and its error, for each index of Helm's own tests. */
const odd: Readonly<Record<string, readonly [exitCode: number, last: string, message: string]>> = {
  ...Object.fromEntries(
    ["chartmuseum-index.yaml", "local-index.yaml", "local-index.json"]
      .concat(["local-index-unordered.yaml", "local-index-annotations.yaml"])
      .map((name) => [name, [1, "3 to migrate, 1 failed", "1 of 4 chart versions failed"]]),
  ),
  ...Object.fromEntries(
    ["malformed", "encoded-url", "testing-basicauth", "testing-ca-file", "testing-querystring"]
      .concat(["testing-https", "testing-https-insecureskip-tls-verify"])
      .map((name) => [`${name}-index.yaml`, [0, "1 to migrate", ""]]),
  ),
  "kubernetes-charts-index.yaml": [0, "3 to migrate", ""],
  "testing-index.yaml": [0, "3 to migrate", ""],
  "testing-relative-index.yaml": [0, "3 to migrate", ""],
  "testing-relative-trailing-slash-index.yaml": [0, "2 to migrate", ""],
  "old-repositories.yaml": [1, "", "Cannot read the index: line 1: it has no apiVersion"],
  "repositories.yaml": [3, "", "Nothing to migrate: the source has no charts"],
};

describe("an odd index of Helm's own tests is read, or refused with its line", () => {
  for (const [name, [exitCode, last, message]] of Object.entries(odd))
    onSamples(name, async (bench, host) => {
      await cp(join(folder, "helm-fixtures/index", name), bench.path("site/index.yaml"));
      const ran = await bench.run("chartroom", ["migrate", "plan", "site", `${host}/charts`]);
      expect(ran.stdout.trim().split("\n").at(-1)).toBe(last);
      expect(refusalOf(ran)).toMatchObject({ exitCode, message });
    });

  test.if(folder !== "")("each of them", async () => {
    expect((await readdir(join(folder, "helm-fixtures/index"))).sort()).toEqual(Object.keys(odd).sort());
  });
});
