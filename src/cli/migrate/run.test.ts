import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { TestWorld } from "../../testing/context.ts";
import { indexOf, rowOf } from "../../testing/migrate.ts";
import { MigrationSite, siteArchives } from "../../testing/migrationSite.ts";

let site: MigrationSite;
let [folder, target] = ["", ""];
beforeEach(async () => {
  site = await MigrationSite.open();
  ({ folder, target } = site);
});
afterEach(() => site.dispose());

const put = (name: string, bytes: string | Uint8Array) => site.put(name, bytes);
const run = (args: string[], world: Partial<TestWorld> = {}) => site.run(args, world);
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

  test("asks registries that a directory's index names as a site's would, and so none inside", async () => {
    const index = indexOf([rowOf("app", "1.0.0", { urls: ["oci://localhost:1/app:1.0.0"] })]);
    await put("index.yaml", index);
    const { exitCode, stdout, stderr } = await run(["site", target]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("1 of 1 chart version failed")]);
    expect(stdout).toContain("localhost is inside of a network");
  });

  test("takes what is asked for, and counts the rest", async () => {
    const of = async (...args: string[]) => (await run(["plan", "site", target, ...args])).stdout;
    expect(await of("--chart", "my*", "--versions", "<2")).toEndWith("; 2 versions not asked for\n");
    expect(await of("--exclude", "mychart", "--exclude", "x")).toMatch(/^1 to migrate.*; 2 versions/m);
    expect(await of("--since", "2026-01-15")).toMatch(/^2 to migrate.*; 1 version not/m);
    expect(await of("--latest", "1")).toMatch(/^2 to migrate.*; 1 version not/m);
  });

  test("goes on behind a chart that fails, names it in a table, in JSON and in its journal", async () => {
    await put("mychart-2.0.0.tgz", siteArchives.old);
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

  test("that is stopped under way has told in whole JSON what it did, and that it was stopped", async () => {
    const stop = new AbortController();
    const index = JSON.stringify({
      apiVersion: "v1",
      entries: { bad: [{ version: "x" }], mychart: [{ version: "1.0.0", urls: ["mychart-1.0.0.tgz"] }] },
    });
    const web = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch({ url }) {
        if (url.endsWith("/index.yaml")) return new Response(index);
        stop.abort(new DOMException("x", "AbortError"));
        return new Response();
      },
    });
    try {
      const args = [`http://127.0.0.1:${web.port}`, target, "-o", "json"];
      const { exitCode, stdout } = await run(args, { signal: stop.signal });
      expect(exitCode).toBe(130);
      expect(JSON.parse(stdout)).toMatchObject({
        counts: { failed: 1, filtered: 0 },
        charts: [{ chart: "bad", status: "failed" }],
        stopped: true,
      });
    } finally {
      await web.stop(true);
    }
  });
});

describe("an index on a server", () => {
  test("that has not changed since all was there is asked for once, and read again for another wish", async () => {
    let asked = 0;
    const web = Bun.serve({
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
      const url = `http://127.0.0.1:${web.port}?token=hidden`;
      const from = (...args: string[]) => run([url, target, ...args], { input: "secret\n" });
      const verify = (...args: string[]) => run(["verify", url, target, ...args], { input: "secret\n" });
      expect((await from()).stderr).toContain("HTTP 401");
      const journal = ["--journal", join(folder, "j")];
      expect(await from(...login, ...journal)).toMatchObject({ exitCode: 0 });
      asked = 0;
      const { stdout } = await from(...login, ...journal);
      expect([stdout, asked]).toEqual(["the index has not changed since all of it was migrated\n", 1]);
      expect((await from(...login, ...journal, "--latest", "1")).stdout).toContain("2 already there");
      // What the target lost is missed by verify, and then brought again.
      expect((await from(...login, ...journal)).stdout).toContain("3 already there");
      const [host, prefix] = target.split("/");
      const lost = `http://${host}/v2/${prefix}/mychart/manifests/1.0.0`;
      expect((await fetch(lost, { method: "DELETE" })).status).toBe(202);
      expect((await from(...login, ...journal)).stdout).toContain("has not changed");
      expect((await verify(...login, ...journal)).stdout).toContain("2 verified, 1 failed");
      expect((await from(...login, ...journal)).stdout).toContain("2 already there");
      // One that failed is not there: then the index is read again.
      await rm(join(folder, "j.index"));
      await put("mychart-2.0.0.tgz", "broken");
      const other = [...login, "--journal", join(folder, "k"), "--store", join(folder, "store")];
      const store = () =>
        run([`http://127.0.0.1:${web.port}`, "store:e.com/x", ...other], { input: "secret" });
      expect((await store()).exitCode).toBe(1);
      expect((await store()).stdout).toContain("2 already there, 1 failed");
      expect((await from(...login, ...journal, "-o", "json")).stdout).not.toContain("hidden");
    } finally {
      await web.stop(true);
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
    [["site", "localhost:5000/b", "--report", "site"], "Cannot write to --report site: it is a directory"],
    [["site", "localhost:5000/b", "--journal", "site"], "Cannot write to --journal site: it is a directory"],
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
