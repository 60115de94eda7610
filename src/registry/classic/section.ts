import { createHash } from "node:crypto";
import { combineCrc, crcShift } from "./crc32.ts";
import { type Form, writing } from "./form.ts";
import type { Leaf } from "./leaf.ts";
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

const known: Readonly<Record<Form, WeakMap<readonly Leaf[], Section>>> = {
  yaml: new WeakMap(),
  json: new WeakMap(),
};

/** The section of a chart's leaves, whose parts are made; the same list of leaves is summed up once. */
export function chartSection(form: Form, leaves: readonly Leaf[]): Section {
  const held = known[form].get(leaves);
  if (held !== undefined) return held;
  const { between } = writing[form];
  const section = sectionOf(
    leaves.flatMap((leaf, i) => {
      const part = leaf.part(form)!;
      return i > 0 && between !== undefined ? [between, part] : [part];
    }),
  );
  known[form].set(leaves, section);
  return section;
}
