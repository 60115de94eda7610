import { algorithmOf, type Digest, digestOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";

/** The error of a commit whose bytes have another digest. */
export const mismatch = (actual: Digest, expected: Digest): ChartroomError =>
  new ChartroomError("not_verified", `Content has digest ${actual}, expected ${expected}`, {
    hint: "The bytes were changed or cut on their way; nothing was published.",
  });

/**
 * Bytes against the digest that they are to be published under.
 * @throws ChartroomError `not_verified`
 */
export function expectDigest(bytes: Uint8Array, digest: Digest): void {
  const actual = digestOf(bytes, algorithmOf(digest));
  if (actual !== digest) throw mismatch(actual, digest);
}
