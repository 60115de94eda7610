import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesystemBlobs } from "../blobs/filesystem.ts";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { digestOf } from "../oci/digest.ts";
import { here as repository } from "../testing/commands.ts";
import { TestFileSystem } from "../testing/filesystem.ts";
import { noise, streamOf } from "../testing/streams.ts";
import { Uploads } from "./uploads.ts";

const bytes = noise(100_000);
const digest = digestOf(bytes);

/** Bytes from `start` to `end` as a chunk that says so. */
const piece = (start: number, end: number) => ({ body: streamOf(bytes.subarray(start, end)), start });

/** `use` with a file system that fails as it is told, and blobs there. */
async function withDisk(use: (fs: TestFileSystem, blobs: FilesystemBlobs) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "chartroom-uploads-"));
  try {
    const fs = await TestFileSystem.over(root);
    await use(fs, new FilesystemBlobs(fs, { blobs: join(root, "blobs"), ingest: join(root, "ingest") }));
  } finally {
    await rm(root, { recursive: true });
  }
}

test("bytes whose file may go with the power are not taken", () =>
  withDisk(async (fs, blobs) => {
    const catalog = new MemoryCatalog();
    const uploads = new Uploads({ blobs, catalog, now: () => 0 });
    const session = await uploads.open(repository, undefined);
    // The file is made; its directory cannot be opened, as when too many files are open.
    let made = false;
    fs.fault = (_, { name, path }) => {
      if (made && name === "open" && path.endsWith("ingest")) return { code: "EMFILE" };
      made ||= path.endsWith(session.id);
      return undefined;
    };
    await expect(uploads.append(session, piece(0, 30_000))).rejects.toMatchObject({ code: "EMFILE" });
    expect((await uploads.find(session)).offset).toBe(0);
    fs.fault = () => undefined;
    await uploads.finish(session, digest, piece(0, 100_000));
    await uploads.close();
  }));

test("a sync that fails takes nothing that an earlier process acknowledged", () =>
  withDisk(async (fs, blobs) => {
    const catalog = new MemoryCatalog();
    const store = { blobs, catalog, now: () => 0 };
    const first = new Uploads(store);
    const session = await first.open(repository, undefined);
    await first.append(session, piece(0, 30_000));
    await first.close();
    const second = new Uploads(store);
    fs.fault = (_, { name }) => (name === "datasync" ? { code: "EIO" } : undefined);
    await expect(second.append(session, piece(30_000, 60_000))).rejects.toMatchObject({ code: "EIO" });
    fs.fault = () => undefined;
    expect((await second.find(session)).offset).toBe(30_000);
    await second.finish(session, digest, piece(30_000, 100_000));
    expect(await catalog.blob(repository, digest)).toBe(100_000);
    await second.close();
  }));

test("when one ingest cannot be closed, the others are", () =>
  withDisk(async (fs, blobs) => {
    const uploads = new Uploads({ blobs, catalog: new MemoryCatalog(), now: () => 0 });
    for (let i = 0; i < 3; i++) await uploads.append(await uploads.open(repository, undefined), piece(0, 10));
    expect(fs.openFiles).toBe(3);
    const calls = fs.calls.length;
    fs.fault = (index) => (index === calls ? { code: "EIO" } : undefined);
    await expect(uploads.close()).rejects.toMatchObject({ code: "EIO" });
    expect(fs.openFiles).toBe(0);
  }));
