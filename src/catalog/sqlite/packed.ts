import { algorithmOf, type Digest, hexOf, parseDigest } from "../../oci/digest.ts";

const marks = { sha256: "01", sha512: "02" } as const;
const algorithms: Record<string, string> = { "01": "sha256", "02": "sha512" };

/** A digest as the catalog keeps it: a byte for the algorithm, then the hash. Packed digests sort as their texts do. */
export const packDigest = (digest: Digest): Uint8Array =>
  Buffer.from(marks[algorithmOf(digest)] + hexOf(digest), "hex");

/** @throws ChartroomError `usage` for bytes that `packDigest` never made */
export function unpackDigest(packed: Uint8Array): Digest {
  // A Buffer over the same memory costs ten times as much: SQLite's bytes get one only then.
  const hex = packed.toHex();
  return parseDigest(`${algorithms[hex.slice(0, 2)]}:${hex.slice(2)}`);
}
