import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Fault, TestFileSystem } from "../testing/filesystem.ts";
import { makeDirectory, replaceFile, syncDirectory } from "./durable.ts";
import { errorCode, type FileSystem, nodeFileSystem } from "./filesystem.ts";

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

describe("many who want a directory synced", () => {
  /** Syncs, each of which ends when the test says so. */
  const slowDisk = () => {
    const begun: PromiseWithResolvers<void>[] = [];
    const sync = () => {
      const end = Promise.withResolvers<void>();
      begun.push(end);
      return end.promise;
    };
    const open = async (...opened: Parameters<FileSystem["open"]>) => ({
      ...(await fs.open(...opened)),
      sync,
    });
    const disk: FileSystem = { ...nodeFileSystem, open };
    const until = async (count: number) => {
      while (begun.length < count) await setImmediate();
    };
    return { disk, begun, until };
  };
  const states = (work: Promise<void>[]) =>
    Promise.all(work.map((each) => Promise.race([each.then(() => "done", String), "waits"])));

  test("who comes after a sync has begun waits for another", async () => {
    const { disk, begun, until } = slowDisk();
    const first = syncDirectory(disk, root);
    await until(1);
    const later = [syncDirectory(disk, root), syncDirectory(disk, root)];
    begun[0]!.resolve();
    await first;
    await until(2);
    const last = syncDirectory(disk, root);
    expect(await states(later)).toEqual(["waits", "waits"]);
    begun[1]!.resolve();
    await Promise.all(later);
    await until(3);
    expect(await states([last])).toEqual(["waits"]);
    begun[2]!.resolve();
    await last;
    expect(begun).toHaveLength(3);
    expect(fs.openFiles).toBe(0);
  });

  test("a sync that fails is told to each who waits for it, and to nobody else", async () => {
    const { disk, begun, until } = slowDisk();
    const first = syncDirectory(disk, root);
    await until(1);
    const later = [syncDirectory(disk, root), syncDirectory(disk, root)].map((each) => each.catch(errorCode));
    begun[0]!.resolve();
    await until(2);
    const last = syncDirectory(disk, root);
    begun[1]!.reject(Object.assign(new Error("the disk"), { code: "EIO" }));
    expect<unknown>(await Promise.all(later)).toEqual(["EIO", "EIO"]);
    await until(3);
    begun[2]!.resolve();
    await Promise.all([first, last]);
    expect(fs.openFiles).toBe(0);
  });

  test("another directory's wait for nobody", async () => {
    const { disk, begun, until } = slowDisk();
    const work = [syncDirectory(disk, root), syncDirectory(disk, base)];
    await until(2);
    for (const { resolve } of begun) resolve();
    await Promise.all(work);
  });
});
