import { combineCrc } from "./crc32.ts";
import { unpressed } from "./part.ts";
import { hashOf, type Section } from "./section.ts";

/** How an index is coded on its way (RFC 9110 §8.4.1). */
export type Coding = "identity" | "gzip" | "zstd";

/** RFC 1952 §2.3: deflate, no flags, no time, any system. */
const gzipHeader = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

const suffixes = { identity: "", gzip: "-gz", zstd: "-zst" } as const;

/** A whole index, out of sections that others share; it never changes. */
export class Document {
  readonly #sections: readonly Section[];
  readonly #hash: string;
  #gzipTrailer: Uint8Array | undefined;

  constructor(sections: readonly Section[]) {
    this.#sections = sections;
    this.#hash = hashOf(sections);
  }

  /** Its entity tag, strong: one for each coding (RFC 9110 §8.8.3.3). */
  etag(coding: Coding): string {
    return `"${this.#hash}${suffixes[coding]}"`;
  }

  /** Its size in bytes. */
  size(coding: Coding): number {
    let size = coding === "gzip" ? gzipHeader.byteLength + trailerSize : 0;
    for (const section of this.#sections) size += coded(section, coding);
    return size;
  }

  /** Its bytes, part by part. */
  *pieces(coding: Coding): Generator<Uint8Array> {
    if (coding === "gzip") yield gzipHeader;
    for (const part of this.#sections.flatMap(({ parts }) => parts))
      yield coding === "gzip" ? part.deflated : coding === "zstd" ? part.zstd : unpressed(part);
    if (coding === "gzip") yield this.#trailer();
  }

  /** An empty last block, then CRC and length of the whole (RFC 1951 §3.2.6, RFC 1952 §2.3.1). */
  #trailer(): Uint8Array {
    if (this.#gzipTrailer !== undefined) return this.#gzipTrailer;
    let [crc, length] = [0, 0];
    for (const section of this.#sections) {
      crc = combineCrc(crc, section.crc, section.shift);
      length += section.length;
    }
    const trailer = new Uint8Array(trailerSize);
    trailer[0] = 0x03;
    new DataView(trailer.buffer).setUint32(2, crc, true);
    new DataView(trailer.buffer).setUint32(6, length % 2 ** 32, true);
    this.#gzipTrailer = trailer;
    return trailer;
  }
}

const trailerSize = 10;

const coded = ({ length, sizes }: Section, coding: Coding): number =>
  coding === "identity" ? length : coding === "gzip" ? sizes.deflated : sizes.zstd;
