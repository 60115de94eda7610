import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fault, TestFileSystem } from "../testing/filesystem.ts";
import { makeDirectory, replaceFile, syncDirectory } from "./durable.ts";
import { nodeFileSystem } from "./filesystem.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

let base = "";
let root = "";
let fs: TestFileSystem;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-durable-"));
  root = join(base, "root");
  await mkdir(root);
  await writeFile(join(root, "file"), "old");
  fs = await TestFileSystem.over(root);
});
afterEach(() => rm(base, { recursive: true, force: true }));

const replace = () =>
  replaceFile(fs, join(root, "file"), bytes("brand new"), { temporary: join(root, "file.tmp"), mode: 0o600 });
const content = () => readFile(join(root, "file"), "utf8");

test("a file is replaced, with its mode, and survives power loss", async () => {
  await replace();
  expect(await content()).toBe("brand new");
  expect((await stat(join(root, "file"))).mode & 0o777).toBe(0o600);
  expect(await readdir(root)).toEqual(["file"]);
  for (const entries of ["synced", "all"] as const) {
    await fs.afterPowerLoss(join(base, entries), entries);
    expect(await readFile(join(base, entries, "file"), "utf8")).toBe("brand new");
  }
});

test("it all works on the machine's own file system", async () => {
  const path = join(root, "a", "b", "file");
  await makeDirectory(nodeFileSystem, join(root, "a", "b"));
  for (const text of ["one", "two"])
    await replaceFile(nodeFileSystem, path, bytes(text), { temporary: `${path}.tmp` });
  expect(await readFile(path, "utf8")).toBe("two");
  expect(await readdir(join(root, "a", "b"))).toEqual(["file"]);
});

test("a directory in which nothing can be made is given up, though its parent is said to be missing", async () => {
  let asked = 0;
  const proc = {
    ...nodeFileSystem,
    mkdir: async (path: string) => {
      if (path === root) return nodeFileSystem.mkdir(path);
      if (++asked > 9) throw new Error("it never gives up");
      throw Object.assign(new Error("no such file or directory"), { code: "ENOENT" });
    },
  };
  await expect(makeDirectory(proc, join(root, "x"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("a file that is not there yet is made", async () => {
  await replaceFile(fs, join(root, "fresh"), bytes("x"), { temporary: join(root, "fresh.tmp") });
  expect(await readFile(join(root, "fresh"), "utf8")).toBe("x");
});

test("a temporary file of somebody else is left alone", async () => {
  await writeFile(join(root, "file.tmp"), "foreign");
  await expect(replace()).rejects.toMatchObject({ code: "EEXIST" });
  expect(await readFile(join(root, "file.tmp"), "utf8")).toBe("foreign");
  expect(await content()).toBe("old");
});

test("short writes go on where they stopped", async () => {
  fs.fault = (_, { name }) => (name === "writev" ? { short: true } : undefined);
  await replace();
  expect(await content()).toBe("brand new");
});

const faults: [string, Fault][] = [
  ["fails", { code: "EIO" }],
  ["is cut short and fails", { code: "ENOSPC", short: true }],
];
for (const [how, fault] of faults)
  test(`whichever call ${how}, the file is old or new, and a repeat succeeds`, async () => {
    await replace();
    const count = fs.calls.length;
    expect(count).toBeGreaterThan(5);
    for (let fatal = 0; fatal < count; fatal++) {
      await writeFile(join(root, "file"), "old");
      const begin = fs.calls.length;
      fs.fault = (index) => (index - begin === fatal ? fault : undefined);
      await expect(replace()).rejects.toMatchObject({ code: fault.code });
      expect(["old", "brand new"]).toContain(await content());
      expect(await readdir(root)).toEqual(["file"]);
      fs.fault = () => undefined;
      await replace();
      expect(await content()).toBe("brand new");
      expect(fs.openFiles).toBe(0);
    }
  });

test("wherever the power fails, the file is old or new", async () => {
  await replace();
  const count = fs.calls.length;
  for (let last = 0; last <= count; last++) {
    const run = join(base, `run-${last}`);
    await mkdir(run);
    await writeFile(join(run, "file"), "old");
    const dying = await TestFileSystem.over(run);
    dying.fault = (index) => (index >= last ? { code: "EIO" } : undefined);
    await replaceFile(dying, join(run, "file"), bytes("brand new"), {
      temporary: join(run, "file.tmp"),
    }).catch(() => {});
    for (const entries of ["synced", "all"] as const) {
      const left = join(base, `left-${last}-${entries}`);
      await dying.afterPowerLoss(left, entries);
      expect(["old", "brand new"]).toContain(await readFile(join(left, "file"), "utf8"));
    }
  }
});

test("directories are made with their parents, and survive power loss", async () => {
  const deep = join(root, "a", "b", "c");
  await makeDirectory(fs, deep);
  await makeDirectory(fs, deep);
  await fs.afterPowerLoss(join(base, "left"), "synced");
  expect((await stat(join(base, "left", "a", "b", "c"))).isDirectory()).toBe(true);
});

test("a directory that another process made and did not sync is synced", async () => {
  await mkdir(join(root, "theirs"));
  await makeDirectory(fs, join(root, "theirs"));
  expect(fs.calls.map(({ name, path }) => [name, path])).toContainEqual(["sync", root]);
});

test("a directory cannot be made over or below a file", async () => {
  await expect(makeDirectory(fs, join(root, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeDirectory(fs, join(root, "file", "below"))).rejects.toMatchObject({ code: "ENOTDIR" });
});

test("a system that cannot sync directories is put up with, a disk that fails is not", async () => {
  for (const code of ["EPERM", "EISDIR", "EINVAL"]) {
    for (const call of ["open", "sync"]) {
      fs.fault = (_, { name }) => (name === call ? { code } : undefined);
      await syncDirectory(fs, root);
    }
  }
  fs.fault = (_, { name }) => (name === "sync" ? { code: "EIO" } : undefined);
  await expect(syncDirectory(fs, root)).rejects.toMatchObject({ code: "EIO" });
  expect(fs.openFiles).toBe(0);
});
