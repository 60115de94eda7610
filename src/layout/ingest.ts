import { join } from "node:path";
import type { Ingest } from "../blobs/blobs.ts";
import { acquire, type Lock, LockBusyError } from "../files/lock.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, hexOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { worthResuming } from "../oci/repository.ts";
import type { Layout } from "./layout.ts";

/** A blob's bytes from an offset on. */
type Body = (from: number) => Promise<ReadableStream<Uint8Array>>;

/**
 * Take a blob's bytes into the layout, from where an earlier process was interrupted. What came of a blob that is
 * `worthResuming` stands in `ingest/` under its digest, and one process at a time has it: two that want one blob at once
 * each get an ingest, the second one under a name of its own. What nobody comes back for is freed by `prune`. Call it while
 * the layout's lock is held.
 * @throws ChartroomError `not_verified` when the bytes are not the descriptor's: nothing is kept then; what `body` fails
 *   with; node's errors
 */
export async function takeBlob(layout: Layout, blob: Descriptor, body: Body): Promise<void> {
  const name = `${algorithmOf(blob.digest)}-${hexOf(blob.digest)}`;
  const lock = blob.size < worthResuming ? undefined : await tryLock(layout, blob);
  try {
    const ingest =
      lock === undefined
        ? await layout.blobs.ingest(`${name}-${crypto.randomUUID()}`, { brief: true })
        : await layout.blobs.ingest(name);
    let keep = false;
    try {
      await fill(ingest, blob, body);
    } catch (error) {
      keep = lock !== undefined && !isMismatch(error);
      throw error;
    } finally {
      await (keep ? ingest.close() : ingest.discard());
    }
  } finally {
    lock?.release();
  }
}

/**
 * The right to a blob's ingest, which ends with its process; undefined when another has it. The lock's file is one of 4096
 * that blobs share by the beginning of their digests, so that nobody need take one away, which cannot be done safely while
 * others may be opening it: `prune`, alone in the layout, does. Two blobs of one file are seldom under way at once, and then
 * the second one merely is not gone on with.
 */
async function tryLock(layout: Layout, { digest }: Descriptor): Promise<Lock | undefined> {
  const path = join(layout.ingestPath, `${hexOf(digest).slice(0, 3)}.lock`);
  await layout.makeIngest();
  try {
    return await acquire(path, "turn", { wait: 0 });
  } catch (error) {
    if (error instanceof LockBusyError) return undefined;
    throw error;
  }
}

/** Bring the ingest to its end and make the blob of it. When the bytes that it had are wrong, all are taken anew. */
async function fill(ingest: Ingest, blob: Descriptor, body: Body): Promise<void> {
  if (ingest.offset > blob.size) await ingest.truncate(0);
  if (ingest.offset > 0) {
    try {
      return await take(ingest, blob, body);
    } catch (error) {
      if (!isMismatch(error)) throw error;
      await ingest.truncate(0);
    }
  }
  await take(ingest, blob, body);
}

async function take(ingest: Ingest, blob: Descriptor, body: Body): Promise<void> {
  const from = ingest.offset;
  try {
    if (from < blob.size) await ingest.append(await body(from), blob.size);
  } catch (error) {
    if (!(error instanceof ChartroomError && error.code === "invalid")) throw error;
    const message = `Content of ${blob.digest} is longer than its ${blob.size} bytes`;
    throw new ChartroomError("not_verified", message, { cause: error });
  }
  await ingest.commit(blob.digest);
}

const isMismatch = (error: unknown): boolean =>
  error instanceof ChartroomError && error.code === "not_verified";
