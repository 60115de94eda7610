import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileSystem, nodeFileSystem } from "../files/filesystem.ts";
import { digestOf } from "../oci/digest.ts";
import { type Call, type Fault, TestFileSystem } from "../testing/filesystem.ts";
import { noise, streamOf } from "../testing/streams.ts";
import { FilesystemBlobs } from "./filesystem.ts";

// In pieces of one byte this is three batches (append.ts), and quick.
const bytes = noise(2_500);
const digest = digestOf(bytes);
const never = () => undefined;

let base = "";
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-faults-"));
});
afterEach(() => rm(base, { recursive: true, force: true }));

let count = 0;
/** A file system over a new directory, and blobs in it. */
async function place() {
  const root = join(base, `place-${count++}`);
  await mkdir(root);
  const fs = await TestFileSystem.over(root);
  return { root, fs, blobs: blobsIn(root, fs) };
}

const blobsIn = (root: string, fs: FileSystem = nodeFileSystem) =>
  new FilesystemBlobs(fs, { blobs: join(root, "blobs"), ingest: join(root, "ingest") });

/** Everything that stands below `root`/blobs is whole and named by its digest. */
async function expectWhole(root: string): Promise<void> {
  const found = await readdir(join(root, "blobs"), { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of found.filter((each) => each.isFile()))
    expect(digestOf(await readFile(join(entry.parentPath, entry.name)))).toBe(
      `sha256:${entry.name}` as never,
    );
}

/** A push as a registry does it: two bodies, a commit, and the end of the session. */
async function push(blobs: FilesystemBlobs, name: string): Promise<void> {
  await using ingest = await blobs.ingest(name);
  await ingest.append(streamOf(bytes.subarray(ingest.offset, 1_200), { chunk: 1 }));
  await ingest.append(streamOf(bytes.subarray(ingest.offset), { chunk: 1 }));
  await ingest.commit(digest);
  await ingest.discard();
}

/** As a registry takes a small blob that comes in one request. */
async function putSmall(blobs: FilesystemBlobs, name: string, content: Uint8Array): Promise<void> {
  const small = await blobs.smallIngest(name, content);
  try {
    await small.commit(digestOf(content));
  } finally {
    await small.discard();
  }
}

const scenes: Record<string, (blobs: FilesystemBlobs) => Promise<void>> = {
  "a push": (blobs) => push(blobs, "one"),
  "a push of what is there": async (blobs) => {
    await push(blobs, "one");
    await push(blobs, "two");
  },
  "a small blob's, at once": async (blobs) => {
    for (const name of ["two", "three"]) await putSmall(blobs, name, bytes);
  },
  "a committed ingest that is changed and committed again": async (blobs) => {
    await using ingest = await blobs.ingest("one");
    await ingest.append(streamOf(bytes.subarray(ingest.offset), { chunk: 1 }));
    await ingest.commit(digest);
    await ingest.truncate(1_000);
    await ingest.append(streamOf(bytes.subarray(1_000)));
    await ingest.commit(digest);
    await ingest.discard();
  },
};

/** What befalls a call, and which calls it befalls; EPERM means "not supported" to who links or syncs a directory. */
const faults: [string, Fault, ...Call["name"][]][] = [
  ["call fails", { code: "EIO" }],
  ["write is cut short and fails", { code: "ENOSPC", short: true }, "writev"],
  ["call is not supported", { code: "EPERM" }, "open", "link", "sync", "chmod"],
];

for (const [name, scene] of Object.entries(scenes)) {
  describe(name, () => {
    for (const [how, fault, ...only] of faults)
      test(`whichever ${how}, only whole blobs stand, and a repeat succeeds`, async () => {
        const model = await place();
        await scene(model.blobs);
        for (const [fatal, { name: call }] of [...model.fs.calls].entries()) {
          if (only.length > 0 && !only.includes(call)) continue;
          const { root, fs, blobs } = await place();
          fs.fault = (index) => (index === fatal ? fault : undefined);
          await scene(blobs).catch((error) => expect(error).toMatchObject({ code: fault.code }));
          await expectWhole(root);
          expect(fs.openFiles).toBe(0);
          fs.fault = never;
          // As the process that lives on, and as the next one.
          for (const each of [blobs, blobsIn(root, fs)]) await push(each, "one");
          expect(await blobs.stat(digest)).toBe(bytes.byteLength);
          await expectWhole(root);
          await rm(root, { recursive: true });
        }
      }, 30_000);

    test("short writes go on where they stopped", async () => {
      const { root, fs, blobs } = await place();
      fs.fault = (_, call) => (call.name === "writev" ? { short: true } : undefined);
      await scene(blobs);
      expect(await blobs.stat(digest)).toBe(bytes.byteLength);
      await expectWhole(root);
    });

    test("without hard links it works all the same", async () => {
      const { root, fs, blobs } = await place();
      fs.fault = (_, call) => (call.name === "link" ? { code: "ENOTSUP" } : undefined);
      await scene(blobs);
      expect(await blobs.stat(digest)).toBe(bytes.byteLength);
      await expectWhole(root);
      expect(await readdir(join(root, "ingest"))).toEqual([]);
    });

    test("wherever the power fails, only whole blobs stand, and a repeat succeeds", async () => {
      const model = await place();
      await scene(model.blobs);
      for (const [last, { name: call }] of [...model.fs.calls, { name: "close" }].entries()) {
        // Before these there is nothing new to lose.
        if (["read", "stat", "open"].includes(call)) continue;
        const { root, fs, blobs } = await place();
        fs.fault = (index) => (index >= last ? { code: "EIO" } : undefined);
        await scene(blobs).catch(never);
        for (const entries of ["synced", "all"] as const) {
          const left = join(base, `left-${last}-${entries}`);
          await fs.afterPowerLoss(left, entries);
          await expectWhole(left);
          // What was not synced may be anything: a registry cuts back to what it acknowledged.
          const next = blobsIn(left, await TestFileSystem.over(left));
          await using ingest = await next.ingest("one");
          await ingest.truncate(0);
          await ingest.append(streamOf(bytes));
          await ingest.commit(digest);
          await expectWhole(left);
          expect(await next.stat(digest)).toBe(bytes.byteLength);
          await rm(left, { recursive: true });
        }
        await rm(root, { recursive: true });
      }
    }, 30_000);
  });
}

describe("once it resolved, power loss takes nothing of", () => {
  const survivors = async (fs: TestFileSystem, check: (root: string) => Promise<void>) => {
    for (const entries of ["synced", "all"] as const) {
      const left = join(base, `left-${count++}`);
      await fs.afterPowerLoss(left, entries);
      await check(left);
      await expectWhole(left);
    }
  };
  const holdsBlob = async (root: string) => expect(await blobsIn(root).stat(digest)).toBe(bytes.byteLength);

  test("a commit", async () => {
    const { fs, blobs } = await place();
    await using ingest = await blobs.ingest("one");
    await ingest.append(streamOf(bytes));
    await ingest.commit(digest);
    await survivors(fs, holdsBlob);
    await ingest.discard();
    await survivors(fs, holdsBlob);
  });

  test("a small blob", async () => {
    const { root, fs, blobs } = await place();
    await fs.mkdir(join(root, "blobs"));
    await fs.mkdir(join(root, "blobs", "sha256"));
    // Another process has it already, and did not sync it.
    await writeFile(join(root, "blobs", "sha256", digest.slice(7)), bytes);
    await putSmall(blobs, "one", bytes);
    await survivors(fs, holdsBlob);
  });

  test("small blobs that share the syncs of their directory", async () => {
    const { fs, blobs } = await place();
    const many = Array.from({ length: 20 }, (_, i) => noise(1_000 + i));
    const left: string[] = [];
    await Promise.all(
      many.map(async (each, i) => {
        await putSmall(blobs, `small-${i}`, each);
        await survivors(fs, async (root) => {
          left.push(root);
          expect(await blobsIn(root).stat(digestOf(each))).toBe(each.byteLength);
        });
      }),
    );
    expect(left).toHaveLength(40);
    const syncs = fs.calls.filter(({ name, path }) => name === "sync" && path.endsWith("sha256"));
    expect(syncs.length).toBeLessThan(many.length);
  });

  test("a commit of an ingest that another process began and did not sync", async () => {
    const { root, fs, blobs } = await place();
    await (await blobs.ingest("one")).close();
    const file = await fs.open(join(root, "ingest", "one"), "r+");
    await file.writev([bytes], 0);
    await file.close();
    await using ingest = await blobsIn(root, fs).ingest("one");
    expect(await ingest.commit(digest)).toBe(bytes.byteLength);
    await survivors(fs, holdsBlob);
  });

  test("a commit where another process put the blob and did not sync it", async () => {
    const { root, fs, blobs } = await place();
    await using ingest = await blobs.ingest("one");
    await ingest.append(streamOf(bytes));
    await fs.mkdir(join(root, "blobs"));
    await fs.mkdir(join(root, "blobs", "sha256"));
    await writeFile(join(root, "blobs", "sha256", digest.slice(7)), bytes);
    await ingest.commit(digest);
    await survivors(fs, holdsBlob);
  });

  test("a commit after a cut", async () => {
    const { fs, blobs } = await place();
    await using ingest = await blobs.ingest("one");
    await ingest.append(streamOf(bytes));
    await ingest.append(streamOf(noise(500)));
    await ingest.truncate(bytes.byteLength);
    await ingest.commit(digest);
    await survivors(fs, holdsBlob);
  });

  test("a commit without hard links", async () => {
    const { fs, blobs } = await place();
    fs.fault = (_, call) => (call.name === "link" ? { code: "EPERM" } : undefined);
    await using ingest = await blobs.ingest("one");
    await ingest.append(streamOf(bytes));
    await ingest.commit(digest);
    await ingest.commit(digest);
    await survivors(fs, holdsBlob);
    await blobs.remove(digest);
    await ingest.commit(digest);
    await survivors(fs, holdsBlob);
  });

  test("an append", async () => {
    const { fs, blobs } = await place();
    await using ingest = await blobs.ingest("one");
    await ingest.append(streamOf(bytes.subarray(0, 1_500)));
    await survivors(fs, async (left) => {
      await using again = await blobsIn(left).ingest("one");
      expect(again.offset).toBe(1_500);
    });
    const failure = new Error("the line broke");
    await expect(ingest.append(streamOf(bytes.subarray(1_500), { fail: failure }))).rejects.toBe(failure);
    await survivors(fs, async (left) => {
      await using again = await blobsIn(left).ingest("one");
      await again.commit(digest);
    });
  });
});

test("after a write that failed an ingest goes on where it stands", async () => {
  for (const fault of [{ code: "ENOSPC" }, { code: "ENOSPC", short: true }]) {
    const { fs, blobs } = await place();
    await using ingest = await blobs.ingest("one");
    await ingest.append(streamOf(bytes.subarray(0, 1_000)));
    fs.fault = (_, { name }) => (name === "writev" ? fault : undefined);
    await expect(ingest.append(streamOf(bytes.subarray(1_000)))).rejects.toMatchObject({ code: "ENOSPC" });
    expect(ingest.offset).toBe(fault.short ? 1_750 : 1_000);
    fs.fault = never;
    await ingest.append(streamOf(bytes.subarray(ingest.offset)));
    await ingest.commit(digest);
  }
});

test("bytes that a failed sync may have lost are never published, even if they cannot be cut off at once", async () => {
  const { fs, blobs } = await place();
  await using ingest = await blobs.ingest("one");
  fs.fault = (_, { name }) => (name === "datasync" || name === "truncate" ? { code: "EIO" } : undefined);
  await expect(ingest.append(streamOf(bytes))).rejects.toMatchObject({ code: "EIO" });
  fs.fault = never;
  await expect(ingest.commit(digest)).rejects.toMatchObject({ code: "EIO" });
  expect(await blobs.stat(digest)).toBeUndefined();
  expect(ingest.offset).toBe(0);
  await ingest.append(streamOf(bytes));
  await ingest.commit(digest);
});

test("a long append is synced on the way, and a sync that fails takes back what it was to save", async () => {
  const { fs, blobs } = await place();
  const long = noise(40 * 1024 * 1024);
  await using ingest = await blobs.ingest("one");
  let syncs = 0;
  fs.fault = (_, call) => (call.name === "datasync" && ++syncs === 2 ? { code: "EIO" } : undefined);
  const told: number[] = [];
  const safe = async (size: number) => void told.push(size);
  const appended = ingest.append(streamOf(long, { chunk: 1024 * 1024 }), undefined, { safe });
  await expect(appended).rejects.toMatchObject({ code: "EIO" });
  expect(syncs).toBe(2);
  expect(ingest.offset).toBeGreaterThan(0);
  expect(told).toEqual([ingest.offset]);
  await ingest.append(streamOf(long.subarray(ingest.offset), { chunk: 1024 * 1024 }));
  await ingest.commit(digestOf(long));
});
