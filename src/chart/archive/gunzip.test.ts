import { describe, expect, test } from "bun:test";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { noise } from "../../testing/streams.ts";
import { gunzip } from "./gunzip.ts";

async function unpack(bytes: Uint8Array, limit = 10_000_000): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of gunzip(bytes, limit)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe.each([
  ["that is small", Buffer.from("chart ".repeat(50_000))],
  ["of which much comes", Buffer.from("chart ".repeat(200_000))],
  ["that is fed in several pieces", Buffer.from(noise(600_000))],
])("a gzip file %s is unpacked", (_way, plain) => {
  const packed = gzipSync(plain);
  const changed = (at: number, change: (byte: number) => number) => {
    const bytes = Buffer.from(packed);
    bytes[at < 0 ? bytes.length + at : at] = change(bytes.at(at)!);
    return bytes;
  };

  test("as it was packed", async () => {
    expect((await unpack(packed)).equals(plain)).toBe(true);
    expect(await unpack(gzipSync(""))).toHaveLength(0);
  });

  test("with every optional part of the header, as Helm writes some", async () => {
    const extra = Buffer.from("rr\x04\x00abcd", "latin1");
    const header = Buffer.concat([
      Buffer.of(0x1f, 0x8b, 8, 0x02 | 0x04 | 0x08 | 0x10, 0, 0, 0, 0, 0, 255, extra.length, 0),
      extra,
      Buffer.from("name\0Helm\0"),
      Buffer.of(0, 0),
    ]);
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(crc32(plain), 0);
    trailer.writeUInt32LE(plain.length, 4);
    expect((await unpack(Buffer.concat([header, deflateRawSync(plain), trailer]))).equals(plain)).toBe(true);
  });

  test.each([
    ["text", Buffer.from("name: web\n"), "not-gzip"],
    ["nothing", Buffer.alloc(0), "not-gzip"],
    ["an unknown method", changed(2, () => 7), "not-gzip"],
    ["a reserved flag", changed(3, () => 0x80), "not-gzip"],
    ["half a header", packed.subarray(0, 5), "truncated"],
    ["a header whose name has no end", Buffer.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3, 65, 66), "truncated"],
    ["a header alone", packed.subarray(0, 10), "truncated"],
    ["data that is cut", packed.subarray(0, -40), "truncated"],
    ["a trailer that is cut", packed.subarray(0, -1), "truncated"],
    ["a wrong checksum", changed(-8, (byte) => byte ^ 1), "damaged"],
    ["a wrong size", changed(-1, (byte) => byte ^ 1), "damaged"],
    ["data that is no deflate", Buffer.concat([packed.subarray(0, 10), Buffer.alloc(50, 0xff)]), "damaged"],
    ["trailing bytes", Buffer.concat([packed, Buffer.from("x")]), "trailing-bytes"],
    ["trailing zeros", Buffer.concat([packed, Buffer.alloc(512)]), "trailing-bytes"],
    ["a second member", Buffer.concat([packed, packed]), "trailing-bytes"],
  ])("or refused: %s", async (_, bytes, reason) => {
    await expect(unpack(bytes)).rejects.toMatchObject({ reason, code: "invalid" });
  });
});

describe("gunzip", () => {
  test("refuses trailing bytes behind data that ends where a piece ends that is fed", async () => {
    // Seven blocks of stored bytes, each with a header of 5 (RFC 1951 §3.2.4).
    const stored = gzipSync(Buffer.alloc(256 * 1024 - 7 * 5), { level: 0 });
    expect(stored.length).toBe(10 + 256 * 1024 + 8);
    expect(await unpack(stored)).toHaveLength(256 * 1024 - 7 * 5);
    await expect(unpack(Buffer.concat([stored, Buffer.alloc(8)]))).rejects.toMatchObject({
      reason: "trailing-bytes",
    });
  });

  test("stops a bomb at the limit", async () => {
    let size = 0;
    const read = async () => {
      for await (const chunk of gunzip(gzipSync(Buffer.alloc(50_000_000)), 1_000_000))
        size += chunk.byteLength;
    };
    await expect(read()).rejects.toMatchObject({ reason: "too-large" });
    expect(size).toBeLessThanOrEqual(1_000_000);
  });
});
