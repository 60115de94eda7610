import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesystemBlobs } from "../../blobs/filesystem.ts";
import { MemoryCatalog } from "../../catalog/memory/memory.ts";
import type { FileSystem } from "../../files/filesystem.ts";
import { digestOf } from "../../oci/digest.ts";
import { parseTag } from "../../oci/reference.ts";
import type { Upstream } from "../../oci/upstream.ts";
import { blobOf, imageOf, pushArtifact } from "../../testing/artifacts.ts";
import { nameOf } from "../../testing/commands.ts";
import { failureOf } from "../../testing/errors.ts";
import { TestFileSystem } from "../../testing/filesystem.ts";
import { MemoryRepository } from "../../testing/repository.ts";
import { bytesOf, noise, streamOf } from "../../testing/streams.ts";
import { Registry } from "../registry.ts";

// Blobs lie on a file system that fails as it is told; rows are believed, as those of a catalog are whose sync succeeded.
let base = "";
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-mirror-faults-"));
});
afterAll(() => rm(base, { recursive: true }));

const week = 7 * 24 * 3600_000;
const layer = blobOf(noise(2 * 1024 * 1024 + 1));
const image = imageOf([layer]);
const name = nameOf("a/b");

/** The image's repository, in this process; a blob comes in pieces, from wherever it is asked for. */
async function upstreamOf(): Promise<Upstream> {
  const repository = new MemoryRepository();
  await pushArtifact(repository, image, { tags: [parseTag("latest")], expect: "any" });
  const found = async (of: Parameters<Upstream["find"]>[0]) => {
    const manifest = await repository.manifest(of);
    return manifest && { manifest };
  };
  return {
    find: found,
    stat: async () => layer.descriptor.size,
    blob: async (_blob, range) => streamOf(layer.bytes.slice(range?.start, range?.end), { chunk: 300_000 }),
    tags: async () => Array.fromAsync(repository.tags()),
    referrers: (subject) => repository.referrers(subject),
  };
}
const upstream = await upstreamOf();

/** One process's mirror, over these files and rows. */
function started(root: string, fs: FileSystem, catalog: MemoryCatalog) {
  const blobs = new FilesystemBlobs(fs, { blobs: join(root, "blobs"), ingest: join(root, "ingest") });
  const registry = new Registry({ blobs, catalog, now: Date.now }, [
    { prefix: "", ttl: 0, open: () => upstream },
  ]);
  /** Pull the image as a client does: what comes of the layer is right, or the pull fails. */
  const pull = async () => {
    const repository = registry.repository(name);
    expect((await repository.manifest(parseTag("latest")))?.bytes).toEqual(image.bytes);
    const bytes = await bytesOf(await repository.blob(layer.descriptor));
    expect(digestOf(bytes)).toBe(layer.descriptor.digest);
  };
  return { blobs, pull, reap: () => registry.uploads.reap(week), close: () => registry.close() };
}

let count = 0;
async function place() {
  const root = join(base, `${count++}`);
  await mkdir(root);
  return { root, fs: await TestFileSystem.over(root), catalog: new MemoryCatalog() };
}

/** How many calls a pull takes on which nothing fails. */
async function usualCalls(): Promise<number> {
  const { root, fs, catalog } = await place();
  const { pull, close } = started(root, fs, catalog);
  await pull();
  await close();
  return fs.calls.length;
}

/** A mirror after whatever happened: a pull gives what is right, and nothing else is left. */
async function isWell(root: string, fs: FileSystem, catalog: MemoryCatalog): Promise<void> {
  const { blobs, pull, reap, close } = started(root, fs, catalog);
  await reap();
  for (let times = 0; times < 2; times++) await pull();
  await close();
  expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
  const { digest, size } = layer.descriptor;
  expect(await Array.fromAsync(blobs.list())).toEqual([{ digest, size }]);
}

test("whichever call fails, a mirror gives what is right or fails, and the next process gives it", async () => {
  const calls = await usualCalls();
  for (let fatal = 0; fatal < calls; fatal++) {
    const { root, fs, catalog } = await place();
    fs.fault = (index) => (index === fatal ? { code: fatal % 2 === 0 ? "EIO" : "ENOSPC" } : undefined);
    const { pull, close } = started(root, fs, catalog);
    await failureOf(pull);
    await close();
    fs.fault = () => undefined;
    await isWell(root, fs, catalog);
    expect(fs.openFiles).toBe(0);
    await rm(root, { recursive: true });
  }
}, 60_000);

test("what a full disk does not take is given all the same, checked, and kept once there is room", async () => {
  const { root, fs, catalog } = await place();
  fs.fault = (_index, { name: call }) => (call === "writev" ? { code: "ENOSPC" } : undefined);
  const { pull, close } = started(root, fs, catalog);
  for (let times = 0; times < 2; times++) await pull();
  fs.fault = () => undefined;
  await close();
  await isWell(root, fs, catalog);
  await rm(root, { recursive: true });
});

for (const entries of ["synced", "all"] as const)
  test(`wherever the power fails, with ${entries} entries on the disk, the next process gives what is right`, async () => {
    const calls = await usualCalls();
    for (let last = 0; last <= calls; last++) {
      const { root, fs, catalog } = await place();
      fs.fault = (index) => (index >= last ? { code: "EIO" } : undefined);
      const { pull, close } = started(root, fs, catalog);
      await failureOf(pull);
      await close();
      const after = `${root}-after`;
      await fs.afterPowerLoss(after, entries);
      await isWell(after, await TestFileSystem.over(after), catalog);
      for (const each of [root, after]) await rm(each, { recursive: true });
    }
  }, 60_000);
