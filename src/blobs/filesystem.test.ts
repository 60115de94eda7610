import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "../files/filesystem.ts";
import { type Digest, digestOf, hexOf } from "../oci/digest.ts";
import { TestFileSystem } from "../testing/filesystem.ts";
import { bytesOf, noise, streamOf } from "../testing/streams.ts";
import { blobsSuite } from "./blobs.suite.ts";
import type { Pieces } from "./blobs.ts";
import { FilesystemBlobs } from "./filesystem.ts";

async function place() {
  const root = await mkdtemp(join(tmpdir(), "chartroom-blobs-"));
  const fs = await TestFileSystem.over(root);
  const open = () => new FilesystemBlobs(fs, { blobs: join(root, "blobs"), ingest: join(root, "ingest") });
  return { root, fs, open };
}

blobsSuite("FilesystemBlobs", async () => {
  const { root, fs, open } = await place();
  const blobs = open();
  const dispose = async () => {
    await rm(root, { recursive: true });
    expect(fs.openFiles).toBe(0);
  };
  return { blobs: () => blobs, reopened: open, dispose };
});

let root = "";
let fs: TestFileSystem;
let blobs: FilesystemBlobs;
beforeEach(async () => {
  const made = await place();
  ({ root, fs } = made);
  blobs = made.open();
});
afterEach(() => rm(root, { recursive: true }));

const bytes = noise(600_000);
const digest = digestOf(bytes);
const fileOf = (each: Digest) => join(root, "blobs", "sha256", hexOf(each));
const store = async (content = bytes) => {
  await using ingest = await blobs.ingest("one");
  await ingest.append(streamOf(content));
  await ingest.commit(digestOf(content));
  await ingest.discard();
};

test("a blob is a read-only file named by its digest, and nothing else is left", async () => {
  await store();
  expect((await stat(fileOf(digest))).mode & 0o777).toBe(0o444);
  expect(await readdir(join(root, "blobs", "sha256"))).toEqual([hexOf(digest)]);
  expect(await readdir(join(root, "ingest"))).toEqual([]);
});

test("pieces that are lent are one buffer, others are their reader's own", async () => {
  await store();
  for (const [pieces, buffers] of [
    ["lent", 1],
    ["own", 3],
  ] as const) {
    const read = await Array.fromAsync((await blobs.read(digest, undefined, pieces))!);
    expect([pieces, new Set(read.map(({ buffer }) => buffer)).size]).toEqual([pieces, buffers]);
  }
});

test("what is soon read is read here first: a blob of a MiB, and lent pieces; any other waits for a thread", async () => {
  const large = noise(1024 * 1024 + 1);
  for (const content of [bytes, large]) await store(content);
  const first = async (reading: () => Promise<unknown>) => {
    fs.calls.length = 0;
    await reading();
    return fs.calls.map(({ name }) => name).find((name) => name.startsWith("read"));
  };
  const piece = (pieces: Pieces) => async () => bytesOf((await blobs.read(digest, undefined, pieces))!);
  expect({
    small: await first(() => blobs.bytes(digest, bytes.byteLength)),
    large: await first(() => blobs.bytes(digestOf(large), large.byteLength)),
    lent: await first(piece("lent")),
    own: await first(piece("own")),
  }).toEqual({ small: "readFileSync", large: "readFile", lent: "readSync", own: "read" });
});

test("a disk that keeps one download waiting is not waited for by the next; small blobs learn for themselves", async () => {
  await store();
  const read = async () => bytesOf((await blobs.read(digest, undefined, "lent"))!);
  let slow = true;
  fs.fault = (_, { name }) => {
    if (slow && name === "readSync") Bun.sleepSync(20);
    return undefined;
  };
  await read();
  slow = false;
  fs.calls.length = 0;
  await read();
  await blobs.bytes(digest, bytes.byteLength);
  const names = fs.calls.map(({ name }) => name).filter((name) => name.startsWith("read"));
  expect(names).toEqual(["read", "read", "read", "readFileSync"]);
});

test("pieces that are given away are freed once they are written, parts of something larger and others are not", async () => {
  for (const given of [true, false]) {
    const [own, larger] = [noise(2_000_000), noise(600_000, 2)];
    const pieces = [own, larger.subarray(0, 300_000), noise(100_000, 3)];
    const all = Buffer.concat(pieces);
    await using ingest = await blobs.ingest("one");
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
    await ingest.append(stream, all.byteLength, { given });
    expect(pieces.map(({ byteLength }) => byteLength)).toEqual(
      given ? [0, 300_000, 0] : [2_000_000, 300_000, 100_000],
    );
    await ingest.commit(digestOf(all));
    expect(await blobs.bytes(digestOf(all), all.byteLength)).toEqual(all);
    await ingest.discard();
  }
});

test("it all works on the machine's own file system", async () => {
  blobs = new FilesystemBlobs(nodeFileSystem, { blobs: join(root, "blobs"), ingest: join(root, "ingest") });
  for (let round = 0; round < 2; round++) {
    await store();
    expect(await bytesOf((await blobs.read(digest))!)).toEqual(bytes);
  }
  expect(await readdir(join(root, "ingest"))).toEqual([]);
});

test("a corrupt file under a blob's name is replaced, of the right size or not", async () => {
  for (const corrupt of [noise(599_999), new Uint8Array(600_000), new Uint8Array()]) {
    await mkdir(join(root, "blobs", "sha256"), { recursive: true });
    await writeFile(fileOf(digest), corrupt);
    await store();
    expect(await readFile(fileOf(digest))).toEqual(Buffer.from(bytes));
    await rm(join(root, "blobs"), { recursive: true });
    blobs = new FilesystemBlobs(fs, { blobs: join(root, "blobs"), ingest: join(root, "ingest") });
  }
});

test("who reads a blob that is replaced or removed reads on", async () => {
  await store();
  const before = (await blobs.read(digest))!;
  await store();
  const after = (await blobs.read(digest))!;
  await blobs.remove(digest);
  expect(await bytesOf(before)).toEqual(bytes);
  expect(await bytesOf(after)).toEqual(bytes);
});

test("foreign files and directories are passed over", async () => {
  await store();
  const hex = hexOf(digestOf(noise(3)));
  await mkdir(join(root, "blobs", "sha256", hex));
  await mkdir(join(root, "blobs", "blake3"));
  for (const name of [`${hex}.tmp`, `${hex}1`, hex.toUpperCase(), ".DS_Store"])
    await writeFile(join(root, "blobs", "sha256", name), "");
  expect(await Array.fromAsync(blobs.list())).toEqual([{ digest, size: 600_000 }]);
  expect(await blobs.stat(digestOf(noise(3)))).toBeUndefined();

  await mkdir(join(root, "ingest", "0f7a"));
  await writeFile(join(root, "ingest", "0f7a", "data"), "");
  for (const name of ["sha256_123", "index.json.tmp"]) await writeFile(join(root, "ingest", name), "");
  await symlink(fileOf(digest), join(root, "ingest", "link"));
  expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
});

test("a committed ingest that its process left behind opens where it may not be written to", async () => {
  const first = await blobs.ingest("one");
  await first.append(streamOf(bytes));
  await first.commit(digest);
  await first.close();
  // What all but root get for writing to a read-only file.
  let opened = 0;
  fs.fault = (_, { name }) => (name === "open" && opened++ === 0 ? { code: "EACCES" } : undefined);
  await using again = await blobs.ingest("one");
  fs.fault = () => undefined;
  expect(again.offset).toBe(600_000);
  await again.truncate(10);
  await again.append(streamOf(noise(5)));
  await again.commit(digestOf(Uint8Array.from([...bytes.subarray(0, 10), ...noise(5)])));
  expect(await readFile(fileOf(digest))).toEqual(Buffer.from(bytes));
});

test("an ingest that something else wrote to is not published", async () => {
  await using ingest = await blobs.ingest("one");
  await ingest.append(streamOf(bytes));
  await writeFile(join(root, "ingest", "one"), "more", { flag: "a" });
  await expect(ingest.commit(digest)).rejects.toMatchObject({ code: "storage" });
  expect(await blobs.stat(digest)).toBeUndefined();
});

test("a commit that was refused does not make the next one read everything again", async () => {
  let reads = 0;
  fs.fault = (_, { name }) => {
    if (name === "read") reads++;
    return undefined;
  };
  await using ingest = await blobs.ingest("one");
  await ingest.append(streamOf(bytes.subarray(0, 500_000)));
  await expect(ingest.commit(digest)).rejects.toMatchObject({ code: "not_verified" });
  await ingest.append(streamOf(bytes.subarray(500_000)));
  await ingest.commit(digest);
  expect(reads).toBe(0);
});

test("a read that fails closes its file and says so", async () => {
  await store();
  fs.fault = (_, { name }) => (name === "read" ? { code: "EIO" } : undefined);
  await expect(bytesOf((await blobs.read(digest))!)).rejects.toMatchObject({ code: "EIO" });
  fs.fault = () => undefined;
  const stream = (await blobs.read(digest, { start: 0, end: 600_001 }))!;
  await expect(bytesOf(stream)).rejects.toThrow("ends at byte 600000, expected 600001");
  expect(fs.openFiles).toBe(0);
});

test("a read holds one chunk at a time", async () => {
  await store();
  const reader = (await blobs.read(digest))!.getReader();
  const reads = () => fs.calls.filter(({ name }) => name === "read").length;
  expect(reads()).toBe(0);
  await reader.read();
  expect(reads()).toBe(1);
  await reader.cancel();
  expect(reads()).toBe(1);
});
