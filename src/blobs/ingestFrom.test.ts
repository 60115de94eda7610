import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf, hexOf } from "../oci/digest.ts";
import { failureOf } from "../testing/errors.ts";
import { TestFileSystem } from "../testing/filesystem.ts";
import { bytesOf, noise, streamOf } from "../testing/streams.ts";
import { FilesystemBlobs } from "./filesystem.ts";

const bytes = noise(300_000);
const digest = digestOf(bytes);

let root = "";
let fs: TestFileSystem;
let blobs: FilesystemBlobs;
/** A file of somebody else's. */
let theirs = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-ingest-from-"));
  fs = await TestFileSystem.over(root);
  blobs = new FilesystemBlobs(fs, { blobs: join(root, "blobs"), ingest: join(root, "ingest") });
  theirs = join(root, "theirs");
  await writeFile(theirs, bytes, { mode: 0o640 });
});
afterEach(async () => {
  expect(fs.openFiles).toBe(0);
  expect(Buffer.compare(await readFile(theirs), bytes)).toBe(0);
  expect((await stat(theirs)).mode & 0o777).toBe(0o640);
  await rm(root, { recursive: true });
});

/** A file's number and how many names it has. */
const inode = async (path: string) => {
  const { ino, nlink } = await stat(path);
  return { ino, nlink };
};
const blob = () => join(root, "blobs/sha256", hexOf(digest));
const noLinks = () => {
  fs.fault = (_, { name }) => (name === "link" ? { code: "EXDEV" } : undefined);
};

for (const how of ["link", "copy", "either"] as const)
  describe(`an ingest from a file, by ${how}`, () => {
    test("becomes a blob, and the file stays as it is", async () => {
      await using ingest = await blobs.ingestFrom("one", theirs, how);
      expect(ingest.offset).toBe(bytes.byteLength);
      expect(await ingest.commit(digest)).toBe(bytes.byteLength);
      await ingest.discard();
      expect(await bytesOf((await blobs.read(digest))!)).toEqual(bytes);
      expect(await readdir(join(root, "ingest"))).toEqual([]);
      expect((await inode(blob())).ino === (await inode(theirs)).ino).toBe(how !== "copy");
      expect((await inode(theirs)).nlink).toBe(how === "copy" ? 1 : 2);
    });

    test("is not published when its digest is another", async () => {
      await using ingest = await blobs.ingestFrom("one", theirs, how);
      expect(await failureOf(ingest.commit(digestOf(noise(3))))).toMatchObject({ code: "not_verified" });
      expect(await blobs.stat(digestOf(noise(3)))).toBeUndefined();
    });

    test("takes the place of what another process left under its name", async () => {
      await using left = await blobs.ingest("one");
      await left.append(streamOf(noise(1_000)));
      await left.close();
      await using ingest = await blobs.ingestFrom("one", theirs, how);
      await ingest.commit(digest);
    });

    test("goes on in a file of its own", async () => {
      await using ingest = await blobs.ingestFrom("one", theirs, how);
      await ingest.append(streamOf(noise(5)));
      await ingest.truncate(2);
      await ingest.commit(digestOf(bytes.subarray(0, 2)));
    });

    test("a sync that fails publishes nothing, however often it is tried, and takes nothing from the file", async () => {
      await using ingest = await blobs.ingestFrom("one", theirs, how);
      fs.fault = (_, { name }) => (name === "datasync" ? { code: "EIO" } : undefined);
      expect(await failureOf(ingest.commit(digest))).toMatchObject({ code: "EIO" });
      fs.fault = () => undefined;
      expect(await failureOf(ingest.commit(digest))).toBeDefined();
      expect(await blobs.stat(digest)).toBeUndefined();
    });
  });

test("where there are no links, either copies and link fails", async () => {
  noLinks();
  expect(await failureOf(blobs.ingestFrom("one", theirs, "link"))).toMatchObject({ code: "EXDEV" });
  await using ingest = await blobs.ingestFrom("one", theirs, "either");
  await ingest.commit(digest);
  expect((await inode(theirs)).nlink).toBe(1);
});
