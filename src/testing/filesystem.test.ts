import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestFileSystem } from "./filesystem.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

let base = "";
let root = "";
let fs: TestFileSystem;
let losses = 0;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-filesystem-"));
  root = join(base, "root");
  await mkdir(join(root, "before"), { recursive: true });
  await writeFile(join(root, "before", "file"), "kept");
  fs = await TestFileSystem.over(root);
});
afterEach(() => rm(base, { recursive: true, force: true }));

const at = (...names: string[]) => join(root, ...names);
const write = async (path: string, text: string, sync = false) => {
  const file = await fs.open(path, "w+");
  await file.writev([bytes(text)], 0);
  if (sync) await file.datasync();
  await file.close();
};
const syncDirectory = async (path: string) => {
  const directory = await fs.open(path, "r");
  await directory.sync();
  await directory.close();
};
/** What would be left, as path and content. */
const left = async (entries: "synced" | "all") => {
  const into = join(base, `left-${losses++}`);
  await fs.afterPowerLoss(into, entries);
  const found: Record<string, string> = {};
  for (const each of await readdir(into, { recursive: true })) {
    const path = join(into, each);
    if ((await stat(path)).isFile()) found[each] = await readFile(path, "utf8");
  }
  return found;
};
const before = { "before/file": "kept" };

test("what was there at the start is kept", async () => {
  expect(await left("synced")).toEqual(before);
  expect(await left("all")).toEqual(before);
});

test("a new file needs two syncs", async () => {
  await write(at("file"), "new");
  expect(await left("synced")).toEqual(before);
  expect(await left("all")).toEqual({ ...before, file: "" });
  await syncDirectory(root);
  expect(await left("synced")).toEqual({ ...before, file: "" });
  await write(at("file"), "newer", true);
  expect(await left("synced")).toEqual({ ...before, file: "newer" });
});

test("what changed after the last sync goes back", async () => {
  await write(at("before", "file"), "changed");
  expect(await left("all")).toEqual(before);
  await write(at("before", "file"), "changed", true);
  await write(at("before", "file"), "changed again");
  expect(await left("all")).toEqual({ "before/file": "changed" });
});

test("renames, links and removals count when their directories are synced", async () => {
  await write(at("one"), "1", true);
  await syncDirectory(root);
  const one = { ...before, one: "1" };
  await fs.rename(at("one"), at("two"));
  await fs.link(at("two"), at("before", "three"));
  expect(await left("synced")).toEqual(one);
  expect(await left("all")).toEqual({ ...before, two: "1", "before/three": "1" });
  await syncDirectory(at("before"));
  expect(await left("synced")).toEqual({ ...one, "before/three": "1" });
  await syncDirectory(root);
  expect(await left("synced")).toEqual({ ...before, two: "1", "before/three": "1" });
  await fs.unlink(at("two"));
  expect(await left("synced")).toEqual({ ...before, two: "1", "before/three": "1" });
  expect(await left("all")).toEqual({ ...before, "before/three": "1" });
});

test("two names of one file stay two names of one file", async () => {
  await write(at("one"), "1", true);
  await fs.link(at("one"), at("two"));
  await syncDirectory(root);
  await left("synced");
  expect((await stat(join(base, `left-${losses - 1}`, "two"))).nlink).toBe(2);
});

test("a new directory needs a sync of its parent", async () => {
  await fs.mkdir(at("new"));
  await write(at("new", "file"), "x", true);
  await syncDirectory(at("new"));
  expect(await left("synced")).toEqual(before);
  await syncDirectory(root);
  expect(await left("synced")).toEqual({ ...before, "new/file": "x" });
});

test("a new file does not inherit from a removed one", async () => {
  for (let i = 0; i < 20; i++) {
    await write(at("file"), "first", true);
    await fs.unlink(at("file"));
    await write(at("file"), "second");
    expect((await left("all")).file).toBe("");
    await fs.unlink(at("file"));
  }
});

test("calls are recorded and made to fail", async () => {
  await write(at("file"), "abc", true);
  expect(fs.calls.map(({ name }) => name)).toEqual(["open", "writev", "datasync", "close"]);
  expect(new Set(fs.calls.map(({ path }) => path))).toEqual(new Set([at("file")]));
  fs.fault = (index) => (index === 5 ? { code: "ENOSPC" } : undefined);
  const file = await fs.open(at("file"), "r+");
  await expect(file.writev([bytes("x")], 0)).rejects.toMatchObject({ code: "ENOSPC", path: at("file") });
  expect(fs.openFiles).toBe(1);
  fs.fault = () => ({ code: "EIO" });
  await expect(file.close()).rejects.toMatchObject({ code: "EIO" });
  expect(fs.openFiles).toBe(0);
  expect(await readFile(at("file"), "utf8")).toBe("abc");
});

test("a write is cut short, with or without an error", async () => {
  const file = await fs.open(at("file"), "w+");
  fs.fault = () => ({ short: true });
  expect(await file.writev([bytes("ab"), bytes("cde")], 0)).toMatchObject({ bytesWritten: 3 });
  fs.fault = () => ({ short: true, code: "ENOSPC" });
  await expect(file.writev([bytes("xyz")], 3)).rejects.toMatchObject({ code: "ENOSPC" });
  expect(await readFile(at("file"), "utf8")).toBe("abcxy");
  fs.fault = () => undefined;
  await file.close();
});
