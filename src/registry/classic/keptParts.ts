import { giveWay } from "../../oci/giveWay.ts";
import { createHash } from "../../oci/hash.ts";
import { crcShift } from "./crc32.ts";
import type { Part } from "./part.ts";

// Parts of indexes as one file: a line of JSON that says what they are and how long each is, their bytes in that order, and
// the SHA-256 of all of it.

/** What stands for the leaf that a part is of (`Leaf.key`). */
export type LeafKey = string;
/** A part's line: all but `shift`, which follows from the length, and lengths in place of bytes. */
type Row = readonly [
  key: LeafKey,
  length: number,
  sha256: string,
  crc: number,
  deflated: number,
  zstd: number,
];
interface Header {
  readonly label: string;
  readonly rows: readonly Row[];
}

const hashSize = 32;
/** In bytes, before others have a turn: less than a millisecond. */
const hashedAtOnce = 1024 * 1024;

/**
 * A file's bytes before its hash, piece by piece.
 * @param label whose parts they are and who made them; under another they are not taken back
 */
export function* writeParts(label: string, parts: ReadonlyMap<LeafKey, Part>): Generator<Uint8Array> {
  const rows = [...parts].map(
    ([key, { length, sha256, crc, deflated, zstd }]): Row => [
      ...([key, length, sha256, crc] as const),
      ...([deflated.byteLength, zstd.byteLength] as const),
    ],
  );
  yield new TextEncoder().encode(`${JSON.stringify({ label, rows } satisfies Header)}\n`);
  for (const { deflated, zstd } of parts.values()) {
    yield deflated;
    yield zstd;
  }
}

/** The parts of a file; none where it is damaged, cut short, or another's. They share its memory. */
export async function readParts(label: string, file: Uint8Array): Promise<Map<LeafKey, Part>> {
  const parts = new Map<LeafKey, Part>();
  const body = file.subarray(0, Math.max(0, file.byteLength - hashSize));
  const hash = createHash("sha256");
  for (let at = 0; at < body.byteLength; at += hashedAtOnce) {
    hash.update(body.subarray(at, at + hashedAtOnce));
    await giveWay();
  }
  if (hash.digest().compare(file, body.byteLength) !== 0) return parts;
  let at = body.indexOf(0x0a) + 1;
  const header: Header = JSON.parse(new TextDecoder().decode(body.subarray(0, at)));
  if (header.label !== label) return parts;
  const next = (length: number) => {
    at += length;
    return body.subarray(at - length, at);
  };
  for (const [key, length, sha256, crc, deflated, zstd] of header.rows) {
    const shift = crcShift(length);
    parts.set(key, { length, sha256, crc, shift, deflated: next(deflated), zstd: next(zstd) });
  }
  return parts;
}
