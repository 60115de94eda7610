import { describe, expect, test } from "bun:test";
import {
  type Artifact,
  blobOf,
  type Content,
  imageOf,
  indexOf,
  pushArtifact,
  pushContent,
} from "../testing/artifacts.ts";
import { codeOf, failureOf } from "../testing/errors.ts";
import { MemoryRepository } from "../testing/repository.ts";
import { noise, streamOf } from "../testing/streams.ts";
import { type CopyOptions, copy } from "./copy.ts";
import type { Descriptor } from "./descriptor.ts";
import { digestOf } from "./digest.ts";
import { parseTag } from "./reference.ts";
import { type ByteRange, type PushManifest, worthResuming } from "./repository.ts";

const tag = parseTag("1.0.0");
const to: CopyOptions = { tags: [tag], expect: "any" };

/** A target that writes down what is stored, in the order in which it came to be there. */
class Recorder extends MemoryRepository {
  readonly stored: string[] = [];
  /** Where each body was asked to begin. */
  readonly offsets: number[] = [];
  busy = 0;
  busiest = 0;

  override async pushBlob(
    blob: Descriptor,
    body: (from: number) => Promise<ReadableStream<Uint8Array>>,
  ): Promise<void> {
    this.busiest = Math.max(this.busiest, ++this.busy);
    await super
      .pushBlob(blob, (from) => {
        this.offsets.push(from);
        return body(from);
      })
      .finally(() => this.busy--);
    this.stored.push(blob.digest);
  }

  override async pushManifest(descriptor: Descriptor, bytes: Uint8Array, options: PushManifest) {
    await super.pushManifest(descriptor, bytes, options);
    this.stored.push(descriptor.digest, ...options.tags);
  }
}

/** A source whose `faulty` blob comes as `bytes` and then fails, when it is to fail. */
class Faulty extends MemoryRepository {
  readonly asked: Descriptor[] = [];
  fault: { blob: Content; bytes: Uint8Array; fail?: Error } | undefined;

  override async blob(descriptor: Descriptor, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    this.asked.push(descriptor);
    const { fault } = this;
    if (fault?.blob.descriptor.digest !== descriptor.digest) return super.blob(descriptor, range);
    return streamOf(fault.bytes.subarray(range?.start ?? 0), fault.fail && { fail: fault.fail });
  }
}

async function filled<R extends MemoryRepository>(repository: R, root: Artifact): Promise<R> {
  await pushArtifact(repository, root, to);
  return repository;
}

describe("copy", () => {
  const [shared, big] = [blobOf("in both images"), blobOf(noise(200_000))];
  const image = imageOf([blobOf("a layer"), shared]);
  const other = imageOf([shared, big]);
  const index = indexOf([image, indexOf([other])]);

  test("brings everything over, children before parents and the tag last", async () => {
    const target = new Recorder();
    await copy(await filled(new MemoryRepository(), index), target, index, to);
    const place = (content: Content) => target.stored.indexOf(content.descriptor.digest);
    const walk = (parent: Artifact) => {
      for (const child of [...parent.blobs, ...parent.children]) {
        expect(place(child)).toBeGreaterThanOrEqual(0);
        expect(place(child)).toBeLessThan(place(parent));
      }
      parent.children.forEach(walk);
    };
    walk(index);
    expect(target.stored.at(-1)).toBe(tag);
    expect(new Set(target.stored).size).toBe(target.stored.length);
    expect((await target.manifest(tag))?.bytes).toEqual(index.bytes);
  });

  test("sends nothing that the target has, and tells so", async () => {
    const [source, target] = [await filled(new Faulty(), image), new Recorder()];
    await pushContent(target, shared);
    const ends: [string, boolean][] = [];
    const counted = new Map<string, number>();
    await copy(source, target, image, {
      ...to,
      progress: {
        bytes: ({ digest }, count) => counted.set(digest, (counted.get(digest) ?? 0) + count),
        end: ({ digest }, sent) => ends.push([digest, sent]),
      },
    });
    expect(source.asked.map(({ digest }) => digest)).not.toContain(shared.descriptor.digest);
    const missing = image.blobs.filter((blob) => blob !== shared);
    expect(counted).toEqual(new Map(missing.map(({ descriptor }) => [descriptor.digest, descriptor.size])));
    expect(Object.fromEntries(ends)).toEqual({
      ...Object.fromEntries(missing.map(({ descriptor }) => [descriptor.digest, true])),
      [shared.descriptor.digest]: false,
      [image.descriptor.digest]: true,
    });
  });

  test("asks for no small blob where it is told that hardly any is there, but for large ones", async () => {
    const source = new MemoryRepository();
    const [small, large] = [blobOf("small"), blobOf(noise(worthResuming))];
    const mixed = imageOf([small, large]);
    await pushArtifact(source, mixed, to);
    const target = new Recorder();
    const asked: string[] = [];
    const has = target.has.bind(target);
    target.has = (blob) => {
      asked.push(blob.digest);
      return has(blob);
    };
    await copy(source, target, mixed, { ...to, unasked: true });
    expect(asked).toEqual([large.descriptor.digest]);
    expect((await target.manifest(tag))?.descriptor).toEqual(mixed.descriptor);
  });

  test("copies a sparse index with what there is", async () => {
    const sparse = indexOf([image], {}, [other.descriptor]);
    const target = new MemoryRepository();
    await copy(await filled(new MemoryRepository(), sparse), target, sparse, to);
    expect((await target.manifest(tag))?.bytes).toEqual(sparse.bytes);
    expect(await target.resolve(image.descriptor.digest)).toBeDefined();
    expect(await target.resolve(other.descriptor.digest)).toBeUndefined();
  });

  test("leaves a layer that lives elsewhere where it is", async () => {
    const foreign = blobOf("never pushed");
    const urls = ["https://example.org/layer"];
    const root = imageOf([shared, { ...foreign, descriptor: { ...foreign.descriptor, urls } }]);
    const [source, target] = [new MemoryRepository(), new MemoryRepository()];
    for (const blob of root.blobs) if (blob !== root.blobs[2]) await pushContent(source, blob);
    await copy(source, target, root, to);
    expect(await target.resolve(tag)).toMatchObject(root.descriptor);
    expect(await target.has(foreign.descriptor)).toBe(false);
  });

  test("keeps a content that is a manifest here and a layer there in both places", async () => {
    const asLayer = imageOf([image]);
    const root = indexOf([image, asLayer]);
    const target = new MemoryRepository();
    await copy(await filled(new MemoryRepository(), root), target, root, to);
    expect(await target.has(image.descriptor)).toBe(true);
    expect(await target.resolve(image.descriptor.digest)).toBeDefined();
  });

  test("copies a manifest of a type that nobody knows, unless it names parts that would stay behind", async () => {
    for (const [members, code] of [
      [{ annotations: { a: "b" } }, "none"],
      [{ blobs: [shared.descriptor] }, "invalid"],
      [{ schemaVersion: 1, fsLayers: [{ blobSum: shared.descriptor.digest }] }, "invalid"],
    ] as const) {
      const root = blobOf(JSON.stringify(members), "application/vnd.example.unknown+json");
      const [source, target] = [new MemoryRepository(), new MemoryRepository()];
      await source.pushManifest(root.descriptor, root.bytes, to);
      expect(await codeOf(copy(source, target, root, to))).toBe(code);
      expect((await target.manifest(tag))?.bytes).toEqual(code === "none" ? root.bytes : undefined);
    }
  });

  test("holds few objects under way at once", async () => {
    const wide = imageOf(Array.from({ length: 40 }, (_, i) => blobOf(noise(40_000, i))));
    const target = new Recorder();
    await copy(await filled(new MemoryRepository(), wide), target, wide, to);
    expect(target.busiest).toBeGreaterThan(1);
    expect(target.busiest).toBeLessThanOrEqual(8);
  });

  test("follows indexes eight deep and no deeper", async () => {
    let deep: Artifact = image;
    for (let depth = 0; depth < 8; depth++) deep = indexOf([deep]);
    const tooDeep = indexOf([deep]);
    const source = await filled(new MemoryRepository(), tooDeep);
    const target = new MemoryRepository();
    expect(await codeOf(copy(source, target, tooDeep, to))).toBe("invalid");
    expect(await target.resolve(tag)).toBeUndefined();
    await copy(source, target, deep, to);
    expect(await target.resolve(image.descriptor.digest)).toBeDefined();
  });

  describe("when it fails", () => {
    test("the target stays valid, and a repeat goes on where it broke off", async () => {
      const source = await filled(new Faulty(), index);
      const target = new Recorder();
      const fail = new Error("the line broke");
      source.fault = { blob: big, bytes: big.bytes.slice(0, 100_000), fail };
      expect(await failureOf(copy(source, target, index, to))).toBe(fail);
      expect(await target.resolve(tag)).toBeUndefined();
      expect(await target.resolve(other.descriptor.digest)).toBeUndefined();
      expect(await target.has(big.descriptor)).toBe(false);

      source.fault = undefined;
      target.offsets.length = 0;
      await copy(source, target, index, to);
      expect((await target.manifest(tag))?.bytes).toEqual(index.bytes);
      expect(await target.has(big.descriptor)).toBe(true);
      expect(target.offsets.filter((from) => from > 0)).toHaveLength(1);
    });

    test("a blob of which only the end was lost needs no more bytes", async () => {
      const source = await filled(new Faulty(), other);
      const target = new Recorder();
      const fail = new Error("the line broke at the very end");
      source.fault = { blob: big, bytes: big.bytes, fail };
      expect(await failureOf(copy(source, target, other, to))).toBe(fail);
      source.asked.length = 0;
      await copy(source, target, other, to);
      expect(target.offsets).toContain(big.bytes.byteLength);
      expect(source.asked.map(({ digest }) => digest)).not.toContain(big.descriptor.digest);
      expect(await target.has(big.descriptor)).toBe(true);
    });

    test("what waits is not begun any more", async () => {
      const first = blobOf("the first layer");
      const wide = imageOf([first, ...Array.from({ length: 40 }, (_, i) => blobOf(noise(20_000, i)))]);
      const source = await filled(new Faulty(), wide);
      source.fault = { blob: first, bytes: new Uint8Array() };
      expect(await codeOf(copy(source, new MemoryRepository(), wide, to))).toBe("not_verified");
      expect(source.asked.length).toBeLessThan(wide.blobs.length);
    });

    for (const [what, bytes] of Object.entries({
      changed: noise(200_000, 7),
      cut: big.bytes.slice(0, -1),
      "too long": new Uint8Array([...big.bytes, 0]),
    }))
      test(`a blob whose bytes are ${what} is not verified`, async () => {
        const [source, target] = [await filled(new Faulty(), image), new MemoryRepository()];
        const root = await filled(source, other);
        source.fault = { blob: big, bytes };
        expect(await codeOf(copy(root, target, other, to))).toBe("not_verified");
        expect(await target.has(big.descriptor)).toBe(false);
        expect(await target.resolve(tag)).toBeUndefined();
      });

    test("a target that believes what it is given is given nothing wrong", async () => {
      const source = await filled(new Faulty(), image);
      source.fault = { blob: big, bytes: noise(200_000, 7) };
      const target = new MemoryRepository();
      let taken: unknown;
      target.pushBlob = async (_, body) => {
        taken = await failureOf(Array.fromAsync(await body(0)));
      };
      await failureOf(copy(source, target, imageOf([big]), to));
      expect(taken).toMatchObject({ code: "not_verified" });
    });

    test("a manifest whose bytes are another's is not verified", async () => {
      const root = indexOf([image]);
      const source = await filled(new MemoryRepository(), root);
      source.manifest = async () => other;
      const target = new MemoryRepository();
      expect(await codeOf(copy(source, target, root, to))).toBe("not_verified");
      expect(await codeOf(copy(source, target, { ...root, bytes: other.bytes }, to))).toBe("not_verified");
      expect(await target.resolve(tag)).toBeUndefined();
    });

    test("a part that the source lacks is not found", async () => {
      const [source, target] = [new MemoryRepository(), new MemoryRepository()];
      expect(await codeOf(copy(source, target, image, to))).toBe("not_found");
      expect(await target.resolve(image.descriptor.digest)).toBeUndefined();
    });

    test("a tag that holds something else is a conflict", async () => {
      const target = await filled(new MemoryRepository(), other);
      const copied = copy(await filled(new MemoryRepository(), image), target, image, {
        ...to,
        expect: "absent",
      });
      expect(await codeOf(copied)).toBe("conflict");
      expect(await target.resolve(tag)).toMatchObject(other.descriptor);
    });
  });

  test("admit sees the root when its blobs are there, and its refusal leaves nothing named", async () => {
    const target = new Recorder();
    const refusal = new Error("this is no chart");
    const copied = copy(await filled(new MemoryRepository(), index), target, index, {
      ...to,
      admit: async (root) => {
        expect(root.kind).toBe("index");
        expect(await target.has(big.descriptor)).toBe(true);
        throw refusal;
      },
    });
    expect(await failureOf(copied)).toBe(refusal);
    expect(target.stored).not.toContain(tag);
    expect(await target.resolve(index.descriptor.digest)).toBeUndefined();
  });

  describe("an abort", () => {
    const stopped = new Error("stopped");

    test("before it begins asks for nothing", async () => {
      const source = await filled(new Faulty(), image);
      const signal = AbortSignal.abort(stopped);
      expect(await failureOf(copy(source, new MemoryRepository(), image, { ...to, signal }))).toBe(stopped);
      expect(source.asked).toEqual([]);
    });

    test("in the middle of a blob ends it there, and lets the source go", async () => {
      const stop = new AbortController();
      const cancelled = Promise.withResolvers<unknown>();
      const source = await filled(new MemoryRepository(), other);
      const read = source.blob.bind(source);
      source.blob = async (descriptor, range) =>
        descriptor.digest !== big.descriptor.digest
          ? read(descriptor, range)
          : new ReadableStream({
              start: (controller) => controller.enqueue(big.bytes.slice(0, 10)), // and then nothing more
              cancel: cancelled.resolve,
            });
      const target = new MemoryRepository();
      const copied = copy(source, target, other, {
        ...to,
        signal: stop.signal,
        progress: {
          bytes: ({ digest }) => digest === big.descriptor.digest && stop.abort(stopped),
        },
      });
      expect(await failureOf(copied)).toBe(stopped);
      expect(await cancelled.promise).toBe(stopped);
      expect(await target.resolve(tag)).toBeUndefined();
      await copy(await filled(new MemoryRepository(), other), target, other, to);
      expect(digestOf((await target.manifest(tag))!.bytes)).toBe(other.descriptor.digest);
    });
  });
});
