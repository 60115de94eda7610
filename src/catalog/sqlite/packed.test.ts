import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Algorithm, type Digest, digestOf } from "../../oci/digest.ts";
import { packDigest, unpackDigest } from "./packed.ts";

const digest = fc
  .tuple(fc.uint8Array(), fc.constantFrom<Algorithm>("sha256", "sha512"))
  .map(([bytes, algorithm]) => digestOf(bytes, algorithm));
const sign = (a: Digest, b: Digest) => Number(a > b) - Number(a < b);

test("a packed digest comes back, in a byte more than its hash", () => {
  fc.assert(
    fc.property(digest, (each) => {
      expect(unpackDigest(packDigest(each))).toBe(each);
      expect(packDigest(each).byteLength).toBe(each.startsWith("sha256:") ? 33 : 65);
    }),
  );
});

test("packed digests sort as their texts do", () => {
  fc.assert(
    fc.property(digest, digest, (a, b) => {
      expect(Math.sign(Buffer.compare(packDigest(a), packDigest(b)))).toBe(sign(a, b));
    }),
  );
});
