import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesystemBlobs } from "../blobs/filesystem.ts";
import { digestOf, hexOf } from "../oci/digest.ts";
import { codeOf, failureOf } from "../testing/errors.ts";
import { noise, streamOf } from "../testing/streams.ts";
import { plainFiles } from "./plainFiles.ts";
import { Reserve } from "./reserve.ts";

let root = "";
let secret = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-plain-"));
  secret = join(root, "secret");
  await writeFile(secret, "the secret");
});
afterAll(() => rm(root, { recursive: true }));

const bytes = noise(5000);
const digest = digestOf(bytes);

/** Blobs in a folder of their own. */
function blobsIn(name: string): FilesystemBlobs {
  return new FilesystemBlobs(plainFiles, {
    blobs: join(root, name, "blobs"),
    ingest: join(root, name, "ingest"),
  });
}

test("a link in a blob's place is not read, and one in an upload's not written to", async () => {
  const blobs = blobsIn("planted");
  await mkdir(join(root, "planted/blobs/sha256"), { recursive: true });
  await mkdir(join(root, "planted/ingest"));
  await symlink(secret, join(root, "planted/blobs/sha256", hexOf(digest)));
  await symlink(secret, join(root, "planted/ingest/upload"));
  await symlink(join(root, "nothing"), join(root, "planted/ingest/other"));
  for (const read of [
    () => blobs.read(digest),
    () => blobs.bytes(digest, 10),
    () => blobs.bytes(digest, 2 ** 30),
  ]) {
    expect(await codeOf(read)).toBe("storage");
    expect(String(await failureOf(read))).toContain("it is a link, and only files are kept there");
  }
  for (const name of ["upload", "other"]) expect(await codeOf(blobs.ingest(name))).toBe("storage");
  expect(await readFile(secret, "utf8")).toBe("the secret");
});

test("a pipe in a blob's place gives nothing, and keeps nobody waiting", async () => {
  const blobs = blobsIn("piped");
  await mkdir(join(root, "piped/blobs/sha256"), { recursive: true });
  expect(Bun.spawnSync(["mkfifo", join(root, "piped/blobs/sha256", hexOf(digest))]).exitCode).toBe(0);
  // By threads first: where those wait this test runs out of time, and does not stand still.
  expect(await blobs.bytes(digest, 2 ** 30)).toHaveLength(0);
  const stream = await blobs.read(digest, { start: 0, end: 10 }, "lent");
  await expect(new Response(stream).bytes()).rejects.toThrow("ESPIPE");
  expect(await blobs.bytes(digest, 10)).toHaveLength(0);
});

test("a link in the reserve's place is not written over", async () => {
  const path = join(root, "reserve");
  await symlink(secret, path);
  const catalog = new Reserve(plainFiles, path).catalog({ apply: async () => ({ done: true }) } as never);
  await expect(catalog.apply({ kind: "advance-upload", id: "x", offset: 1 })).rejects.toThrow("it is a link");
  expect((await stat(secret)).size).toBe(10);
  // It is taken away, and the next one is a file.
  expect(await catalog.apply({ kind: "advance-upload", id: "x", offset: 1 })).toEqual({ done: true });
});

test("directories may be links: blobs on another disk are written, synced and read", async () => {
  await mkdir(join(root, "disk"));
  await mkdir(join(root, "linked"));
  await symlink(join(root, "disk"), join(root, "linked/blobs"));
  const blobs = blobsIn("linked");
  await using ingest = await blobs.ingest("one");
  await ingest.append(streamOf(bytes));
  await ingest.commit(digest);
  const stream = await blobs.read(digest);
  expect<Uint8Array>(await new Response(stream).bytes()).toEqual(bytes);
});
