import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { cannotWrite } from "../catalog/sqlite/writer/outbox.ts";
import { TestFileSystem } from "../testing/filesystem.ts";
import { WriteStop, WritesStopped } from "./writeStop.ts";

const close = { kind: "close-upload", id: "a" } as const;

/** A catalog whose writer fails as SQLite names it, and the stop before it. */
function failing(code: string) {
  const told: WritesStopped[] = [];
  const writes = new WriteStop((stopped) => told.push(stopped));
  const inner = new MemoryCatalog();
  let asked = 0;
  inner.apply = async () => {
    asked++;
    throw cannotWrite({ message: "disk I/O error", code });
  };
  return { told, writes, catalog: writes.catalog(inner), asked: () => asked };
}

test("a catalog whose disk failed is not asked to write again, and still answers", async () => {
  const { told, writes, catalog, asked } = failing("SQLITE_IOERR_FSYNC");
  writes.check();
  for (let i = 0; i < 2; i++) await expect(catalog.apply(close)).rejects.toBeInstanceOf(WritesStopped);
  expect(asked()).toBe(1);
  expect(told.map(({ message }) => message)).toEqual([
    "Nothing is written until chartroom is started again, since the disk failed: Cannot write to the catalog: disk I/O error (SQLITE_IOERR_FSYNC)",
  ]);
  expect(() => writes.check()).toThrow(WritesStopped);
  expect(await catalog.upload("a")).toBeUndefined();
});

test("a full disk fails a command and ends nothing", async () => {
  const { told, writes, catalog, asked } = failing("SQLITE_FULL");
  for (let i = 0; i < 2; i++) await expect(catalog.apply(close)).rejects.toThrow("SQLITE_FULL");
  expect(asked()).toBe(2);
  expect(told).toEqual([]);
  writes.check();
});

test("a sync that fails ends writes and syncs of every file; one that the system does not have ends nothing", async () => {
  const root = await mkdtemp(join(tmpdir(), "chartroom-stop-"));
  try {
    const fs = await TestFileSystem.over(root);
    const told: WritesStopped[] = [];
    const writes = new WriteStop((stopped) => told.push(stopped));
    const files = writes.files(fs);
    const [one, other] = [await files.open(join(root, "1"), "wx+"), await files.open(join(root, "2"), "wx+")];
    const bytes = new Uint8Array([1]);
    for (const code of ["EINVAL", "EPERM", "EISDIR"]) {
      fs.fault = (_, { name }) => (name === "sync" ? { code } : undefined);
      await expect(one.sync()).rejects.toMatchObject({ code });
      await other.writev([bytes], 0);
    }
    fs.fault = (_, { name }) => (name === "sync" ? { code: "ENOSPC" } : undefined);
    await expect(one.sync()).rejects.toBeInstanceOf(WritesStopped);
    fs.fault = () => undefined;
    const unlink = () => files.unlink(join(root, "2"));
    for (const work of [() => other.writev([bytes], 1), () => other.sync(), () => other.datasync(), unlink])
      await expect(work()).rejects.toBe(told[0]);
    expect((await other.stat()).size).toBe(1);
    expect(told).toHaveLength(1);
    for (const file of [one, other]) await file.close();
  } finally {
    await rm(root, { recursive: true });
  }
});
