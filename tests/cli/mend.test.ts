import { Database } from "bun:sqlite";
import { describe, expect } from "bun:test";
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import type { Bench, Ran } from "../bench.ts";
import { onBench, refusalOf } from "./cli.ts";
import { blobsOf, Hand, imageNumber, rot, serving } from "./hand.ts";

const registry = (bench: Bench, ...args: string[]): Promise<Ran> =>
  bench.run("chartroom", ["registry", ...args, "--data", "data"]);

describe("registry check --repair", () => {
  for (const alone of [false, true])
    onBench(
      `puts a rotten blob aside and says who must push it again, ${alone ? "nobody serving" : "while serving"}; a push mends it`,
      async (bench) => {
        let server = await serving(bench);
        const hand = new Hand(server.url, "a/b");
        await hand.push(1);
        const digest = await rot(bench.path("data"));
        if (alone) await server.stop();
        const said = await registry(bench, "check", "--repair");
        expect(said.stdout).toStartWith(
          `lost: ${digest}: its bytes are not what its name says; it was put aside as quarantine/${digest.replace(":", "/")}, and it is taken out of a/b: push it there again\n`,
        );
        expect(refusalOf(said)).toMatchObject({ exitCode: 6, hint: expect.stringContaining("Push") });
        expect(await readdir(bench.path("data", "quarantine", "sha256"))).toEqual([digest.slice(7)]);
        if (alone) server = await serving(bench);
        hand.url = server.url;
        expect((await fetch(`${server.url}/v2/a/b/blobs/${digest}`, { method: "HEAD" })).status).toBe(404);
        await hand.push(1);
        expect(await hand.witness.lost()).toEqual([]);
        const whole = await registry(bench, "check");
        expect(whole).toMatchObject({
          exitCode: 0,
          stdout: expect.stringMatching(/^waste: quarantine: .*\n.*: whole\n$/),
        });
        await server.stop();
      },
    );

  onBench("writes rows anew and removes what nobody has; then nothing is wrong", async (bench) => {
    const server = await serving(bench);
    const hand = new Hand(server.url, "a/b");
    await hand.push(1);
    await server.stop();
    const orphan = "0".repeat(64);
    await writeFile(bench.path("data", "blobs", "sha256", orphan), "nobody's");
    const spoil = new Database(bench.path("data", "catalog.db"));
    spoil.run("DELETE FROM edge");
    spoil.close();
    const { digest } = imageNumber(1).descriptor;
    const { stdout } = await registry(bench, "check", "-o", "json");
    const findings: unknown[] = JSON.parse(stdout).findings;
    expect(findings).toContainEqual({
      ...{ level: "fault", where: `a/b@${digest}`, message: "its rows name other content than its bytes" },
    });
    expect(findings).toContainEqual({
      ...{ level: "waste", where: `sha256:${orphan}`, message: "no repository has it: 8 bytes" },
    });
    const repaired = await registry(bench, "check", "--repair");
    expect(repaired.exitCode).toBe(0);
    expect(repaired.stdout).toContain(`repaired: a/b@${digest}: `);
    expect(repaired.stdout).toContain(
      `repaired: sha256:${orphan}: no repository has it: 8 bytes; it was removed\n`,
    );
    expect(await registry(bench, "check")).toMatchObject({
      exitCode: 0,
      stdout: expect.not.stringContaining(": no"),
    });
    const next = await serving(bench);
    hand.url = next.url;
    expect(await hand.witness.lost()).toEqual([]);
    await next.stop();
  });
});

/** Take all entries out of an index of a database, as no program would and a disk may. */
async function emptyIndex(path: string, name: string): Promise<void> {
  const database = new Database(path);
  const page = database.query<{ page_size: number }, []>("PRAGMA page_size").get()!.page_size;
  const root = database
    .query<{ rootpage: number }, [string]>("SELECT rootpage FROM sqlite_schema WHERE name = ?")
    .get(name)!.rootpage;
  database.close();
  const bytes = await readFile(path);
  const at = (root - 1) * page;
  bytes.fill(0, at, at + page);
  bytes.writeUInt8(0x0a, at); // a leaf of an index, without cells (sqlite.org/fileformat.html §1.6)
  bytes.writeUInt16BE(page, at + 5);
  await writeFile(path, bytes);
}

describe("a catalog that is broken", () => {
  for (const alone of [false, true])
    onBench(
      `costs no blob that it no longer finds, ${alone ? "nobody serving" : "while serving"}`,
      async (bench) => {
        const first = await serving(bench);
        for (const seed of [1, 2, 3]) await new Hand(first.url, "a/b").push(seed);
        await first.stop();
        const orphan = "0".repeat(64);
        await writeFile(bench.path("data", "blobs", "sha256", orphan), "");
        const before = await blobsOf(bench.path("data"));
        await emptyIndex(bench.path("data", "catalog.db"), "blob_by_content");
        const server = alone ? undefined : await serving(bench);
        const said = await registry(bench, "check", "--repair");
        expect(said.exitCode).toBe(6);
        expect(said.stdout).toMatch(/^fault: catalog: .*blob_by_content/m);
        expect(said.stdout).toContain("warning: catalog: it is broken, so nothing was mended by it");
        expect(said.stdout).not.toMatch(/^(repaired|lost)/m);
        expect(await blobsOf(bench.path("data"))).toEqual(before);
        await server?.stop();
      },
    );
});

describe("a catalog that is not these blobs' own", () => {
  onBench(
    "costs none of them: one that is missing is told, and a strange one is not believed",
    async (bench) => {
      const server = await serving(bench);
      for (const seed of [1, 2, 3]) await new Hand(server.url, "a/b").push(seed);
      await server.stop();
      const before = await blobsOf(bench.path("data"));
      await rename(bench.path("data", "catalog.db"), bench.path("catalog.db"));
      for (const args of [["check", "--repair"], ["gc", "--now"], ["backup", "copy"], ["serve"]])
        expect(refusalOf(await registry(bench, ...args))).toMatchObject({
          exitCode: 6,
          message: expect.stringContaining("catalog.db is missing"),
        });
      await (await serving(bench, "other")).stop();
      await rename(bench.path("other", "catalog.db"), bench.path("data", "catalog.db"));
      const said = await registry(bench, "check", "--repair");
      expect(said.stdout).toContain("warning: catalog: it knows fewer blobs than it does not know");
      expect(await blobsOf(bench.path("data"))).toEqual(before);
      await rename(bench.path("catalog.db"), bench.path("data", "catalog.db"));
      expect(await registry(bench, "check")).toMatchObject({
        ...{ exitCode: 0, stdout: expect.stringMatching(/^3 manifests, [^\n]*: whole\n$/) },
      });
    },
  );
});

describe("registry gc", () => {
  for (const alone of [false, true])
    onBench(
      `says what would go and why, and takes that and nothing else, ${alone ? "nobody serving" : "while serving"}`,
      async (bench) => {
        let server = await serving(bench);
        const [gone, stays] = [new Hand(server.url, "a/gone"), new Hand(server.url, "a/stays")];
        await gone.push(1);
        await stays.push(2);
        await gone.witness.remove("manifests/v1");
        await gone.witness.remove(`manifests/${imageNumber(1).descriptor.digest}`);
        if (alone) await server.stop();
        const layer = imageNumber(1).blobs[1]!.descriptor;
        const before = await blobsOf(bench.path("data"));
        const later = await registry(bench, "gc", "--dry-run");
        expect(later.stdout).toContain(`a/gone: ${layer.digest}: 2.0 KiB; no manifest has named it since `);
        expect(later.stdout).toContain(", and it stays until ");
        expect(later.stdout).toEndWith("\nWould free 0 blobs, 0 B\n");
        expect((await registry(bench, "gc")).stdout).toBe("Freed 0 blobs, 0 B\n");
        const now = await registry(bench, "gc", "--dry-run", "--now", "-o", "json");
        expect(JSON.parse(now.stdout)).toMatchObject({
          status: "dry-run",
          blobs: 2,
          contents: 1,
          bytes: 2000,
        });
        expect(await blobsOf(bench.path("data"))).toEqual(before);
        expect((await registry(bench, "gc", "--now")).stdout).toBe("Freed 1 blob, 2.0 KiB\n");
        expect(await blobsOf(bench.path("data"))).toEqual(
          before.filter((name) => name !== layer.digest.slice("sha256:".length)),
        );
        expect(await registry(bench, "check")).toMatchObject({ exitCode: 0 });
        if (alone) server = await serving(bench);
        stays.url = server.url;
        expect(await stays.witness.lost()).toEqual([]);
        await server.stop();
      },
    );

  onBench(
    "takes manifests that nothing holds where it is told to, while the registry serves",
    async (bench) => {
      const server = await serving(bench);
      const hand = new Hand(server.url, "a/b");
      await hand.push(1);
      await hand.push(2);
      await hand.witness.remove("manifests/v1");
      const asked = ["gc", "--delete-untagged", "--now"];
      const { digest } = imageNumber(1).descriptor;
      const told = (await registry(bench, ...asked, "--dry-run")).stdout.split("\n");
      expect(told).toEqual([
        expect.stringContaining(`a/b@${digest}: no tag, no index and no subject has held it since `),
        "Would free 1 manifest, 0 blobs, 0 B",
        "",
      ]);
      expect((await registry(bench, ...asked)).stdout).toBe("Freed 1 manifest, 1 blob, 2.0 KiB\n");
      for (const [tag, status] of [
        [digest, 404],
        ["v2", 200],
      ])
        expect((await fetch(`${server.url}/v2/a/b/manifests/${tag}`)).status).toBe(status as number);
      await server.stop();
    },
  );

  onBench("is garbage-collect too, for the data that a config.yml names", async (bench) => {
    const server = await serving(bench);
    await new Hand(server.url, "a/b").push(1);
    await server.stop();
    const config = { version: 0.1, storage: { filesystem: { rootdirectory: bench.path("data") } } };
    await writeFile(bench.path("config.yml"), JSON.stringify(config)); // JSON is YAML
    const args = ["registry", "garbage-collect", "config.yml", "--dry-run", "--delete-untagged"];
    expect(await bench.done("chartroom", args)).toBe("Would free 0 manifests, 0 blobs, 0 B\n");
  });
});
