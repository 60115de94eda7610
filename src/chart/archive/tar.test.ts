import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { paxHeader, type RawEntry, rawEntry, rawTar } from "../../testing/archives.ts";
import { readTar } from "./tar.ts";
import { writeTar } from "./tarWriter.ts";

/** Bytes in pieces of `size`, as a stream brings them. */
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function entries(tar: Uint8Array, size = 1000) {
  const found: { name: string; kind: string; content: string }[] = [];
  for await (const entry of readTar(pieces(tar, size)))
    found.push({
      name: entry.name,
      kind: entry.kind,
      content: Buffer.from(await entry.read()).toString("latin1"),
    });
  return found;
}

const file = (name: string, content = "", more: Partial<RawEntry> = {}) =>
  rawEntry({ name, content, ...more });

describe("readTar", () => {
  test("gives back what writeTar was given, in whatever pieces it comes", async () => {
    const name = fc.oneof(
      fc.string({ minLength: 1, maxLength: 300, unit: "grapheme" }),
      fc.stringMatching(/^[a-z]{95,105}$/),
    );
    const content = fc.uint8Array({ maxLength: 1200 });
    const named = name.filter((each) => each.isWellFormed() && !/[\0\\/]/.test(each));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ name: named, bytes: content }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 2000 }),
        async (files, size) => {
          expect(await entries(writeTar(files), size)).toEqual(
            files.map((each) => ({
              name: each.name,
              kind: "file",
              content: Buffer.from(each.bytes).toString("latin1"),
            })),
          );
        },
      ),
    );
  });

  test("reads pax paths and sizes, and passes over global headers", async () => {
    const long = `${"d/".repeat(100)}é`;
    const tar = rawTar([
      paxHeader({ comment: "a commit", path: "not/this" }, "g"),
      paxHeader({ path: long, size: "3" }),
      file("short", "abc", { size: 0 }),
      file("next", "x"),
    ]);
    expect(await entries(tar)).toEqual([
      { name: long, kind: "file", content: "abc" },
      { name: "next", kind: "file", content: "x" },
    ]);
  });

  test("reads GNU long names and POSIX prefixes", async () => {
    const long = "n".repeat(300);
    const tar = rawTar([
      file("././@LongLink", `${long}\0`, { type: "L" }),
      file("cut", "a"),
      file("name", "b", { prefix: "some/where" }),
      file("name", "c", { prefix: "\u0001garbage", magic: "ustar  \0" }),
    ]);
    expect((await entries(tar)).map(({ name }) => name)).toEqual([long, "some/where/name", "name"]);
  });

  test("tells kinds", async () => {
    const types = { "0": "file", "\0": "file", "7": "file", "5": "directory", "1": "link", "2": "link" };
    for (const [type, kind] of [
      ...Object.entries(types),
      ..."346ZA".split("").map((each) => [each, "special"]),
    ])
      expect((await entries(rawTar([file("a", "", { type: type! })])))[0]?.kind).toBe(kind!);
    expect((await entries(rawTar([file("a/")])))[0]?.kind).toBe("directory");
  });

  test("takes a link's claimed size for no content", async () => {
    const tar = rawTar([file("l", "", { type: "2", size: 4096 }), file("a", "x")]);
    expect((await entries(tar)).map(({ name }) => name)).toEqual(["l", "a"]);
  });

  test("skips content that nobody asks for", async () => {
    const names: string[] = [];
    for await (const entry of readTar(pieces(rawTar([file("a", "x".repeat(5000)), file("b")]), 700)))
      names.push(entry.name);
    expect(names).toEqual(["a", "b"]);
  });

  test("takes an archive without an end marker, and one that is padded", async () => {
    expect(await entries(file("a", "x"))).toHaveLength(1);
    expect(await entries(Buffer.concat([rawTar([file("a", "x")]), Buffer.alloc(10_240)]))).toHaveLength(1);
  });

  const broken = Buffer.from(rawTar([file("a", "x")]));
  broken[0] = 0x62;
  test.each([
    ["a wrong checksum", broken, "checksum is wrong"],
    ["a size that is not octal", rawTar([file("a", "", { size: Number.NaN })]), "not octal"],
    ["no tar at all", Buffer.from("x".repeat(600)), "not octal"],
    ["half a header", file("a").subarray(0, 300), "ends in the middle of an entry"],
    ["a body that is cut", file("a", "x".repeat(600)).subarray(0, 1000), "ends in the middle of an entry"],
    ["content behind the end", Buffer.concat([rawTar([file("a")]), file("b")]), "bytes follow the end"],
    ["a name that is not UTF-8", rawTar([rawEntry({ name: Uint8Array.of(0x61, 0xff) })]), "is not UTF-8"],
    [
      "a pax path that is not UTF-8",
      rawTar([paxHeader({ path: Uint8Array.of(0xff) }), file("a")]),
      "is not UTF-8",
    ],
    [
      "a pax header that does not parse",
      rawTar([file("p", "99 path=a\n", { type: "x" })]),
      "pax header does not parse",
    ],
    [
      "a pax header without a length",
      rawTar([file("p", "path=a\n", { type: "x" })]),
      "pax header does not parse",
    ],
    ["a pax size that is no number", rawTar([paxHeader({ size: "-1" }), file("a")]), "size is no number"],
    ["a pax header that is a bomb", file("p", "", { type: "x", size: 2 ** 30 }), "has 1073741824 bytes"],
    ["a sparse file", rawTar([paxHeader({ "GNU.sparse.major": "1" }), file("a")]), "sparse"],
    ["an old sparse file", rawTar([file("a", "", { type: "S" })]), "sparse"],
  ])("refuses %s", async (_, tar, why) => {
    await expect(entries(tar)).rejects.toThrow(why);
  });

  test("any flipped bit of a header is noticed, or harmless", async () => {
    const tar = rawTar([file("c/a", "content")]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 511 }), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const flipped = Buffer.from(tar);
        flipped[at]! ^= 1 << bit;
        const read = await entries(flipped).catch((error) => error.reason as string);
        // Of the checksum's own field the bytes behind its digits are not read, and its first zero may be a blank.
        if (Array.isArray(read)) expect(at === 154 || at === 155 || (at === 148 && bit === 4)).toBe(true);
        else expect(read).toBe("bad-tar");
      }),
    );
  });
});
