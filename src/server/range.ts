import type { ByteRange } from "../oci/repository.ts";

/**
 * A Range header over content of `size` bytes (RFC 9110 §14): one range of bytes, clipped to the content. Undefined where
 * the header is none that we serve (other units, several ranges): the whole is the answer then. "unsatisfiable" where the
 * range lies outside, or ends before it begins: RFC 9110 calls the latter invalid, the specification's conformance suite
 * wants 416.
 */
export function parseRange(header: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return start < end ? { start, end } : "unsatisfiable";
}

/** What a chunk's Content-Range says. */
export interface ChunkRange {
  readonly start: number;
  /** In bytes. */
  readonly length: number;
}

/**
 * A Content-Range of an upload's chunk: `FIRST-LAST`, both inclusive (distribution-spec, "Pushing a blob in chunks"). The
 * form of RFC 9110, `bytes FIRST-LAST/TOTAL`, is read too: some clients send it. Undefined when it is neither.
 */
export function parseChunkRange(header: string): ChunkRange | undefined {
  const [, first, last] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header.trim()) ?? [];
  const length = Number(last) - Number(first) + 1;
  return length > 0 ? { start: Number(first), length } : undefined;
}

/** How far an upload got, as its Range header says it: `0-LAST`. Of no bytes at all it cannot, and says `0-0` as all do. */
export const uploadRange = (offset: number): string => `0-${Math.max(0, offset - 1)}`;
