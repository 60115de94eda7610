import { describe, expect, spyOn, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesystemBlobs } from "../blobs/filesystem.ts";
import { MemoryBlobs } from "../blobs/memory.ts";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { type FileSystem, nodeFileSystem } from "../files/filesystem.ts";
import { digestOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { type RepositoryName, tryRepositoryName } from "../oci/reference.ts";
import { TestFileSystem } from "../testing/filesystem.ts";
import { bytesOf, noise, streamOf } from "../testing/streams.ts";
import { OutOfOrder } from "./chunk.ts";
import { RegistryError } from "./errors.ts";
import { Uploads } from "./uploads.ts";

const repository = tryRepositoryName("a/b") as RepositoryName;
const bytes = noise(100_000);
const digest = digestOf(bytes);
const week = 7 * 24 * 3600_000;

function make() {
  const clock = { now: 0 };
  const [blobs, catalog] = [new MemoryBlobs(), new MemoryCatalog()];
  const store = { blobs, catalog, now: () => clock.now };
  return { blobs, catalog, clock, uploads: new Uploads(store), restarted: () => new Uploads(store) };
}

const faultOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: unknown) => (error instanceof RegistryError ? error.fault : String(error)),
  );

/** Bytes from `start` to `end` as a chunk that says so. */
const piece = (start: number, end: number) => ({
  body: streamOf(bytes.subarray(start, end)),
  start,
  length: end - start,
});

/** A body that a test feeds by hand, as a slow connection would; `began` resolves at the first read. */
function slowBody() {
  const begun = Promise.withResolvers<void>();
  let feed: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        feed = controller;
      },
      pull: () => begun.resolve(),
    },
    { highWaterMark: 0 },
  );
  return {
    body,
    began: begun.promise,
    send: (part: Uint8Array) => feed?.enqueue(part),
    end: () => feed?.close(),
  };
}

describe("an upload session", () => {
  test("takes chunks one after the other and becomes a blob", async () => {
    const { blobs, catalog, uploads } = make();
    const session = await uploads.open(repository, undefined);
    expect(await uploads.append(session, piece(0, 40_000))).toBe(40_000);
    expect(await uploads.append(session, { body: streamOf(bytes.subarray(40_000, 70_000)) })).toBe(70_000);
    expect((await uploads.find(session)).offset).toBe(70_000);
    await uploads.finish(session, digest, piece(70_000, 100_000));
    expect(await catalog.blob(repository, digest)).toBe(100_000);
    expect(await bytesOf((await blobs.read(digest)) ?? streamOf(new Uint8Array()))).toEqual(bytes);
    expect(await faultOf(uploads.find(session))).toBe("uploadUnknown");
    expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
  });

  test("refuses a chunk that begins elsewhere, says where it ends, and goes on", async () => {
    const { uploads } = make();
    const session = await uploads.open(repository, undefined);
    await uploads.append(session, piece(0, 10));
    for (const start of [0, 9, 11]) {
      const error = await uploads.append(session, piece(start, start + 5)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OutOfOrder);
      expect((error as OutOfOrder).offset).toBe(10);
    }
    expect(await faultOf(uploads.finish(session, digest, piece(50, 100_000)))).toBe("uploadOutOfOrder");
    await uploads.finish(session, digest, piece(10, 100_000));
  });

  test("refuses a chunk of another length than was said, and is as before", async () => {
    const { uploads } = make();
    const session = await uploads.open(repository, undefined);
    await uploads.append(session, piece(0, 10));
    for (const length of [1, 40_000]) {
      const chunk = { body: streamOf(bytes.subarray(10, 30_000)), start: 10, length };
      expect(await faultOf(uploads.append(session, chunk))).toBe("sizeInvalid");
      expect((await uploads.find(session)).offset).toBe(10);
    }
    await uploads.finish(session, digest, piece(10, 100_000));
  });

  test("keeps what came before its connection broke, even in the last chunk", async () => {
    const { uploads } = make();
    const session = await uploads.open(repository, undefined);
    const cut = (start: number, end: number) => ({
      body: streamOf(bytes.subarray(start, end), { fail: new Error("cut") }),
      start,
    });
    expect(await faultOf(uploads.append(session, cut(0, 30_000)))).toBe("Error: cut");
    expect((await uploads.find(session)).offset).toBe(30_000);
    expect(await faultOf(uploads.finish(session, digest, cut(30_000, 60_000)))).toBe("Error: cut");
    expect((await uploads.find(session)).offset).toBe(60_000);
    await uploads.finish(session, digest, piece(60_000, 100_000));
  });

  test("refuses a wrong digest and can still be finished under the right one", async () => {
    const { catalog, uploads } = make();
    const session = await uploads.open(repository, undefined);
    const wrong = digestOf(new Uint8Array([1]));
    expect(await faultOf(uploads.finish(session, wrong, piece(0, 100_000)))).toBe("digestInvalid");
    expect(await catalog.blob(repository, wrong)).toBeUndefined();
    expect((await uploads.find(session)).offset).toBe(100_000);
    await uploads.finish(session, digest, undefined);
  });

  test("whose blob could not be linked yet is finished by the same request again", async () => {
    const { catalog, uploads } = make();
    const session = await uploads.open(repository, undefined);
    const whole = () => ({ body: streamOf(bytes) });
    const apply = spyOn(catalog, "apply").mockImplementation(async () => {
      throw new ChartroomError("busy", "the queue is full");
    });
    await expect(uploads.finish(session, digest, whole())).rejects.toThrow("the queue is full");
    apply.mockRestore();
    await uploads.finish(session, digest, whole());
    expect(await catalog.blob(repository, digest)).toBe(100_000);
  });

  test("that took a blob at once tells what went wrong, not that it is over", async () => {
    const { uploads, catalog } = make();
    const apply = catalog.apply.bind(catalog);
    spyOn(catalog, "apply").mockImplementation(async (command) => {
      const outcome = await apply(command);
      // As a disk that fails after the commit: nobody knows whether it was done.
      if (command.kind === "link-blob") throw new ChartroomError("storage", "the disk reports an error");
      return outcome;
    });
    const received = uploads.receive(repository, digest, { body: streamOf(bytes) });
    expect(await faultOf(received)).toContain("the disk reports an error");
  });

  test("belongs to its repository and its user", async () => {
    const { uploads } = make();
    const session = await uploads.open(repository, "alice");
    const strangers = [
      { ...session, user: "bob" },
      { ...session, user: undefined },
      { ...session, repository: tryRepositoryName("a/c") as RepositoryName },
      { ...session, id: crypto.randomUUID() },
      { ...session, id: "../../etc/passwd" },
    ];
    const slow = slowBody();
    const appending = uploads.append(session, { body: slow.body });
    await slow.began;
    for (const stranger of strangers) {
      expect(await faultOf(uploads.find(stranger))).toBe("uploadUnknown");
      expect(await faultOf(uploads.append(stranger, piece(0, 5)))).toBe("uploadUnknown");
      expect(await faultOf(uploads.finish(stranger, digest, undefined))).toBe("uploadUnknown");
      expect(await faultOf(uploads.cancel(stranger))).toBe("uploadUnknown");
    }
    slow.send(bytes);
    slow.end();
    expect(await appending).toBe(100_000);
  });

  test("goes to who comes later, from where the earlier one got", async () => {
    const { uploads } = make();
    const session = await uploads.open(repository, undefined);
    const slow = slowBody();
    const stuck = faultOf(uploads.append(session, { body: slow.body, start: 0 }));
    await slow.began;
    slow.send(bytes.slice(0, 1000));
    await Bun.sleep(0);
    expect((await uploads.find(session)).offset).toBe(0);
    expect(await faultOf(uploads.append(session, piece(0, 100_000)))).toBe("uploadOutOfOrder");
    expect(await stuck).toBe("uploadTakenOver");
    expect((await uploads.find(session)).offset).toBe(1000);
    await uploads.finish(session, digest, piece(1000, 100_000));
  });

  test("of many who want it at once the last one gets it, and no bytes mix", async () => {
    const { uploads } = make();
    const session = await uploads.open(repository, undefined);
    const slow = slowBody();
    const first = uploads.append(session, { body: slow.body });
    const others = [1, 2, 3, 4].map(() => uploads.append(session, piece(0, 100_000)));
    const faults = await Promise.all([first, ...others].map(faultOf));
    expect(faults.filter((fault) => fault === "none")).toHaveLength(1);
    expect(faults.filter((fault) => fault === "uploadTakenOver")).toHaveLength(4);
    expect(faults.at(-1)).toBe("none");
    await uploads.finish(session, digest, undefined);
  });

  test("is over for who came while it was becoming a blob", async () => {
    const { blobs, catalog, uploads } = make();
    const session = await uploads.open(repository, undefined);
    await uploads.append(session, piece(0, 100_000));
    const ingest = await blobs.ingest(session.id);
    const commit = ingest.commit.bind(ingest);
    const [begun, going] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    ingest.commit = async (of) => {
      begun.resolve();
      await going.promise;
      return commit(of);
    };
    const finishing = uploads.finish(session, digest, undefined);
    await begun.promise;
    const late = [uploads.append(session, piece(0, 10)), uploads.cancel(session)].map(faultOf);
    going.resolve();
    await finishing;
    expect(await Promise.all(late)).toEqual(["uploadTakenOver", "uploadUnknown"]);
    expect(await catalog.blob(repository, digest)).toBe(100_000);
  });

  test("is gone once cancelled, for who was at it too", async () => {
    const { blobs, uploads } = make();
    const session = await uploads.open(repository, undefined);
    const slow = slowBody();
    const stuck = faultOf(uploads.append(session, { body: slow.body }));
    await slow.began;
    await uploads.cancel(session);
    expect(await stuck).toBe("uploadTakenOver");
    expect(await faultOf(uploads.find(session))).toBe("uploadUnknown");
    expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
  });

  test("acknowledges what is on the disk while more is coming, and power loss takes none of it", async () => {
    const root = await mkdtemp(join(tmpdir(), "chartroom-session-"));
    const large = noise(9 * 1024 * 1024);
    try {
      await mkdir(join(root, "data"));
      const fs = await TestFileSystem.over(join(root, "data"));
      const blobsIn = (folder: string, from: FileSystem = nodeFileSystem) =>
        new FilesystemBlobs(from, {
          blobs: join(root, folder, "blobs"),
          ingest: join(root, folder, "ingest"),
        });
      const catalog = new MemoryCatalog();
      const uploads = new Uploads({ blobs: blobsIn("data", fs), catalog, now: () => 0 });
      const session = await uploads.open(repository, undefined);
      const slow = slowBody();
      const finishing = faultOf(uploads.finish(session, digestOf(large), { body: slow.body }));
      await slow.began;
      for (let at = 0; at < 8 * 1024 * 1024; at += 65_536) slow.send(large.slice(at, at + 65_536));
      const offset = async () => (await uploads.find(session)).offset;
      while ((await offset()) <= 5 * 1024 * 1024) await Bun.sleep(1);
      await fs.afterPowerLoss(join(root, "left"), "synced");
      const acknowledged = await offset();

      const after = new Uploads({ blobs: blobsIn("left"), catalog, now: () => 0 });
      await after.finish(session, digestOf(large), {
        body: streamOf(large.subarray(acknowledged)),
        start: acknowledged,
      });
      expect(await catalog.blob(repository, digestOf(large))).toBe(large.byteLength);
      slow.end();
      await finishing;
      await uploads.close();
    } finally {
      await rm(root, { recursive: true });
    }
  }, 20_000);

  test("outlives the process, without the bytes that were never acknowledged", async () => {
    const { blobs, uploads, restarted } = make();
    const session = await uploads.open(repository, undefined);
    await uploads.append(session, piece(0, 30_000));
    const ingest = await blobs.ingest(session.id);
    await ingest.append(streamOf(new Uint8Array(500)));
    const after = restarted();
    expect((await after.find(session)).offset).toBe(30_000);
    await after.finish(session, digest, piece(30_000, 100_000));
  });

  test("is finished by sha512 without having been told", async () => {
    const { catalog, uploads } = make();
    const session = await uploads.open(repository, undefined);
    await uploads.append(session, piece(0, 100_000));
    await uploads.finish(session, digestOf(bytes, "sha512"), undefined);
    expect(await catalog.blob(repository, digestOf(bytes, "sha512"))).toBe(100_000);
  });

  test("many sessions at once do not disturb each other", async () => {
    const { catalog, uploads } = make();
    const sessions = await Promise.all(
      Array.from({ length: 100 }, () => uploads.open(repository, undefined)),
    );
    const part = (i: number, half: number) => noise(1000, i + 1).subarray(half * 500, half * 500 + 500);
    for (const half of [0, 1])
      await Promise.all(
        sessions.map((session, i) =>
          uploads.append(session, { body: streamOf(part(i, half)), start: half * 500 }),
        ),
      );
    await Promise.all(
      sessions.map((session, i) => uploads.finish(session, digestOf(noise(1000, i + 1)), undefined)),
    );
    for (const i of sessions.keys())
      expect(await catalog.blob(repository, digestOf(noise(1000, i + 1)))).toBe(1000);
    await uploads.close();
  });
});

describe("reap", () => {
  test("gives up what nobody touched for a week, and bytes without a session; the rest stays", async () => {
    const { blobs, catalog, clock, uploads } = make();
    const untouched = await uploads.open(repository, undefined);
    clock.now = Date.now();
    const touched = await uploads.open(repository, undefined);
    await uploads.append(touched, piece(0, 10));
    await (await blobs.ingest("no-session")).append(streamOf(bytes));
    await uploads.reap(week);
    expect(await faultOf(uploads.find(untouched))).toBe("uploadUnknown");
    expect((await uploads.find(touched)).offset).toBe(10);
    expect((await Array.fromAsync(blobs.ingests())).map(({ name }) => name)).toEqual([touched.id]);
    clock.now += week + 60_000;
    await uploads.reap(week);
    expect((await catalog.uploads({ limit: 10 })).items).toEqual([]);
    expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
  });
});

describe("a blob that comes whole", () => {
  test("takes one command, and a sweep beside it leaves its bytes alone", async () => {
    const { blobs, catalog, uploads } = make();
    const apply = spyOn(catalog, "apply");
    const slow = slowBody();
    const receiving = uploads.receive(repository, digest, { body: slow.body });
    await slow.began;
    await uploads.reap(0);
    slow.send(bytes);
    slow.end();
    await receiving;
    expect(await catalog.blob(repository, digest)).toBe(100_000);
    expect(apply.mock.calls.map(([{ kind }]) => kind)).toEqual(["link-blob"]);
    expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
  });

  test("leaves nothing when it breaks off, is too short, or is something else", async () => {
    const { blobs, catalog, uploads } = make();
    const fail = new Error("the connection broke");
    const other = digestOf(new Uint8Array([1]));
    for (const [of, chunk, fault] of [
      [digest, { body: streamOf(bytes, { fail }) }, "Error: the connection broke"],
      [digest, { body: streamOf(bytes), length: 200_000 }, "sizeInvalid"],
      [other, { body: streamOf(bytes) }, "digestInvalid"],
    ] as const)
      expect(await faultOf(uploads.receive(repository, of, chunk))).toBe(fault);
    expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
    expect(await Array.fromAsync(blobs.list())).toEqual([]);
    expect(await catalog.hasRepository(repository)).toBe(false);
  });
});
