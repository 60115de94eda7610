import { expect } from "bun:test";
import { readdir } from "node:fs/promises";
import type { Bench, Ran } from "../bench.ts";
import { onBench, refusalOf } from "./cli.ts";
import { onDisk } from "./disk.ts";
import { Hand, serving } from "./hand.ts";

const registry = (bench: Bench, ...args: string[]): Promise<Ran> =>
  bench.run("chartroom", ["registry", ...args]);

for (const [what, size] of [
  ["the blobs", "800k"],
  ["the catalog", "100k"],
])
  onDisk(
    `a backup to a disk that is too small for ${what} is none, the registry goes on, and room is all it wants`,
    `size=${size}`,
    async (bench, remount) => {
      const server = await serving(bench);
      await using stack = new AsyncDisposableStack();
      stack.defer(async () => void (await server.stop()));
      const hand = new Hand(server.url, "a/b");
      for (let seed = 1; seed <= 200; seed++) expect(await hand.push(seed)).toBe(true);
      const full = await registry(bench, "backup", "disk/copy", "--data", "data");
      expect(refusalOf(full)).toMatchObject({ exitCode: 1, message: expect.stringContaining("full") });
      expect(await readdir(bench.path("disk", "copy"))).not.toContain("chartroom.json");
      expect(refusalOf(await registry(bench, "check", "--data", "disk/copy")).exitCode).toBe(1);
      expect(await hand.push(201)).toBe(true);
      remount("size=64m");
      const copied = await registry(bench, "backup", "disk/copy", "--data", "data");
      expect(copied.exitCode).toBe(0);
      expect(copied.stdout).toContain(" 0 linked, ");
      expect(await registry(bench, "check", "--data", "disk/copy")).toMatchObject({ exitCode: 0 });
      expect(await hand.witness.lost()).toEqual([]);
    },
  );

onDisk("a backup on a read-only medium is restored from", "size=64m", async (bench, remount) => {
  const server = await serving(bench);
  const hand = new Hand(server.url, "a/b");
  await hand.push(1);
  expect((await registry(bench, "backup", "disk/copy", "--data", "data")).exitCode).toBe(0);
  await server.stop();
  remount("ro");
  expect(await registry(bench, "restore", "disk/copy", "--data", "again")).toMatchObject({ exitCode: 0 });
  const again = await serving(bench, "again");
  hand.url = again.url;
  expect(await hand.witness.lost()).toEqual([]);
  await again.stop();
});

onBench(
  "a restore that is killed at any moment is none, or all of it, and the next one goes on",
  async (bench) => {
    const server = await serving(bench);
    const hand = new Hand(server.url, "a/b");
    for (let seed = 1; seed <= 60; seed++) await hand.push(seed);
    await server.stop();
    expect((await registry(bench, "backup", "copy", "--data", "data")).exitCode).toBe(0);
    const restore = ["registry", "restore", "copy", "--data", "again"];
    for (const wait of [0, 5, 10, 20, 40, 80]) {
      const dying = bench.start("chartroom", restore);
      while (!(await readdir(bench.folder)).includes("again")) await Bun.sleep(1);
      await Bun.sleep(wait);
      dying.kill("SIGKILL");
      await dying.ended;
      if (!(await readdir(bench.path("again"))).includes("chartroom.json")) continue;
      expect(await registry(bench, "check", "--data", "again")).toMatchObject({ exitCode: 0 });
      break;
    }
    const last = await bench.run("chartroom", restore);
    const complete = refusalOf(last).message.endsWith("it holds a registry's data already");
    expect([last.exitCode, complete]).toEqual(complete ? [5, true] : [0, false]);
    const again = await serving(bench, "again");
    hand.url = again.url;
    expect(await hand.witness.lost()).toEqual([]);
    await again.stop();
  },
);

onBench("of two restores into one place one is through, and the other is refused or late", async (bench) => {
  const server = await serving(bench);
  await new Hand(server.url, "a/b").push(1);
  await server.stop();
  await bench.done("chartroom", ["registry", "backup", "copy", "--data", "data"]);
  const both = await Promise.all([1, 2].map(() => registry(bench, "restore", "copy", "--data", "again")));
  expect(both.map(({ exitCode }) => exitCode).sort()).toEqual([0, 5]);
  expect(await registry(bench, "check", "--data", "again")).toMatchObject({ exitCode: 0 });
});
