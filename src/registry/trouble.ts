import type { Blobs } from "../blobs/blobs.ts";
import { isWhole } from "../blobs/whole.ts";
import type { BlobRow } from "../catalog/scans.ts";

/**
 * What is wrong with the bytes of a blob, in words; undefined when nothing is. A disk that does not give them is no reason to
 * stop looking at others.
 * @param shallow takes a blob for whole that has the right size
 * @throws the signal's reason
 */
export async function troubleOf(
  blobs: Blobs,
  { digest, size }: BlobRow,
  shallow: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const found = await blobs.stat(digest);
    if (found === undefined) return "its bytes are missing";
    if (found !== size) return `it has ${found} bytes, its row says ${size}`;
    return shallow || (await isWhole(blobs, digest, signal)) ? undefined : otherBytes;
  } catch (error) {
    signal.throwIfAborted();
    return unreadable(error);
  }
}

export const otherBytes = "its bytes are not what its name says";

/** What is said of a blob that the disk does not give. */
export const unreadable = (error: unknown): string =>
  `its bytes cannot be read: ${error instanceof Error ? error.message : String(error)}`;
