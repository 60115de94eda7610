import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CatalogFull } from "../catalog/catalog.ts";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { cannotWrite } from "../catalog/sqlite/writer/outbox.ts";
import { ifThere } from "../files/filesystem.ts";
import { here, linkBlob, one } from "../testing/commands.ts";
import { failureOf } from "../testing/errors.ts";
import { TestFileSystem } from "../testing/filesystem.ts";
import { lacksRoom, Reserve } from "./reserve.ts";

const grow = linkBlob(here, one.blobs[0]!);
const free = { kind: "close-upload", id: "a" } as const;

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-reserve-"));
});
afterEach(() => rm(root, { recursive: true }));

/** A catalog on a disk that is full, or not, until the reserve is given up. */
async function disk() {
  const fs = await TestFileSystem.over(root);
  const path = join(root, "reserve");
  const inner = new MemoryCatalog();
  const apply = inner.apply.bind(inner);
  const state = { full: false };
  inner.apply = async (command) => {
    if (state.full && (await ifThere(stat(path))) !== undefined)
      throw cannotWrite({ message: "database or disk is full", code: "SQLITE_FULL" });
    return apply(command);
  };
  const fill = () => {
    state.full = true;
    fs.fault = (_, { name }) => (name === "writev" ? { code: "ENOSPC", short: true } : undefined);
  };
  const clear = () => {
    state.full = false;
    fs.fault = () => undefined;
  };
  const size = async () => (await ifThere(stat(path)))?.size;
  return { catalog: new Reserve(fs, path).catalog(inner), fs, path, size, fill, clear };
}

test("on a full disk deletes get the reserve's room, nothing else does, and it is taken again when there is some", async () => {
  const { catalog, size, fill, clear } = await disk();
  await catalog.apply(grow);
  expect(await size()).toBe(4 * 1024 * 1024);
  fill();
  await expect(catalog.apply(grow)).rejects.toBeInstanceOf(CatalogFull);
  expect(lacksRoom(await failureOf(catalog.apply(grow)))).toBe(true);
  expect(await size()).toBe(4 * 1024 * 1024);
  await Promise.all([catalog.apply(free), catalog.apply(free)]);
  expect(await size()).toBeUndefined();
  await expect(catalog.apply(grow)).rejects.toBeInstanceOf(CatalogFull);
  expect(await size()).toBeUndefined();
  await catalog.apply(free);
  clear();
  await catalog.apply(grow);
  expect(await size()).toBe(4 * 1024 * 1024);
});

test("on a full disk collection gets the reserve's room too", async () => {
  const { digest } = one.blobs[0]!.descriptor;
  for (const command of [
    { kind: "collect-blob", repository: here, digest, before: 1 },
    { kind: "doom", digest },
    { kind: "bury", digest },
  ] as const) {
    const { catalog, fill } = await disk();
    await catalog.apply(grow);
    await catalog.apply({ kind: "unlink-blob", repository: here, digest });
    fill();
    expect(await failureOf(catalog.apply(command))).toBeUndefined();
  }
});

test("a reserve that a process left is kept, and half of one is made whole", async () => {
  const first = await disk();
  await first.catalog.apply(grow);
  const next = await disk();
  await next.catalog.apply(grow);
  expect(next.fs.calls.map(({ name }) => name)).toEqual(["stat"]);
  await Bun.write(first.path, "half");
  await (await disk()).catalog.apply(grow);
  expect(await first.size()).toBe(4 * 1024 * 1024);
});

test("a reserve that cannot be made for another reason says it, and the next try is a new one", async () => {
  const { catalog, fs, size } = await disk();
  fs.fault = (_, { name }) => (name === "open" ? { code: "EMFILE" } : undefined);
  await expect(catalog.apply(grow)).rejects.toMatchObject({ code: "EMFILE" });
  fs.fault = () => undefined;
  await catalog.apply(grow);
  expect(await size()).toBe(4 * 1024 * 1024);
});
