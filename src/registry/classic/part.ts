import { promisify } from "node:util";
import { constants, crc32, deflateRaw, deflateRawSync, zstdCompress, zstdCompressSync } from "node:zlib";
import { digestOf } from "../../oci/digest.ts";
import { crcShift } from "./crc32.ts";

/**
 * A part of an index in each coding that it is sent in, made to be put together with others: deflated parts end at a byte
 * (RFC 1951, `Z_FULL_FLUSH`) and are no last block, so several are one gzip member; zstd frames may follow each other
 * (RFC 8878 §3.1).
 */
export interface Part {
  /** In bytes, uncoded. */
  readonly length: number;
  readonly sha256: string;
  readonly crc: number;
  /** `crcShift` of the length. */
  readonly shift: number;
  readonly deflated: Uint8Array;
  readonly zstd: Uint8Array;
}

const flush = { finishFlush: constants.Z_FULL_FLUSH };
const deflateLater = promisify(deflateRaw);
const zstdLater = promisify(zstdCompress);

const described = (bytes: Uint8Array) => ({
  length: bytes.byteLength,
  sha256: digestOf(bytes),
  crc: crc32(bytes),
  shift: crcShift(bytes.byteLength),
});

/** A long part, pressed on other threads. */
export async function makePart(text: string): Promise<Part> {
  const bytes = new TextEncoder().encode(text);
  const [deflated, zstd] = await Promise.all([deflateLater(bytes, flush), zstdLater(bytes)]);
  return { ...described(bytes), deflated, zstd };
}

/** A short part, at once. */
export function makeSmallPart(text: string): Part {
  const bytes = new TextEncoder().encode(text);
  return { ...described(bytes), deflated: deflateRawSync(bytes, flush), zstd: zstdCompressSync(bytes) };
}
