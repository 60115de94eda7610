import { createHash } from "../../oci/hash.ts";
import { combineCrc, crcShift } from "./crc32.ts";
import type { Part } from "./part.ts";

/** Parts that follow each other, summed up once: a change makes a document of few sums and not of all its parts. */
export interface Section extends Pick<Part, "length" | "sha256" | "crc" | "shift"> {
  readonly parts: readonly Part[];
  /** Bytes of the parts, coded. */
  readonly sizes: { readonly deflated: number; readonly zstd: number };
}

/** The sum of parts. */
export function sectionOf(parts: readonly Part[]): Section {
  let [length, crc, deflated, zstd] = [0, 0, 0, 0];
  for (const part of parts) {
    crc = combineCrc(crc, part.crc, part.shift);
    length += part.length;
    deflated += part.deflated.byteLength;
    zstd += part.zstd.byteLength;
  }
  return {
    parts,
    length,
    sha256: hashOf(parts),
    crc,
    shift: crcShift(length),
    sizes: { deflated, zstd },
  };
}

/** SHA-256 of what parts or sections have, in hex; asked for at once, since each `update` costs a microsecond. */
export const hashOf = (parts: readonly Pick<Part, "sha256">[]): string =>
  createHash("sha256")
    .update(parts.map(({ sha256 }) => sha256).join(""))
    .digest("hex");

/** What is listed, with `between` between each two. */
export const joined = <T>(list: readonly T[], between: T | undefined): readonly T[] =>
  between === undefined ? list : list.flatMap((each, i) => (i > 0 ? [between, each] : [each]));
