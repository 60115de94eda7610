import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "../../oci/digest.ts";
import { chartArchive, sampleChart } from "../../testing/charts.ts";
import { play, type TestWorld } from "../../testing/context.ts";
import { archiveOf, indexOf, provenanceOf, rowOf } from "../../testing/migrate.ts";
import { type TestServer, testServer } from "../../testing/server.ts";

const archives = { old: await archiveOf("mychart", "1.0.0"), young: await archiveOf("mychart", "2.0.0") };
const camel = await archiveOf("MyOther", "1.0.0");

let folder = "";
let server: TestServer;
let target = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-migrate-"));
  server = await testServer();
  target = `${new URL(server.url).host}/charts`;
  await mkdir(join(folder, "site"));
  await put("mychart-1.0.0.tgz", archives.old);
  await put("mychart-2.0.0.tgz", archives.young);
  await put("MyOther-1.0.0.tgz", camel);
  await put(
    "index.yaml",
    indexOf([
      rowOf("mychart", "1.0.0", { digest: digestOf(archives.old), created: "2026-01-01T00:00:00Z" }),
      rowOf("mychart", "2.0.0", { digest: digestOf(archives.young), created: "2026-02-01T00:00:00Z" }),
      rowOf("MyOther", "1.0.0"),
    ]),
  );
});
afterEach(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

const put = (name: string, bytes: string | Uint8Array) => writeFile(join(folder, "site", name), bytes);
const run = (args: string[], world: Partial<TestWorld> = {}) =>
  play(["migrate", ...args], { cwd: folder, ...world });
const stateFiles = () => readdir(join(folder, ".local/state/chartroom/migrations")).catch(() => []);

describe("a migration", () => {
  test("has a line for each chart, the names that it gave, and counts", async () => {
    const { exitCode, stdout, stderr } = await run(["site", target]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.slice(0, 3).sort()).toEqual([
      `${target}/mychart:1.0.0: migrated`,
      `${target}/mychart:2.0.0: migrated`,
      `${target}/myother:1.0.0: migrated`,
    ]);
    expect(lines.slice(3)).toEqual([
      "MyOther is called myother",
      expect.stringMatching(/^3 migrated \(\d+ B\)$/),
    ]);
    expect((await run(["run", "site", `${target}/`])).stdout).toEndWith("3 already there\n");
    expect((await run(["verify", "site", target])).stdout).toMatch(/^3 verified/m);
  });

  test("that is only planned writes nothing anywhere, whichever way it is asked for", async () => {
    for (const args of [["plan"], ["--dry-run"], ["run", "--dry-run"]])
      expect((await run([...args, "site", target])).stdout).toMatch(/^3 to migrate \(\d+ B\)$/m);
    expect(await stateFiles()).toEqual([]);
    expect((await run(["verify", "site", target])).exitCode).toBe(1);
  });

  test("takes what is asked for, and counts the rest", async () => {
    const of = async (...args: string[]) => (await run(["plan", "site", target, ...args])).stdout;
    expect(await of("--chart", "my*", "--versions", "<2")).toEndWith("; 2 versions not asked for\n");
    expect(await of("--exclude", "mychart", "--exclude", "x")).toMatch(/^1 to migrate.*; 2 versions/m);
    expect(await of("--since", "2026-01-15")).toMatch(/^2 to migrate.*; 1 version not/m);
    expect(await of("--latest", "1")).toMatch(/^2 to migrate.*; 1 version not/m);
  });

  test("goes on behind a chart that fails, names it in a table, in JSON and in its journal", async () => {
    await put("mychart-2.0.0.tgz", archives.old);
    const journal = join(folder, "journal.jsonl");
    const { exitCode, stdout, stderr } = await run(["site", target, "--journal", journal]);
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith("Error: 1 of 3 chart versions failed\nHint: ");
    expect(stdout).toMatch(
      /^CHART {2}\tVERSION\tSTATUS\tWHY\nmychart\t2\.0\.0 {2}\tfailed\t.*is not what the index says/m,
    );
    expect(stdout).toMatch(/^2 migrated, 1 failed/m);
    expect(stdout).toContain("\nHint: --on-digest-mismatch warn takes it nevertheless.\n");
    expect(await readFile(journal, "utf8")).toMatch(
      /"version":"2\.0\.0".*"status":"failed","error":".*not what/,
    );
    const json = JSON.parse((await run(["site", target, "-o", "json"])).stdout);
    expect(json).toMatchObject({
      counts: { exists: 2, failed: 1, filtered: 0 },
      renamed: { MyOther: "myother" },
    });
    expect(json.charts.find(({ status }: { status: string }) => status === "failed")).toMatchObject({
      chart: "mychart",
      version: "2.0.0",
      error: { code: "not_verified", hint: "--on-digest-mismatch warn takes it nevertheless." },
    });
    expect((await run(["site", target, "--on-digest-mismatch", "skip"])).exitCode).toBe(0);
  });

  test("names what its source has no more, and leaves it", async () => {
    await run(["site", target]);
    await put("index.yaml", indexOf([rowOf("mychart", "2.0.0", { digest: digestOf(archives.young) })]));
    const { exitCode, stdout } = await run(["site", target, "--versions", ">1.5", "--on-conflict", "skip"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`1.0.0  \tgone from the source\tleft at ${target}/mychart:1.0.0\n`);
    expect(stdout).toContain(`left at ${target}/myother:1.0.0\n`);
    expect(stdout).toMatch(/2 gone from the source$/m);
    expect((await play(["tags", `${target}/mychart`], { cwd: folder })).stdout).toBe("1.0.0\n2.0.0\n");
    // The same name of a directory elsewhere is another source.
    await mkdir(join(folder, "else"));
    const other = await play(["migrate", "../site", target, "--on-conflict", "skip"], {
      ...{ cwd: join(folder, "else"), env: { HOME: folder } },
    });
    expect(other.stdout).toContain("2 gone from the source");
  });

  test("brings what the source tells Artifact Hub to each chart's repository, and replaces nothing there", async () => {
    const metadata = "repositoryID: 1\nowners:\n  - name: me\n    email: me@example.com\n";
    await put("artifacthub-repo.yml", metadata);
    expect((await run(["plan", "site", target])).stdout).toContain("\nartifacthub-repo.yml for 2 charts\n");
    const { stdout, exitCode } = await run(["site", target]);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("\nartifacthub-repo.yml for 2 charts\n")]);
    const get = async (path: string) => fetch(`${server.url}/v2/charts/${path}`);
    const manifest = await (await get("mychart/manifests/artifacthub.io")).json();
    expect(manifest.config.mediaType).toBe("application/vnd.cncf.artifacthub.config.v1+yaml");
    expect(manifest.layers).toEqual([
      expect.objectContaining({
        mediaType: "application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml",
        digest: digestOf(new TextEncoder().encode(metadata)),
      }),
    ]);
    expect(await (await get(`mychart/blobs/${manifest.layers[0].digest}`)).text()).toBe(metadata);
    await put("artifacthub-repo.yml", `${metadata}# changed\n`);
    await put("mychart-3.0.0.tgz", await archiveOf("mychart", "3.0.0"));
    await put("index.yaml", indexOf([rowOf("mychart", "3.0.0")]));
    expect((await run(["site", target])).stdout).not.toContain("artifacthub-repo.yml");
    expect(await (await get("mychart/manifests/artifacthub.io")).json()).toEqual(manifest);
    await put("artifacthub-repo.yml", "<!DOCTYPE html>");
    const page = await run(["site", `${target}/other`]);
    expect([page.exitCode, page.stdout]).toEqual([0, expect.stringContaining("artifacthub.io\tleft out\t")]);
    expect((await run(["site", "store:e.com/x"])).stdout).not.toContain("artifacthub");
  });

  test("is told on a page that no word of an index can change, and that needs nothing else", async () => {
    await put("mychart-2.0.0.tgz", archives.old);
    const evil = `<script>alert("1")</script>&\u001b`;
    await put(
      "index.yaml",
      indexOf([
        rowOf("mychart", "1.0.0", { digest: digestOf(archives.old) }),
        rowOf("mychart", "2.0.0", { digest: digestOf(archives.young) }),
        rowOf(evil, "1.0.0"),
      ]),
    );
    const page = async (...args: string[]) => {
      await run([...args, "site", target, "--report", "report.html"]);
      return readFile(join(folder, "report.html"), "utf8");
    };
    expect(await page("plan")).toContain(`<code>chartroom migrate site ${target}</code> does it.`);
    const text = await page("run");
    expect(text).toContain("<strong>1 migrated, 2 failed");
    expect(text).toMatch(
      /<tr class="failed"><td>mychart<td>2\.0\.0<td>failed<td>.*is not what the index says/,
    );
    expect(text).toContain("<li>--on-digest-mismatch warn takes it nevertheless.</li>");
    expect(text).toContain(`helm pull oci://${target}/mychart --version 1.0.0`);
    expect(text).toContain(digestOf(archives.old));
    expect(text).toContain("&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;\\u{1b}");
    for (const tag of ["<script", "<link", "<img", 'http-equiv="refresh', "src=", "href=", "\u001b"])
      expect(text).not.toContain(tag);
    expect(text).toContain("content=\"default-src 'none'; style-src 'unsafe-inline'\"");
    const { exitCode, stderr } = await run(["site", target, "--report", "no/where.html"]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("no such file or directory")]);
  });

  test("has one line for a chart, whatever its name would have a terminal do", async () => {
    const name = "x\nlocalhost/charts/y:1.0.0: migrated\u001b[2J";
    await put("index.yaml", indexOf([rowOf(name, "1.0.0")]));
    const { stdout } = await run(["plan", "site", target]);
    expect(stdout.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/^127.*to migrate$/),
      expect.stringMatching(/^x localhost\/charts\/y:1\.0\.0: migrated\\u\{1b\}\[2J is called x-local/),
    ]);
  });

  test("says with -q what it moved and no more", async () => {
    const { stdout } = await run(["site", target, "-q"]);
    expect(stdout.trim().split("\n").sort()).toEqual([
      expect.stringMatching(new RegExp(`^${target}/mychart@sha256:[0-9a-f]{64}$`)),
      expect.stringMatching(new RegExp(`^${target}/mychart@sha256:`)),
      expect.stringMatching(new RegExp(`^${target}/myother@sha256:`)),
    ]);
    expect((await run(["site", target, "-q"])).stdout).toBe("");
  });

  test("has a live line on a terminal, which is gone at its end, and no line for what went well", async () => {
    const { stdout, stderr } = await run(["site", target], { keys: "" });
    expect(stderr).toEndWith("\r\x1b[K");
    expect(stdout).toMatch(/^MyOther is called myother\n3 migrated.*\n$/);
  });

  test("tells a user's stop as one", async () => {
    const stopped = await run(["site", target], {
      signal: AbortSignal.abort(new DOMException("x", "AbortError")),
    });
    expect(stopped).toMatchObject({ exitCode: 130, stdout: "" });
  });
});

describe("an index on a server", () => {
  test("that has not changed since all was there is asked for once, and read again for another wish", async () => {
    let asked = 0;
    const site = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        if (request.headers.get("authorization") !== `Basic ${btoa("me:secret")}`)
          return new Response(null, { status: 401 });
        asked++;
        const { pathname } = new URL(request.url);
        if (pathname !== "/index.yaml") {
          const file = Bun.file(join(folder, "site", pathname));
          return (await file.exists()) ? new Response(file) : new Response(null, { status: 404 });
        }
        if (request.headers.get("if-none-match") === '"1"') return new Response(null, { status: 304 });
        return new Response(Bun.file(join(folder, "site/index.yaml")), { headers: { etag: '"1"' } });
      },
    });
    try {
      const login = ["--source-username", "me", "--source-password-stdin"];
      const from = (...args: string[]) =>
        run([`http://127.0.0.1:${site.port}?token=hidden`, target, ...args], { input: "secret\n" });
      expect((await from()).stderr).toContain("HTTP 401");
      const journal = ["--journal", join(folder, "j")];
      expect(await from(...login, ...journal)).toMatchObject({ exitCode: 0 });
      asked = 0;
      const { stdout } = await from(...login, ...journal);
      expect([stdout, asked]).toEqual(["the index has not changed since all of it was migrated\n", 1]);
      expect((await from(...login, ...journal, "--latest", "1")).stdout).toContain("2 already there");
      // One that failed is not there: then the index is read again.
      await rm(join(folder, "j.index"));
      await put("mychart-2.0.0.tgz", "broken");
      const other = [...login, "--journal", join(folder, "k"), "--store", join(folder, "store")];
      const store = () =>
        run([`http://127.0.0.1:${site.port}`, "store:e.com/x", ...other], { input: "secret" });
      expect((await store()).exitCode).toBe(1);
      expect((await store()).stdout).toContain("2 already there, 1 failed");
      expect((await from(...login, ...journal, "-o", "json")).stdout).not.toContain("hidden");
    } finally {
      await site.stop(true);
    }
  });
});

describe("words that make no sense", () => {
  test.each([
    [["site", "store:"], "the registry's name is missing"],
    [["site", "layout:dir"], "the registry's name is missing"],
    [["site", "localhost:5000/a:1"], "Cannot parse prefix"],
    [["oci://localhost:5000/a", "localhost:5000/b", "--base-url", "http://x"], "The source is no URL"],
    [["oci://localhost:5000/a:1", "localhost:5000/b"], "Cannot parse prefix"],
    [["http://me:secret@localhost:1", "localhost:5000/b"], "it has a login in it"],
    [["site", "localhost:5000/b", "--base-url", "http://localhost:1"], "it takes no login, no URL"],
    [["http://localhost:1", "localhost:5000/b", "--source-username", "me"], "go together"],
    [["http://localhost:1", "localhost:5000/b", "--rewrite-urls", "x"], 'Cannot use --rewrite-urls "x"'],
    [["site", "localhost:5000/b", "--latest", "0"], 'Cannot use --latest "0"'],
    [["site", "localhost:5000/b", "--since", "spring"], 'Cannot use --since "spring"'],
    [["site", "localhost:5000/b", "--chart", "["], 'Cannot use --chart "["'],
    [["site", "localhost:5000/b", "--versions", "latest"], 'Cannot parse version range "latest"'],
    [["site", "localhost:5000/b", "--on-conflict", "ask"], "fail, skip, overwrite"],
  ])("%p is a usage error", async (args, says) => {
    const { exitCode, stderr } = await run(args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(says)]);
    expect(stderr).not.toContain("secret");
  });

  test("a directory that is not there is told", async () => {
    const { exitCode, stdout, stderr } = await run(["nowhere", target]);
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toStartWith(`Error: Cannot use ${join(folder, "nowhere")}: no such file or directory`);
  });
});

describe("dependencies that name the source", () => {
  test("name the target where that is asked for, and signatures fall; verify knows", async () => {
    const site = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        const file = Bun.file(join(folder, "site", new URL(request.url).pathname));
        return (await file.exists()) ? new Response(file) : new Response(null, { status: 404 });
      },
    });
    const url = `http://127.0.0.1:${site.port}`;
    try {
      const depends = `dependencies:\n- {name: mychart, version: 1.0.0, repository: "${url}/"}\n`;
      const chartYaml = `apiVersion: v2\nname: parent\nversion: 1.0.0\n${depends}`;
      const parent = await chartArchive(sampleChart({ "Chart.yaml": chartYaml }));
      await put("parent-1.0.0.tgz", parent);
      await put("parent-1.0.0.tgz.prov", provenanceOf(digestOf(parent)));
      await put(
        "index.yaml",
        indexOf([
          rowOf("mychart", "1.0.0", { digest: digestOf(archives.old) }),
          rowOf("parent", "1.0.0", { digest: digestOf(parent) }),
        ]),
      );
      const told = async (...args: string[]) =>
        JSON.parse((await run([...args, url, target, "-o", "json"])).stdout);
      const asked = "--rewrite-dependencies";
      expect((await told("run")).counts).toEqual({ moved: 2, filtered: 0 });
      expect((await told("verify", asked)).counts).toEqual({ verified: 1, failed: 1, filtered: 0 });
      expect((await told("run", asked)).counts).toEqual({ exists: 1, failed: 1, filtered: 0 });
      const { counts, charts } = await told("run", asked, "--on-conflict", "overwrite");
      expect(counts).toEqual({ exists: 1, moved: 1, filtered: 0 });
      const moved = charts.find(({ chart }: { chart: string }) => chart === "parent");
      expect(moved.notes).toEqual([
        "its dependencies are in the target now, so its digest is another; its signature is of the old archive, and was left",
      ]);
      const shown = await play(["show", "chart", `${target}/parent:1.0.0`], { cwd: folder });
      expect(shown.stdout).toContain(`repository: oci://${target}\n`);
      const manifest = await (await fetch(`${server.url}/v2/charts/parent/manifests/1.0.0`)).json();
      expect(manifest.layers).toHaveLength(1);
      expect((await told("run", asked)).counts).toEqual({ exists: 2, filtered: 0 });
      await rm(join(folder, ".local"), { recursive: true });
      expect((await told("run", asked)).counts).toEqual({ exists: 2, filtered: 0 });
      expect((await told("verify", asked)).counts).toEqual({ verified: 2, filtered: 0 });
    } finally {
      await site.stop(true);
    }
  });
});
