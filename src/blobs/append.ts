import { writeAll } from "../files/durable.ts";
import type { OpenFile } from "../files/filesystem.ts";

/** Bytes gathered for one write: bodies come in pieces of 64 KiB, and a call for each costs a third of the speed. */
const batchSize = 1024 * 1024;
/** A stream of tiny pieces is written before its batch is full: so many are what the kernel takes in one call (IOV_MAX). */
const batchPieces = 1024;
/**
 * Bytes that are synced at once while the rest is still coming. As long as so many are waiting the disk is never idle:
 * little is left to wait for at the end, and little is lost when the process or the machine dies.
 */
const syncEvery = 2 * 1024 * 1024;
/** So many bytes may wait to be synced; then the stream waits for the disk. */
const unsyncedLimit = 16 * 1024 * 1024;

/** Who looks on while bytes are appended. */
export interface AppendWatch {
  /** Each piece, while its batch is on the way to the disk. */
  piece?(piece: Uint8Array): void;
  /** Sync the file, whose first `size` bytes were written. Called every now and then, not at the end. */
  sync(size: number): Promise<void>;
}

/**
 * Write what `pieces` gives into `file` from `start` on. While a batch is being written, `watch` looks at it and the next
 * one is gathered; two batches at most are held. When `pieces` fails, all that came before is written, then its error
 * thrown. No write is under way any more when this settles.
 * @throws the source's error, else node's
 */
export async function appendAll(
  file: OpenFile,
  start: number,
  pieces: AsyncIterable<Uint8Array>,
  watch: AppendWatch,
): Promise<void> {
  let batch: Uint8Array[] = [];
  let size = 0;
  let at = start;
  let written = start;
  let synced = start;
  let writing = Promise.resolve();
  let syncing = Promise.resolve();
  let busy = false;
  let over = false;

  const syncAll = async () => {
    try {
      while (!over && written - synced >= syncEvery) {
        const end = written;
        await watch.sync(end);
        synced = end;
      }
    } finally {
      busy = false;
    }
  };
  const wrote = (until: number) => {
    written = until;
    if (busy || over || written - synced < syncEvery) return;
    busy = true;
    // Once a sync has failed no other is tried: `syncing` stays rejected.
    syncing = quietly(syncing.then(syncAll));
  };

  const flush = async () => {
    await writing;
    const [buffers, position] = [batch, at];
    at += size;
    batch = [];
    size = 0;
    const until = at;
    writing = quietly(writeAll(file, buffers, position).then(() => wrote(until)));
    for (const piece of buffers) watch.piece?.(piece);
    if (at - synced >= unsyncedLimit) await syncing;
  };

  try {
    for await (const piece of pieces) {
      batch.push(piece);
      size += piece.byteLength;
      if (size >= batchSize || batch.length >= batchPieces) await flush();
    }
  } finally {
    over = true;
    const flushed = quietly(flush());
    for (const work of [() => flushed, () => writing, () => syncing]) await Promise.allSettled([work()]);
    await flushed;
    await writing;
    await syncing;
  }
}

/** A promise that is awaited later: until then its failure is no unhandled rejection. */
function quietly(work: Promise<void>): Promise<void> {
  work.catch(() => {});
  return work;
}
