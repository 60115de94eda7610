import { createHash } from "node:crypto";
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
  const hash = createHash("sha256");
  let [length, crc, deflated, zstd] = [0, 0, 0, 0];
  for (const part of parts) {
    hash.update(part.sha256);
    crc = combineCrc(crc, part.crc, part.shift);
    length += part.length;
    deflated += part.deflated.byteLength;
    zstd += part.zstd.byteLength;
  }
  return {
    parts,
    length,
    sha256: hash.digest("hex"),
    crc,
    shift: crcShift(length),
    sizes: { deflated, zstd },
  };
}
