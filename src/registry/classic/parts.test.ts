import { describe, expect, test } from "bun:test";
import { crc32, gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { combineCrc, crcShift } from "./crc32.ts";
import { type Coding, Document } from "./document.ts";
import { makePart, makeSmallPart } from "./part.ts";
import { sectionOf } from "./section.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const whole = (document: Document, coding: Coding) => Buffer.concat([...document.pieces(coding)]);

test("the CRC of two texts follows from theirs", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const shift = crcShift(bytes(b).byteLength);
      expect(combineCrc(crc32(a), crc32(b), shift)).toBe(crc32(a + b));
    }),
  );
});

test("the shift of gigabytes is that of their halves, twice", () => {
  const [half, two] = [crcShift(3 * 2 ** 30), crcShift(6 * 2 ** 30)];
  const once = combineCrc(0xdeadbeef, 0, half);
  expect(combineCrc(once, 0, half)).toBe(combineCrc(0xdeadbeef, 0, two));
});

describe("a document of parts", () => {
  const texts = ["apiVersion: v1\n", "x: y\n".repeat(5000), "", "end\n"];
  const text = texts.join("");
  const made = async () =>
    new Document([
      sectionOf(await Promise.all(texts.slice(0, 2).map(makePart))),
      sectionOf(await Promise.all(texts.slice(2).map(makePart))),
    ]);

  test("is the same text in every coding, and of the size that it says", async () => {
    const document = await made();
    expect(whole(document, "identity").toString()).toBe(text);
    expect(gunzipSync(whole(document, "gzip")).toString()).toBe(text);
    expect(zstdDecompressSync(whole(document, "zstd")).toString()).toBe(text);
    for (const coding of ["identity", "gzip", "zstd"] as const)
      expect(whole(document, coding).byteLength).toBe(document.size(coding));
    expect(document.size("gzip")).toBeLessThan(1000);
  });

  test("is one gzip member, which the strict reader of archives takes too", async () => {
    const { gunzip } = await import("../../chart/archive/gunzip.ts");
    const pieces = await Array.fromAsync(gunzip(whole(await made(), "gzip"), 1e6));
    expect(Buffer.concat(pieces).toString()).toBe(text);
  });

  test("has an entity tag of its own for each coding, and the same for the same text", async () => {
    const [one, other] = [await made(), await made()];
    const tags = (["identity", "gzip", "zstd"] as const).map((coding) => one.etag(coding));
    expect(new Set(tags).size).toBe(3);
    expect(tags[1]).toMatch(/^"[0-9a-f]{64}-gz"$/);
    expect(other.etag("zstd")).toBe(tags[2]!);
    expect(new Document([sectionOf([makeSmallPart("another")])]).etag("gzip")).not.toBe(tags[1]!);
  });
});
