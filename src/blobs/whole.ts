import { algorithmOf, type Digest, Digester } from "../oci/digest.ts";
import type { Blobs } from "./blobs.ts";

/** Whether a blob is there and its bytes are what its name says: read to its end, since a file may rot where it lies. */
export async function isWhole(blobs: Blobs, digest: Digest): Promise<boolean> {
  const stream = await blobs.read(digest);
  if (stream === undefined) return false;
  const digester = new Digester(algorithmOf(digest));
  for await (const chunk of stream) digester.update(chunk);
  return digester.digest() === digest;
}
