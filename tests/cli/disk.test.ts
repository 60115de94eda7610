import { expect } from "bun:test";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import type { Bench } from "../bench.ts";
import { ref, refused } from "./cli.ts";
import { onDisk } from "./disk.ts";

const store = ["--store", "disk/store"];

/** A chart of so many bytes that no compression makes less, as a directory of the bench. */
async function noise(bench: Bench, name: string, size: number): Promise<void> {
  await mkdir(bench.path(name));
  await writeFile(bench.path(name, "Chart.yaml"), `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`);
  const limit = 65_536; // getRandomValues gives no more at once
  for (let at = 0; at < size; at += limit)
    await writeFile(
      bench.path(name, `noise-${at}`),
      crypto.getRandomValues(new Uint8Array(Math.min(limit, size - at))),
    );
}

onDisk(
  "a full disk loses nothing, and with room enough the same works",
  "size=300k",
  async (bench, remount) => {
    await noise(bench, "small", 1_000);
    await noise(bench, "large", 400_000);
    await bench.done("chartroom", ["chart", "save", "small", ref, ...store]);
    const large = ["chart", "save", "large", "localhost:5000/a/large:1", ...store];
    const said = await refused(bench, ...large);
    expect(said).toMatchObject({ exitCode: 1, message: expect.stringContaining("the disk is full") });
    expect(said.hint).toContain("Free some space");
    expect(await bench.done("chartroom", ["chart", "list", "-q", ...store])).toBe(`${ref}\n`);
    await bench.done("chartroom", ["chart", "check", ...store]);
    remount("size=4m");
    await bench.done("chartroom", large);
    await bench.done("chartroom", ["chart", "check", ...store]);
  },
);

onDisk("a full disk takes no half of an export", "size=64k", async (bench) => {
  await noise(bench, "large", 200_000);
  await bench.done("chartroom", ["chart", "save", "large", ref]);
  const said = await refused(bench, "chart", "export", ref, "-d", "disk", "--archive");
  expect(said).toMatchObject({ exitCode: 1, message: expect.stringContaining("the disk is full") });
  expect(await readdir(bench.path("disk"))).toEqual([]);
});

onDisk(
  "a pull to a full disk names nothing, and goes on with room enough",
  "size=300k",
  async (bench, remount) => {
    const { host } = await bench.chartroom();
    const name = `${host}/a/large:1`;
    await noise(bench, "large", 400_000);
    await bench.done("chartroom", ["chart", "save", "large", name]);
    await bench.done("chartroom", ["chart", "push", name]);
    const said = await refused(bench, "chart", "pull", name, ...store);
    expect(said).toMatchObject({ exitCode: 1, message: expect.stringContaining("the disk is full") });
    expect(await bench.done("chartroom", ["chart", "list", "-q", ...store])).toBe("");
    remount("size=4m");
    await bench.done("chartroom", ["chart", "pull", name, ...store]);
    await bench.done("chartroom", ["chart", "check", ...store]);
  },
);

onDisk("of a read-only store all can be read, and what writes says so", "size=2m", async (bench, remount) => {
  await noise(bench, "small", 1_000);
  const save = ["chart", "save", "small", ref, ...store];
  await bench.done("chartroom", save);
  remount("ro");
  expect(await bench.done("chartroom", ["chart", "list", "-q", ...store])).toBe(`${ref}\n`);
  await bench.done("chartroom", ["chart", "export", ref, ...store]);
  await bench.done("chartroom", ["chart", "check", ...store]);
  await bench.done("chartroom", save); // already so
  for (const args of [
    ["chart", "save", "small", `${ref}-2`, ...store],
    ["chart", "tag", ref, `${ref}-3`, ...store],
    ["chart", "remove", ref, ...store],
    ["chart", "save", "small", ref, "--store", "disk/other"],
    ["chart", "export", ref, "-d", "disk", ...store],
  ]) {
    const said = await refused(bench, ...args);
    expect([args[1], said.exitCode]).toEqual([args[1], 1]);
    expect(said.message).toContain("read-only");
    expect(said.hint).not.toBe("");
  }
});

onDisk("a registry does not start on a read-only disk", "size=2m", async (bench, remount) => {
  remount("ro");
  const args = ["registry", "serve", "--addr", "127.0.0.1:0", "--data", "disk/data"];
  const said = await refused(bench, ...args);
  expect(said).toMatchObject({ exitCode: 1, message: expect.stringContaining("is not writable") });
  expect(said.hint).toContain("--data");
});

onDisk("a disk too small for a registry is one sentence", "size=16k", async (bench) => {
  const args = ["registry", "serve", "--addr", "127.0.0.1:0", "--data", "disk/data"];
  expect(await refused(bench, ...args)).toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(/disk is full/),
  });
});
