import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hexOf } from "../oci/digest.ts";
import { worthResuming } from "../oci/repository.ts";
import { blobOf, type Content } from "../testing/artifacts.ts";
import { codeOf } from "../testing/errors.ts";
import { bytesOf, noise, streamOf } from "../testing/streams.ts";
import { check } from "./check.ts";
import { type Layout, openLayout } from "./layout.ts";
import { prune } from "./prune.ts";
import { removeName, writing } from "./write.ts";

const blob = blobOf(noise(worthResuming + 500_000));
const cut = new Error("the line broke");
const half = 700_000;

let folder = "";
let layout: Layout;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-ingest-"));
  layout = openLayout(join(folder, "cache"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Put a blob in; gives from where its bytes were asked for. */
async function put(
  { descriptor, bytes }: Content = blob,
  bodyOf = (from: number) => streamOf(bytes.subarray(from)),
): Promise<number[]> {
  const asked: number[] = [];
  await writing(layout, undefined, (writer) =>
    writer.repository("localhost:5000/a/b").pushBlob(descriptor, async (from) => {
      asked.push(from);
      return bodyOf(from);
    }),
  );
  return asked;
}
/** Put it in, and have it cut off after `end` bytes. */
const putHalf = (content = blob, end = half) =>
  put(content, (from) => streamOf(content.bytes.subarray(from, end), { fail: cut }));
const left = async () => (await readdir(layout.ingestPath)).filter((name) => !name.endsWith(".lock"));
const partPath = () => join(layout.ingestPath, `sha256-${hexOf(blob.descriptor.digest)}`);
async function expectThere({ descriptor, bytes }: Content = blob): Promise<void> {
  expect(await bytesOf(await layout.blob(descriptor))).toEqual(new Uint8Array(bytes));
  expect((await check(layout)).findings).toEqual([]);
}

test("what came before an interruption stands under its digest, and is gone on with", async () => {
  await expect(putHalf()).rejects.toBe(cut);
  expect(new Uint8Array(await readFile(partPath()))).toEqual(blob.bytes.slice(0, half));
  expect(await layout.blobs.stat(blob.descriptor.digest)).toBeUndefined();
  expect(await put()).toEqual([half]);
  await expectThere();
  expect(await left()).toEqual([]);
});

test("all of it, and not yet made a blob, is not asked for again", async () => {
  await expect(putHalf(blob, blob.bytes.byteLength)).rejects.toBe(cut);
  expect(await put()).toEqual([]);
  await expectThere();
});

test("a part that is wrong, or too long, is thrown away and all is taken anew", async () => {
  await expect(putHalf()).rejects.toBe(cut);
  await writeFile(partPath(), noise(half, 9));
  expect(await put()).toEqual([half, 0]);
  await expectThere();
  await layout.blobs.remove(blob.descriptor.digest);
  await writeFile(partPath(), noise(blob.bytes.byteLength + 1));
  expect(await put()).toEqual([0]);
  await expectThere();
  expect(await left()).toEqual([]);
});

test("bytes that are wrong are not kept, whether whole, short or long", async () => {
  const { size } = blob.descriptor;
  for (const bytes of [noise(size, 9), noise(size - 1, 9), noise(size + 1)]) {
    expect(await codeOf(put(blob, () => streamOf(bytes)))).toBe("not_verified");
    expect(await left()).toEqual([]);
    expect(await layout.blobs.stat(blob.descriptor.digest)).toBeUndefined();
  }
});

test("two that want one blob at once both get it, and do not disturb each other", async () => {
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const slow = put(blob, (from) =>
    streamOf(blob.bytes.subarray(from)).pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        async transform(chunk, controller) {
          controller.enqueue(chunk);
          begun.resolve();
          await go.promise;
        },
      }),
    ),
  );
  await begun.promise;
  expect(await put()).toEqual([0]);
  await expectThere();
  go.resolve();
  expect(await slow).toEqual([0]);
  await expectThere();
  expect(await left()).toEqual([]);
});

test("of a small blob nothing is kept", async () => {
  const small = blobOf(noise(worthResuming - 1));
  await expect(putHalf(small, 1000)).rejects.toBe(cut);
  expect(await left()).toEqual([]);
});

test("what nobody comes back for is freed by a prune, which waits for who is at it", async () => {
  await expect(putHalf()).rejects.toBe(cut);
  expect((await prune(layout, { dryRun: true })).unfinished).toBe(half);
  expect((await prune(layout, {})).unfinished).toBe(half);
  expect(await readdir(layout.ingestPath)).toEqual([]);
  expect(await put()).toEqual([0]);
});

test("a layout that another tool made, without an ingest directory, takes a blob and a name, and loses one", async () => {
  await writing(layout, undefined, (writer) => writer.name("localhost:5000/a/b:1", blob.descriptor));
  const withoutIngest = () => rm(layout.ingestPath, { recursive: true });
  await withoutIngest();
  expect(await put()).toEqual([0]);
  await withoutIngest();
  await writing(layout, undefined, (writer) => writer.name("localhost:5000/a/b:2", blob.descriptor));
  await withoutIngest();
  expect(await removeName(layout, "localhost:5000/a/b:1")).toBe(true);
  expect((await layout.index()).named().map(({ name }) => name)).toEqual(["localhost:5000/a/b:2"]);
});
