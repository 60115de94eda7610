import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type Digest, digestOf } from "../oci/digest.ts";
import type { ByteRange } from "../oci/repository.ts";
import { codeOf } from "../testing/errors.ts";
import { bytesOf, noise, streamOf } from "../testing/streams.ts";
import type { Blobs, Ingest } from "./blobs.ts";

/** A place for blobs that a test may use up. */
export interface BlobsFixture {
  blobs(): Blobs;
  /** The same place as another process would open it. */
  reopened(): Blobs;
  dispose(): Promise<void>;
}

/** What every implementation of `Blobs` does. */
export function blobsSuite(name: string, make: () => Promise<BlobsFixture>): void {
  describe(`${name} as Blobs`, () => {
    let fixture: BlobsFixture;
    let blobs: Blobs;
    beforeEach(async () => {
      fixture = await make();
      blobs = fixture.blobs();
    });
    const open: Ingest[] = [];
    afterEach(async () => {
      for (const ingest of open.splice(0)) await ingest.close();
      await fixture.dispose();
    });
    const begin = async (ingest: string) => {
      const opened = await blobs.ingest(ingest);
      open.push(opened);
      return opened;
    };

    const store = async (bytes: Uint8Array, digest: Digest = digestOf(bytes), ingest = "one") => {
      const going = await begin(ingest);
      await going.append(streamOf(bytes));
      await going.commit(digest);
      await going.discard();
      return digest;
    };
    const read = async (digest: Digest, range?: ByteRange) => {
      const stream = await blobs.read(digest, range);
      const bytes = stream && (await bytesOf(stream));
      // At once it is the same, to the caller's own use.
      const atOnce = await blobs.bytes(digest, (await blobs.stat(digest)) ?? 0);
      expect<Uint8Array | undefined>(atOnce?.slice(range?.start, range?.end)).toEqual(bytes);
      atOnce?.fill(0);
      return bytes;
    };
    const names = async () => (await Array.fromAsync(blobs.ingests())).map((each) => each.name);

    test("an empty place has nothing", async () => {
      const digest = digestOf(noise(3));
      expect(await blobs.stat(digest)).toBeUndefined();
      expect([await blobs.read(digest), await blobs.bytes(digest, 3)]).toEqual([undefined, undefined]);
      expect(await blobs.remove(digest)).toBe(false);
      expect(await Array.fromAsync(blobs.list())).toEqual([]);
      expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
    });

    test("what is committed is there, and was not before", async () => {
      const bytes = noise(100_000);
      const digest = digestOf(bytes);
      const ingest = await begin("up-1");
      await ingest.append(streamOf(bytes, { chunk: 7_001 }));
      expect(ingest.offset).toBe(bytes.byteLength);
      expect(await blobs.stat(digest)).toBeUndefined();
      expect(await ingest.commit(digest)).toBe(bytes.byteLength);
      expect(await blobs.stat(digest)).toBe(bytes.byteLength);
      expect(await read(digest)).toEqual(bytes);
      await ingest.discard();
      expect(await read(digest)).toEqual(bytes);
    });

    test("an empty blob", async () => {
      const digest = await store(new Uint8Array());
      expect(await blobs.stat(digest)).toBe(0);
      expect(await read(digest)).toEqual(new Uint8Array());
      expect(await Array.fromAsync(blobs.list())).toEqual([{ digest, size: 0 }]);
    });

    test("a blob of many batches", async () => {
      const bytes = noise(19 * 1024 * 1024 + 17);
      const digest = await store(bytes);
      expect(digestOf((await read(digest))!)).toBe(digest);
    });

    test("a stream of tiny pieces", async () => {
      const bytes = noise(5_000);
      const ingest = await begin("tiny");
      await ingest.append(streamOf(bytes, { chunk: 1 }));
      await ingest.commit(digestOf(bytes));
      expect(await read(digestOf(bytes))).toEqual(bytes);
    });

    test("sha512", async () => {
      const bytes = noise(300_000);
      const digest = await store(bytes, digestOf(bytes, "sha512"));
      expect(await read(digest)).toEqual(bytes);
      expect(await blobs.stat(digestOf(bytes))).toBeUndefined();
    });

    test("one ingest under both algorithms", async () => {
      const bytes = noise(1_000);
      const ingest = await begin("both");
      await ingest.append(streamOf(bytes));
      for (const digest of [digestOf(bytes, "sha512"), digestOf(bytes)]) {
        await ingest.commit(digest);
        expect(await read(digest)).toEqual(bytes);
      }
    });

    test("what an ingest has written is read while more comes, and no name opens anything else", async () => {
      const bytes = noise(3 * 1024 * 1024);
      const ingest = await begin("followed");
      const seen: number[] = [];
      const reads: Promise<unknown>[] = [];
      const written = (size: number) => {
        const from = seen.at(-1) ?? 0;
        seen.push(size);
        const part = blobs.readIngest("followed", { start: from, end: size });
        reads.push(
          part.then(async (stream) => expect(await bytesOf(stream!)).toEqual(bytes.slice(from, size))),
        );
      };
      await ingest.append(streamOf(bytes), undefined, { written });
      await Promise.all(reads);
      expect(seen.at(-1)).toBe(bytes.byteLength);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      const left = await blobs.readIngest("followed", { start: 1, end: 4 });
      await ingest.discard();
      expect(await bytesOf(left!)).toEqual(bytes.slice(1, 4));
      expect(await blobs.readIngest("followed", { start: 0, end: 1 })).toBeUndefined();
      expect(await codeOf(() => blobs.readIngest("../blobs", { start: 0, end: 1 }))).toBe("usage");
    });

    test("ranges", async () => {
      const bytes = noise(700_000);
      const digest = await store(bytes);
      for (const [start, end] of [
        [0, 1],
        [0, 700_000],
        [262_143, 262_145],
        [10, 600_000],
        [699_999, 700_000],
        [5, 5],
      ] as const)
        expect(await read(digest, { start, end })).toEqual(bytes.slice(start, end));
    });

    test("pieces that are lent are a blob's bytes too, for who keeps none", async () => {
      const bytes = noise(1_000_000);
      const digest = await store(bytes);
      const pieces: Uint8Array[] = [];
      for await (const piece of (await blobs.read(digest, { start: 1, end: 900_000 }, "lent"))!)
        pieces.push(piece.slice());
      expect<Uint8Array>(Buffer.concat(pieces)).toEqual(Buffer.from(bytes.subarray(1, 900_000)));
    });

    test("bytes are appended over several streams", async () => {
      const bytes = noise(30_000);
      const ingest = await begin("parts");
      for (let at = 0; at < bytes.byteLength; at += 10_000) {
        await ingest.append(streamOf(bytes.subarray(at, at + 10_000)));
        expect(ingest.offset).toBe(at + 10_000);
      }
      await ingest.commit(digestOf(bytes));
      expect(await read(digestOf(bytes))).toEqual(bytes);
    });

    test("an ingest goes on where it stands, in another process too", async () => {
      const bytes = noise(30_000);
      const first = await begin("again");
      await first.append(streamOf(bytes.subarray(0, 12_345)));
      await first.close();
      blobs = fixture.reopened();
      const second = await begin("again");
      expect(second.offset).toBe(12_345);
      await second.append(streamOf(bytes.subarray(12_345)));
      await second.commit(digestOf(bytes));
      expect(await read(digestOf(bytes))).toEqual(bytes);
      await second.discard();
      expect((await begin("again")).offset).toBe(0);
    });

    test("a stream that fails leaves what came before, and its error", async () => {
      const bytes = noise(3_000_000);
      const ingest = await begin("failing");
      const failure = new Error("the line broke");
      await expect(ingest.append(streamOf(bytes.subarray(0, 2_000_001), { fail: failure }))).rejects.toBe(
        failure,
      );
      expect(ingest.offset).toBe(2_000_001);
      await ingest.append(streamOf(bytes.subarray(2_000_001)));
      await ingest.commit(digestOf(bytes));
      expect(await read(digestOf(bytes))).toEqual(bytes);
    });

    test("a stream that passes the limit is cut there and cancelled", async () => {
      const bytes = noise(1_000);
      const ingest = await begin("limited");
      await ingest.append(streamOf(bytes.subarray(0, 400)), 1_000);
      let cancelled = false;
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(bytes.subarray(400, 900)),
        cancel: () => {
          cancelled = true;
        },
      });
      await expect(ingest.append(endless, 1_000)).rejects.toMatchObject({ code: "invalid" });
      expect(ingest.offset).toBe(1_000);
      expect(cancelled).toBe(true);
      await expect(ingest.append(streamOf(noise(1)), 900)).rejects.toMatchObject({ code: "invalid" });
      expect(ingest.offset).toBe(1_000);
      await ingest.append(streamOf(new Uint8Array()), 1_000);
    });

    test("a commit under a wrong digest publishes nothing and keeps the ingest", async () => {
      const bytes = noise(1_000);
      const wrong = digestOf(noise(999));
      const ingest = await begin("wrong");
      await ingest.append(streamOf(bytes));
      await expect(ingest.commit(wrong)).rejects.toMatchObject({ code: "not_verified" });
      expect(await blobs.stat(wrong)).toBeUndefined();
      expect(await Array.fromAsync(blobs.list())).toEqual([]);
      expect(ingest.offset).toBe(1_000);
      await ingest.append(streamOf(noise(5)));
      await ingest.commit(digestOf(Uint8Array.from([...bytes, ...noise(5)])));
    });

    test("a commit can be repeated, also after the blob was removed", async () => {
      const bytes = noise(1_000);
      const digest = digestOf(bytes);
      const ingest = await begin("twice");
      await ingest.append(streamOf(bytes));
      await ingest.commit(digest);
      expect(await ingest.commit(digest)).toBe(1_000);
      expect(await blobs.remove(digest)).toBe(true);
      expect(await blobs.stat(digest)).toBeUndefined();
      await ingest.commit(digest);
      expect(await read(digest)).toEqual(bytes);
      expect(await names()).toEqual(["twice"]);
      await ingest.discard();
      expect(await names()).toEqual([]);
    });

    test("a commit can be repeated by another process", async () => {
      const bytes = noise(1_000);
      const digest = digestOf(bytes);
      const ingest = await begin("outlived");
      await ingest.append(streamOf(bytes));
      await ingest.commit(digest);
      await ingest.close();
      await blobs.remove(digest);
      blobs = fixture.reopened();
      const again = await begin("outlived");
      expect(again.offset).toBe(1_000);
      await again.commit(digest);
      expect(await read(digest)).toEqual(bytes);
    });

    test("changing a committed ingest leaves the blob alone", async () => {
      const bytes = noise(2_000);
      const digest = digestOf(bytes);
      for (const outlived of [false, true]) {
        let ingest = await begin(`shared-${outlived}`);
        await ingest.append(streamOf(bytes));
        await ingest.commit(digest);
        if (outlived) {
          await ingest.close();
          blobs = fixture.reopened();
          ingest = await begin(`shared-${outlived}`);
        }
        await ingest.truncate(500);
        await ingest.append(streamOf(noise(700)));
        expect(ingest.offset).toBe(1_200);
        expect(await read(digest)).toEqual(bytes);
        const mixed = Uint8Array.from([...bytes.subarray(0, 500), ...noise(700)]);
        await ingest.commit(digestOf(mixed));
        expect(await read(digestOf(mixed))).toEqual(mixed);
        expect(await read(digest)).toEqual(bytes);
      }
    });

    test("truncate cuts back to what was acknowledged, never beyond", async () => {
      const bytes = noise(2_000);
      const ingest = await begin("cut");
      await ingest.append(streamOf(bytes));
      await expect(ingest.truncate(2_001)).rejects.toMatchObject({ code: "storage" });
      await ingest.truncate(1_500);
      expect(ingest.offset).toBe(1_500);
      await ingest.append(streamOf(bytes.subarray(1_500)));
      await ingest.commit(digestOf(bytes));
      await ingest.truncate(0);
      await ingest.append(streamOf(bytes.subarray(0, 10)));
      await ingest.commit(digestOf(bytes.subarray(0, 10)));
      expect(await read(digestOf(bytes.subarray(0, 10)))).toEqual(bytes.slice(0, 10));
    });

    test("many ingests of one digest at once", async () => {
      const bytes = noise(200_000);
      const digest = digestOf(bytes);
      await Promise.all(Array.from({ length: 8 }, (_, i) => store(bytes, digest, `same-${i}`)));
      expect(await read(digest)).toEqual(bytes);
      expect(await Array.fromAsync(blobs.list())).toEqual([{ digest, size: 200_000 }]);
      expect(await names()).toEqual([]);
    });

    test("list gives every blob in order of digest", async () => {
      const stored: { digest: Digest; size: number }[] = [];
      for (let size = 1; size < 20; size++) {
        const bytes = noise(size);
        const digest = await store(bytes, digestOf(bytes, size % 3 === 0 ? "sha512" : "sha256"));
        stored.push({ digest, size });
      }
      stored.sort((a, b) => (a.digest < b.digest ? -1 : 1));
      expect(await Array.fromAsync(blobs.list())).toEqual(stored);
    });

    test("ingests are told with size and age", async () => {
      const before = Date.now();
      const b = await begin("b-2");
      await b.append(streamOf(noise(42)));
      await b.close();
      await begin("a-1");
      const [first, second] = await Array.fromAsync(blobs.ingests());
      expect(first).toMatchObject({ name: "a-1", size: 0 });
      expect(second).toMatchObject({ name: "b-2", size: 42 });
      // File systems keep times more coarsely than Date.now(), by up to a tick.
      expect(second!.changed).toBeGreaterThan(before - 1_000);
      expect(second!.changed).toBeLessThan(Date.now() + 1_000);
    });

    test("a name that is no name of ours is refused", async () => {
      for (const bad of ["", "..", "a/b", "../x", "UP", "a.b", "a_b", "a\0b"])
        await expect(blobs.ingest(bad)).rejects.toMatchObject({ code: "usage" });
    });

    test("a small ingest makes a blob, again and again, and is there until it is discarded", async () => {
      for (const bytes of [noise(3_000), new Uint8Array()])
        for (const algorithm of ["sha256", "sha512"] as const) {
          const digest = digestOf(bytes, algorithm);
          const small = await blobs.smallIngest("small-1", bytes);
          for (let times = 0; times < 2; times++) expect(await small.commit(digest)).toBe(bytes.byteLength);
          expect(await read(digest)).toEqual(bytes);
          expect(await Array.fromAsync(blobs.ingests())).toMatchObject([
            { name: "small-1", size: bytes.byteLength },
          ]);
          expect(await blobs.remove(digest)).toBe(true);
          await small.commit(digest);
          await small.discard();
          expect(await read(digest)).toEqual(bytes);
          expect(await names()).toEqual([]);
        }
    });

    test("a small ingest under a wrong digest publishes nothing", async () => {
      const small = await blobs.smallIngest("small-1", noise(1_000));
      await expect(small.commit(digestOf(noise(999)))).rejects.toMatchObject({ code: "not_verified" });
      expect(await Array.fromAsync(blobs.list())).toEqual([]);
      await small.commit(digestOf(noise(1_000)));
      await small.discard();
      expect(await names()).toEqual([]);
      expect(await codeOf(() => blobs.smallIngest("../blobs", noise(1)))).toBe("usage");
    });

    test("a read may be left at any point", async () => {
      const bytes = noise(1_000_000);
      const digest = await store(bytes);
      await (await blobs.read(digest))!.cancel();
      const reader = (await blobs.read(digest))!.getReader();
      await reader.read();
      await reader.cancel();
      const late = (await blobs.read(digest))!.getReader();
      const reading = late.read();
      await late.cancel();
      await reading;
      await blobs.remove(digest);
    });
  });
}
