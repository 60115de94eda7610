import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blobPathIn } from "../../blobs/filesystem.ts";
import { snapshotSqlite } from "../../catalog/sqlite/snapshot.ts";
import { openSqliteReader } from "../../catalog/sqlite/sqlite.ts";
import { type FileSystem, nodeFileSystem } from "../../files/filesystem.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseTag } from "../../oci/reference.ts";
import { blobOf, imageOf } from "../../testing/artifacts.ts";
import { checkedData } from "../../testing/checked.ts";
import { here } from "../../testing/commands.ts";
import { type TestData, testData } from "../../testing/dataDirectory.ts";
import { failureOf } from "../../testing/errors.ts";
import { noise, streamOf } from "../../testing/streams.ts";
import { dataPathsOf } from "../dataPaths.ts";
import { backup, becomeOwn, restore } from "./backup.ts";
import type { Copied, CopyOptions, Lost } from "./copy.ts";

let base = "";
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-backup-"));
});
afterAll(() => rm(base, { recursive: true }));
let count = 0;
const freshPath = () => join(base, `place-${count++}`);

const layer = blobOf(noise(5000));
const image = imageOf([layer]);
const later = imageOf([blobOf(noise(300, 2))]);
const { digest } = layer.descriptor;

/** A copy as the program does it, with what is told on the way. */
function copying(
  work: typeof backup,
  from: TestData["data"] | string,
  to: string,
  options: Partial<CopyOptions> = {},
): Promise<Copied & { lost: Lost[] }> {
  const lost: Lost[] = [];
  const source = typeof from === "string" ? dataPathsOf(from) : from;
  return work(source, to, {
    fs: nodeFileSystem,
    catalogs: { snapshot: snapshotSqlite, read: openSqliteReader },
    ...{ verify: false, signal: new AbortController().signal, progress: () => {} },
    tell: (each) => lost.push(each),
    ...options,
  }).then((copied) => ({ ...copied, lost }));
}

/** A file system without hard links. */
const linkless: FileSystem = {
  ...nodeFileSystem,
  link: () => Promise.reject(Object.assign(new Error("EXDEV"), { code: "EXDEV" })),
};

async function expectWhole(root: string, tags: Record<string, Digest>): Promise<void> {
  await using it = await testData(root);
  expect((await checkedData(it)).findings).toEqual([]);
  for (const [tag, expected] of Object.entries(tags))
    expect(await it.catalog.tag(here, parseTag(tag))).toBe(expected);
}

const everything = async (root: string) => (await readdir(root, { recursive: true })).sort();

for (const [how, fs] of [
  ["linked", nodeFileSystem],
  ["copied", linkless],
] as const)
  test(`a backup is a data directory like any other, its blobs ${how}; restored it is the registry's own`, async () => {
    await using it = await testData();
    await it.push(here, image, "v1");
    await writeFile(it.data.htpasswd, "ann:x\n");
    const upload = await it.registry.uploads.open(here, undefined);
    await it.registry.uploads.append(upload, { body: streamOf(layer.bytes) });
    const [to, again] = [freshPath(), freshPath()];
    const { size } = layer.descriptor;
    const counts = { blobs: 2, bytes: size + 2, kept: 0, linked: 0, copied: 0, removed: 0 };
    expect(await copying(backup, it.data, to, { fs })).toEqual({ ...counts, [how]: 2, lost: [] });
    expect((await stat(blobPathIn(join(to, "blobs"), digest))).nlink).toBe(how === "linked" ? 2 : 1);
    expect((await stat(to)).mode & 0o777).toBe(0o700);
    expect((await stat(join(to, "htpasswd"))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(to, "htpasswd"), "utf8")).toBe("ann:x\n");
    await expectWhole(to, { v1: image.descriptor.digest });

    expect(await copying(restore, to, again, { fs })).toMatchObject({ [how]: 2, lost: [] });
    await expectWhole(again, { v1: image.descriptor.digest });
    expect(await failureOf(copying(backup, it.data, again))).toMatchObject({ code: "conflict" });
  });

test("the same again brings a backup up to date: what is there stays, what nobody needs goes, users too", async () => {
  await using it = await testData();
  await it.push(here, image, "v1");
  await it.push(here, later, "v2");
  await writeFile(it.data.htpasswd, "ann:x\n");
  const to = freshPath();
  await copying(backup, it.data, to);
  const repository = it.registry.repository(here);
  await repository.delete(image.descriptor.digest);
  await repository.deleteBlob(digest);
  await it.push(here, imageOf([blobOf("new")]), "v3");
  await rm(it.data.htpasswd);
  const { lost: _, ...copied } = await copying(backup, it.data, to);
  expect(copied).toMatchObject({ blobs: 3, kept: 2, linked: 1, removed: 1 });
  expect(await everything(to)).not.toContain("htpasswd");
  await expectWhole(to, { v2: later.descriptor.digest });
});

test("a registry that has lost most of its blobs takes the place of no backup", async () => {
  const to = freshPath();
  {
    await using it = await testData();
    for (const seed of [1, 2, 3]) await it.push(here, imageOf([blobOf(noise(100, seed))]), `v${seed}`);
    await copying(backup, it.data, to);
  }
  const before = await everything(to);
  await using empty = await testData();
  for (const tag of [undefined, "v1"]) {
    if (tag !== undefined) await empty.push(here, imageOf([]), tag);
    expect(await failureOf(copying(backup, empty.data, to))).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("and the backup there 4"),
    });
  }
  expect((await everything(to)).filter((name) => name !== "catalog.db.new")).toEqual(before);
  await empty.push(here, image, "v2");
  await copying(backup, empty.data, to);
  await expectWhole(to, { v2: image.descriptor.digest });
});

test("what is pushed while a backup goes on is in it whole or not at all", async () => {
  await using it = await testData();
  await it.push(here, image, "v1");
  const to = freshPath();
  let pushed = false;
  const fs: FileSystem = {
    ...nodeFileSystem,
    async link(from, path) {
      if (!pushed) {
        pushed = true;
        await it.push(here, later, "v2");
      }
      await nodeFileSystem.link(from, path);
    },
  };
  await copying(backup, it.data, to, { fs });
  expect(pushed).toBe(true);
  await expectWhole(to, { v1: image.descriptor.digest });
});

test("a blob that is lost or spoiled is told, and all the rest is copied", async () => {
  await using it = await testData();
  await it.push(here, image, "v1");
  await it.push(here, later, "v2");
  await rm(it.blobPath(digest));
  const spoiled = later.blobs[1]!.descriptor.digest;
  await chmod(it.blobPath(spoiled), 0o644);
  await writeFile(it.blobPath(spoiled), noise(300, 3));
  const [first, second] = [freshPath(), freshPath()];
  const missing = { digest, message: "its bytes are missing" };
  expect((await copying(backup, it.data, first)).lost).toEqual([missing]);
  const copied = await copying(backup, it.data, second, { fs: linkless });
  const other = { digest: spoiled, message: "its bytes are not what its name says" };
  expect(copied.lost).toContainEqual(other);
  expect(copied.lost).toContainEqual(missing);
  const restored = await copying(restore, first, freshPath());
  expect(restored.lost).toContainEqual(other);
});

describe("a directory is refused, and nothing touched, ", () => {
  const refused = async (to: string, source: TestData["data"], work = backup) => {
    const before = await everything(base);
    const said = await failureOf(copying(work, source, to));
    expect(await everything(base)).toEqual(before);
    return said;
  };

  test("when it holds something else, or is a file", async () => {
    await using it = await testData();
    const to = freshPath();
    await mkdir(to);
    await writeFile(join(to, "thesis.txt"), "");
    expect(await refused(to, it.data)).toMatchObject({
      code: "invalid",
      message: `Cannot copy a registry's data into ${to}: it holds "thesis.txt", which is no backup`,
    });
    expect(await refused(join(to, "thesis.txt"), it.data)).toMatchObject({ code: "invalid" });
  });

  test("when it holds a registry's own data, also for a restore", async () => {
    await using it = await testData();
    const to = freshPath();
    await (await testData(to)).close();
    for (const work of [backup, restore])
      expect(await refused(to, it.data, work)).toMatchObject({ code: "conflict" });
  });

  test("when a registry was started over it, which made it its own", async () => {
    await using it = await testData();
    const to = freshPath();
    await copying(backup, it.data, to);
    await becomeOwn(nodeFileSystem, dataPathsOf(to));
    expect(await refused(to, it.data)).toMatchObject({ code: "conflict" });
  });

  test("when somebody uses it", async () => {
    await using it = await testData();
    const to = freshPath();
    await copying(backup, it.data, to);
    await using _user = await testData(to);
    expect(await refused(to, it.data)).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("another chartroom process"),
    });
  });

  test("when it lies in the data, or the data in it, by whatever path", async () => {
    await using it = await testData();
    const link = freshPath();
    await symlink(it.data.root, link);
    for (const to of [
      it.data.root,
      join(it.data.root, "backup"),
      join(link, "a", "b"),
      join(it.data.root, ".."),
    ])
      expect(await failureOf(copying(backup, it.data, to))).toMatchObject({ code: "usage" });
    expect(await everything(it.data.root)).not.toContain("backup");
  });
});

test("until it is complete nobody takes a backup for a registry's data", async () => {
  await using it = await testData();
  await it.push(here, image, "v1");
  const to = freshPath();
  const stop = new AbortController();
  const work = copying(backup, it.data, to, {
    signal: stop.signal,
    progress: () => stop.abort(new Error("enough")),
  });
  await expect(work).rejects.toThrow("enough");
  expect(await failureOf(testData(to))).toMatchObject({
    code: "invalid",
    message: expect.stringContaining("was not finished"),
  });
  await copying(backup, it.data, to);
  await expectWhole(to, { v1: image.descriptor.digest });
});

test("a log that somebody left beside the catalog of an older backup is not taken for the new one's", async () => {
  await using it = await testData();
  await it.push(here, image, "v1");
  const to = freshPath();
  await copying(backup, it.data, to);
  const killed = await testData(to);
  await killed.push(here, later, "v2");
  for (const name of ["catalog.db-wal", "catalog.db-shm"])
    await writeFile(join(base, name), await readFile(join(to, name)));
  await killed.close();
  for (const name of ["catalog.db-wal", "catalog.db-shm"])
    await writeFile(join(to, name), await readFile(join(base, name)));
  await copying(backup, it.data, to);
  await expectWhole(to, { v1: image.descriptor.digest });
  await using now = await testData(to);
  expect(await now.catalog.tag(here, parseTag("v2"))).toBeUndefined();
});
