import { promisify } from "node:util";
import { digestOf } from "../../oci/digest.ts";
import { crc32 } from "../../oci/hash.ts";
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

/** Loaded for the first index: it has 4 MiB, and most registries are asked for none. */
const zlib = () => process.getBuiltinModule("node:zlib");
const flush = () => ({ finishFlush: zlib().constants.Z_FULL_FLUSH });

const described = (bytes: Uint8Array) => ({
  length: bytes.byteLength,
  sha256: digestOf(bytes),
  crc: crc32(bytes),
  shift: crcShift(bytes.byteLength),
});

/** A long part, pressed on other threads. */
export async function makePart(text: string): Promise<Part> {
  const bytes = new TextEncoder().encode(text);
  const [deflated, zstd] = await Promise.all([
    promisify(zlib().deflateRaw)(bytes, flush()),
    promisify(zlib().zstdCompress)(bytes),
  ]);
  return { ...described(bytes), deflated, zstd };
}

/** A short part, at once. */
export function makeSmallPart(text: string): Part {
  const bytes = new TextEncoder().encode(text);
  return {
    ...described(bytes),
    deflated: zlib().deflateRawSync(bytes, flush()),
    zstd: zlib().zstdCompressSync(bytes),
  };
}

/** A part's bytes, uncoded. */
export const unpressed = ({ zstd }: Part): Uint8Array => zlib().zstdDecompressSync(zstd);
