import { algorithmOf, type Digest, Digester } from "../oci/digest.ts";
import type { Blobs } from "./blobs.ts";

/**
 * Whether a blob is there and its bytes are what its name says: read to its end, since a file may rot where it lies.
 * @throws node's error; the signal's reason
 */
export async function isWhole(blobs: Blobs, digest: Digest, signal?: AbortSignal): Promise<boolean> {
  const stream = await blobs.read(digest);
  if (stream === undefined) return false;
  const digester = new Digester(algorithmOf(digest));
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    digester.update(chunk);
  }
  return digester.digest() === digest;
}
