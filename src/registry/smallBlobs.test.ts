import { expect, spyOn, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesystemBlobs } from "../blobs/filesystem.ts";
import { MemoryBlobs } from "../blobs/memory.ts";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { type FileSystem, nodeFileSystem } from "../files/filesystem.ts";
import { digestOf } from "../oci/digest.ts";
import { here as repository } from "../testing/commands.ts";
import { failureOf } from "../testing/errors.ts";
import { bytesOf, noise } from "../testing/streams.ts";
import { RegistryError } from "./errors.ts";
import { Uploads } from "./uploads.ts";

const bytes = noise(10_000);
const digest = digestOf(bytes);
const small = { size: bytes.byteLength, read: async () => bytes };

test("a small blob takes one command, and a sweep beside it leaves its bytes alone", async () => {
  const root = await mkdtemp(join(tmpdir(), "chartroom-uploads-"));
  try {
    const catalog = new MemoryCatalog();
    const apply = spyOn(catalog, "apply").mockImplementation(async () => {
      // A check that finds the bytes without a row sees by it that they are on their way in.
      expect(await Array.fromAsync(blobs.ingests())).toMatchObject([{ size: 10_000 }]);
      return { done: true } as never;
    });
    // Its bytes are in the ingest's file, and no row says so.
    const link: FileSystem["link"] = async (existing, path) => {
      await uploads.reap(0);
      await nodeFileSystem.link(existing, path);
    };
    const directories = { blobs: join(root, "blobs"), ingest: join(root, "ingest") };
    const blobs = new FilesystemBlobs({ ...nodeFileSystem, link }, directories);
    const uploads = new Uploads({ blobs, catalog, now: () => Date.now() });
    await uploads.receiveSmall(repository, digest, small);
    expect(apply.mock.calls.map(([{ kind }]) => kind)).toEqual(["link-blob"]);
    expect(await bytesOf((await blobs.read(digest))!)).toEqual(bytes);
    expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
  } finally {
    await rm(root, { recursive: true });
  }
});

test("a small blob leaves nothing when it breaks off, is something else, or may not be", async () => {
  const [blobs, catalog] = [new MemoryBlobs(), new MemoryCatalog()];
  const store = { blobs, catalog, now: () => 0 };
  const uploads = new Uploads(store);
  const strict = new Uploads({ ...store, rules: { largestBlob: 9_999 } });
  const mirror = new Uploads(store, undefined, () => true);
  const broken = { ...small, read: () => Promise.reject(new Error("the connection broke")) };
  const unread = { ...small, read: () => Promise.reject(new Error("it was read")) };
  const other = digestOf(new Uint8Array([1]));
  for (const [from, of, body, fault] of [
    [uploads, digest, broken, "Error: the connection broke"],
    [uploads, other, small, "digestInvalid"],
    [strict, digest, unread, "blobTooLarge"],
    [mirror, digest, unread, "mirrored"],
  ] as const) {
    const failure = await failureOf(from.receiveSmall(repository, of, body));
    expect(failure instanceof RegistryError ? failure.fault : String(failure)).toBe(fault);
  }
  expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
  expect(await Array.fromAsync(blobs.list())).toEqual([]);
  expect(await catalog.hasRepository(repository)).toBe(false);
});
