import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transport } from "../../http/transport.ts";
import { openLayout } from "../../layout/layout.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { parseReference, parseTag } from "../../oci/reference.ts";
import { referrersTag } from "../../oci/referrers.ts";
import { openRemote } from "../../remote/open.ts";
import { AnsweringServers } from "../../testing/answering.ts";
import { type Artifact, blobOf, imageOf, pushArtifact } from "../../testing/artifacts.ts";
import { play } from "../../testing/context.ts";
import { packSample, saveSample } from "../../testing/layouts.ts";
import { archiveOf, indexOf, rowOf } from "../../testing/migrate.ts";
import { type TestServer, testServer } from "../../testing/server.ts";

let folder = "";
let server: TestServer;
let host = "";
const servers = new AnsweringServers();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-stored-"));
  server = await testServer();
  host = new URL(server.url).host;
});
afterEach(async () => {
  await servers.closeAll();
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => play(["migrate", ...args], { cwd: folder });
const told = async (...args: string[]) => JSON.parse((await run(...args, "-o", "json")).stdout);
const remote = (name: string) =>
  openRemote(parseReference(`${host}/${name}`), { transport: new Transport({ userAgent: "test" }) });
const held = async (name: string, ref: string) =>
  (await remote(name).resolve(ref.startsWith("sha") ? (ref as Digest) : parseTag(ref)))?.digest;
const push = (name: string, artifact: Artifact, ...tags: string[]) =>
  pushArtifact(remote(name), artifact, { tags: tags.map(parseTag), expect: "any" });

/** Charts below a prefix of the registry, each with its versions. */
async function charts(prefix: string, wanted: Readonly<Record<string, readonly string[]>>): Promise<void> {
  await mkdir(join(folder, "site"), { recursive: true });
  const rows = [];
  for (const [name, versions] of Object.entries(wanted))
    for (const version of versions) {
      const archive = await archiveOf(name, version);
      await writeFile(join(folder, "site", `${name}-${version}.tgz`), archive);
      rows.push(rowOf(name, version, { digest: digestOf(archive), created: "2026-01-01T00:00:00Z" }));
    }
  await writeFile(join(folder, "site/index.yaml"), indexOf(rows));
  expect((await run("site", `${host}/${prefix}`)).exitCode).toBe(0);
}

describe("what is in a registry", () => {
  test("goes over as it is, to the digest, with what refers to it, and moves but once", async () => {
    await charts("old", { one: ["1.0.0", "2.0.0+b"] });
    await charts("old/team", { two: ["1.0.0"] });
    const [one, signature] = [await held("old/one", "1.0.0"), imageOf([blobOf("signed")])];
    const subject = (await remote("old/one").manifest(one!))!.descriptor;
    const referrer = imageOf([blobOf("about it")], { subject });
    await push("old/one", signature, `${referrersTag(one!)}.sig`);
    await push("old/one", referrer);

    const args = [`oci://${host}/old`, `oci://${host}/new`];
    expect((await told("plan", ...args)).counts).toEqual({ planned: 4, filtered: 0 });
    expect((await told(...args)).counts).toEqual({ moved: 4, filtered: 0 });
    for (const [name, tag] of [
      ["one", "1.0.0"],
      ["one", "2.0.0_b"],
      ["team/two", "1.0.0"],
      ["one", `${referrersTag(one!)}.sig`],
      ["one", referrer.descriptor.digest],
    ] as const)
      expect(await held(`new/${name}`, tag)).toBe((await held(`old/${name}`, tag))!);
    expect((await told(...args)).counts).toEqual({ exists: 4, filtered: 0 });
    expect((await told("verify", ...args)).counts).toEqual({ verified: 4, filtered: 0 });
    const [first] = (await told(...args, "--chart", "two")).charts;
    expect(first).toMatchObject({ chart: "team/two", version: "1.0.0", ref: `${host}/new/team/two:1.0.0` });
  });

  test("takes its plain tag along when it replaces what that named", async () => {
    await charts("old", { vee: ["v1.0.0", "2.0.0"] });
    const args = [`oci://${host}/old`, `${host}/new`, "--plain-tags"];
    expect((await told(...args)).counts).toEqual({ moved: 2, filtered: 0 });
    const other = (await remote("old/vee").manifest(parseTag("2.0.0")))!;
    const moved = { tags: [parseTag("v1.0.0")], expect: "any" } as const;
    await remote("old/vee").pushManifest(other.descriptor, other.bytes, moved);
    expect((await told(...args, "--on-conflict", "overwrite")).counts).toEqual({
      exists: 1,
      moved: 1,
      filtered: 0,
    });
    expect(await held("new/vee", "1.0.0")).toBe((await held("old/vee", "2.0.0"))!);
    expect((await told("verify", ...args)).counts).toEqual({ verified: 2, filtered: 0 });
  });

  test("that is no chart is left and named, before anything of it goes over", async () => {
    await charts("old", { one: ["1.0.0"] });
    await push("old/image", imageOf([blobOf("layer")]), "1.0.0");
    const { exitCode, stdout } = await run(`oci://${host}/old`, `${host}/new`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("image\t1.0.0  \tleft out\tit is no chart\n");
    expect(stdout).toMatch(/\n1 migrated, 1 left out \(\d+ B\)\n$/);
    expect(await held("new/image", "1.0.0")).toBeUndefined();
    expect(await remote("new/image").has(blobOf("layer").descriptor)).toBe(false);
    expect((await told("verify", `oci://${host}/old`, `${host}/new`)).counts).toMatchObject({ skipped: 1 });
  });

  test("is filtered by name, version, date and deprecation; a tag that is no version is none of the latest", async () => {
    await charts("old", { one: ["1.0.0", "2.0.0", "3.0.0-rc.1"], two: ["1.0.0"] });
    await push("old/one", imageOf([blobOf("x")]), "latest");
    const of = async (...args: string[]) =>
      (await told("plan", `oci://${host}/old`, `${host}/new`, ...args)).counts;
    expect(await of("--chart", "one", "--latest", "2")).toEqual({ planned: 2, filtered: 3 });
    expect(await of("--versions", "<2")).toEqual({ planned: 2, filtered: 3 });
    expect(await of("--exclude", "one", "--since", "2026-01-02")).toEqual({ filtered: 5 });
    expect(await of("--exclude", "one", "--since", "2026-01-01")).toEqual({ planned: 1, filtered: 4 });
    expect(await of("--skip-prerelease", "--skip-deprecated")).toEqual({
      planned: 3,
      skipped: 1,
      filtered: 1,
    });
  });

  test("in the target under a tag that holds something else is a conflict, by the policy", async () => {
    await charts("old", { one: ["1.0.0"] });
    await push("new/one", imageOf([blobOf("mine")]), "1.0.0");
    const args = [`oci://${host}/old`, `${host}/new`];
    expect((await told("plan", ...args)).counts).toEqual({ conflict: 1, filtered: 0 });
    const { exitCode, stdout } = await run(...args);
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining("Hint: --on-conflict skip leaves")]);
    expect((await run("verify", ...args)).stdout).toContain("one:1.0.0 differs: it is sha256:");
    expect((await told(...args, "--on-conflict", "skip")).counts).toEqual({ skipped: 1, filtered: 0 });
    expect((await told(...args, "--on-conflict", "overwrite")).counts).toEqual({ moved: 1, filtered: 0 });
    expect(await held("new/one", "1.0.0")).toBe((await held("old/one", "1.0.0"))!);
  });

  test("is asked for by name where the registry has no catalog", async () => {
    await charts("old", { one: ["1.0.0"], two: ["1.0.0"] });
    const closed = servers.serve((request) => {
      const { pathname, search } = new URL(request.url);
      if (pathname === "/v2/_catalog") return new Response(null, { status: 404 });
      return fetch(new URL(pathname + search, server.url), {
        method: request.method,
        headers: request.headers,
      });
    });
    const args = [`oci://${closed.host}/old`, `${host}/new`];
    expect((await run(...args)).stderr).toContain("the registry has no catalog");
    expect((await run(...args, "--chart", "o*")).stderr).toContain("the registry has no catalog");
    expect((await told(...args, "--chart", "one")).counts).toEqual({ moved: 1, filtered: 0 });
  });

  test("where there is nothing is told", async () => {
    const { exitCode, stderr } = await run(`oci://${host}/old`, `${host}/new`);
    expect([exitCode, stderr]).toEqual([
      3,
      expect.stringContaining("`chartroom copy --all-tags` copies one"),
    ]);
  });
});

test("a ChartMuseum is a classic repository: ours, which speaks as one, with the path of a tenant", async () => {
  await charts("tenant/team", { one: ["1.0.0", "2.0.0+b"], two: ["1.0.0"] });
  const args = [`${server.url}/charts/tenant/team`, `${host}/new`];
  expect((await told(...args)).counts).toEqual({ moved: 3, filtered: 0 });
  expect(await held("new/one", "2.0.0_b")).toBe((await held("tenant/team/one", "2.0.0_b"))!);
  expect((await told("verify", ...args)).counts).toEqual({ verified: 3, filtered: 0 });
});

describe("the store of Helm 3.0 to 3.6", () => {
  for (const source of ["store:", "layout:cache", "cache", "store:old.example.com:5000/my"])
    test(`goes over as ${source}, each manifest as that Helm wrote it`, async () => {
      const layout = openLayout(join(folder, "cache"));
      const sample = await packSample({}, "helm3.0");
      await saveSample(layout, "old.example.com:5000/my/mychart:0.1.0", sample);
      await saveSample(layout, "old.example.com:5000/my/mychart:latest", sample);
      const prefix = source.endsWith("/my") ? "" : "my/";
      const args = [source, `${host}/new`, "--store", join(folder, "cache")];
      expect((await told(...args)).counts).toEqual({ moved: 2, filtered: 0 });
      for (const tag of ["0.1.0", "latest"])
        expect(await held(`new/${prefix}mychart`, tag)).toBe(sample.manifest.descriptor.digest);
      expect((await told("verify", ...args)).counts).toEqual({ verified: 2, filtered: 0 });
    });

  test("has names that no registry takes, and what has a digest alone: both are said", async () => {
    const layout = openLayout(join(folder, "cache"));
    const sample = await packSample({}, "helm3.0");
    await saveSample(layout, "e.com/mychart:0.1.0", sample);
    await layout.update((index) =>
      index
        .with("e.com/MyOther:0.1.0", sample.manifest.descriptor)
        .with(`e.com/x@${sample.manifest.descriptor.digest}`, sample.manifest.descriptor),
    );
    const report = await told("cache", `${host}/new`);
    expect(report).toMatchObject({ counts: { moved: 2, skipped: 1 }, renamed: { MyOther: "myother" } });
    expect(await held("new/myother", "0.1.0")).toBe(sample.manifest.descriptor.digest);
    expect(report.charts.find(({ chart }: { chart: string }) => chart === "x").notes).toEqual(["has no tag"]);
  });
});

describe("an index whose rows are in a registry", () => {
  const site = (url: string, digest: Digest) => {
    const index = indexOf([rowOf("one", "1.0.0", { urls: [url], digest, created: "2026-01-01T00:00:00Z" })]);
    return servers.serve(({ url: asked }) =>
      asked.endsWith("/index.yaml") ? new Response(index) : new Response(null, { status: 404 }),
    ).href;
  };

  test("has them pulled from there, and held against its digests", async () => {
    await charts("old", { one: ["1.0.0"] });
    const digest = digestOf(await archiveOf("one", "1.0.0"));
    for (const [url, target] of [
      [`oci://${host}/old/one:1.0.0`, "a"],
      [`oci://${host}/old/one`, "b"],
    ] as const) {
      const args = [site(url, digest), `${host}/${target}`];
      expect((await told("plan", ...args)).bytes).toBe((await archiveOf("one", "1.0.0")).byteLength);
      expect((await told(...args)).counts).toEqual({ moved: 1, filtered: 0 });
      expect(await held(`${target}/one`, "1.0.0")).toBe((await held("old/one", "1.0.0"))!);
      expect((await told("verify", ...args)).counts).toEqual({ verified: 1, filtered: 0 });
    }
    const wrong = await run(site(`oci://${host}/old/one:1.0.0`, digestOf(new Uint8Array())), `${host}/c`);
    expect(wrong.stdout).toContain("one:1.0.0 is not what the index says");
    const missing = await run(site(`oci://${host}/old/two:1.0.0`, digest), `${host}/c`);
    expect(missing.stdout).toContain(`Cannot fetch oci://${host}/old/two:1.0.0: it is not there`);
  });

  test("is shown by its row, without a login that was given for the index", async () => {
    await charts("old", { one: ["1.0.0"] });
    const asked: (string | null)[] = [];
    const guarded = servers.serve((request) => {
      asked.push(request.headers.get("authorization"));
      return new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } });
    });
    const url = site(`oci://${guarded.host}/old/one:1.0.0`, digestOf(new Uint8Array()));
    const show = (...args: string[]) =>
      play(["show", "values", "one", "--repo", url, ...args], { cwd: folder, input: "secret" });
    expect((await show("-u", "me", "--password-stdin")).exitCode).toBe(4);
    expect(new Set(asked)).toEqual(new Set([null]));
  });
});
