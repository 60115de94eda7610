import { writeAll } from "../files/durable.ts";
import type { OpenFile } from "../files/filesystem.ts";

/**
 * Bytes gathered for one write: bodies come in pieces of 64 KiB, and a call for each costs a third of the speed, one for each
 * 256 KiB a fifth (docs/performance.md).
 */
const batchSize = 1024 * 1024;
/** A stream of tiny pieces is written before its batch is full: so many are what the kernel takes in one call (IOV_MAX). */
const batchPieces = 1024;
/** Bytes between syncs: the disk works while the rest is still coming, and little is left to wait for at the end. */
const syncEvery = 16 * 1024 * 1024;
/**
 * On a slow line so many bytes are worth a sync of their own, but not more often than this, in ms: little is lost when the
 * process or the machine dies. A sync for each of them took a third of the speed of a fast line.
 */
const [worthSyncing, syncPause] = [2 * 1024 * 1024, 250];

/** Who looks on while bytes are appended. */
export interface AppendWatch {
  /** Nothing is written before; meanwhile a batch is gathered. */
  readonly ready?: Promise<void> | undefined;
  /** Each piece, while its batch is on the way to the disk. */
  piece?(piece: Uint8Array): void;
  /** Each piece, once it was written. */
  done?(piece: Uint8Array): void;
  /** The file's first `size` bytes were written. */
  wrote?(size: number): void;
  /** Sync the file, whose first `size` bytes were written. Called every now and then, not at the end. */
  sync(size: number): Promise<void>;
}

/**
 * Write what `pieces` gives into `file` from `start` on. While a batch is being written, `watch` looks at it and the next
 * one is gathered; two batches at most are held. When `pieces` fails, all that came before is written, then its error
 * thrown. No write is under way any more when this settles.
 * @throws the source's error, else node's, or that of `ready`
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
  let writing = quietly(watch.ready ?? Promise.resolve());
  let syncing = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const sync = () => {
    clearTimeout(timer);
    timer = undefined;
    const end = written;
    synced = end;
    // Once one has failed no other is tried: `syncing` stays rejected.
    syncing = quietly(syncing.then(() => watch.sync(end)));
  };
  const wrote = (end: number) => {
    written = end;
    watch.wrote?.(end);
    if (written - synced >= syncEvery) sync();
    else if (written - synced >= worthSyncing) timer ??= setTimeout(sync, syncPause);
  };

  const flush = async () => {
    await writing;
    const [buffers, position] = [batch, at];
    at += size;
    batch = [];
    size = 0;
    const end = at;
    writing = quietly(
      writeAll(file, buffers, position).then(() => {
        for (const piece of buffers) watch.done?.(piece);
        wrote(end);
      }),
    );
    for (const piece of buffers) watch.piece?.(piece);
    if (at - synced >= syncEvery) await syncing;
  };

  try {
    for await (const piece of pieces) {
      batch.push(piece);
      size += piece.byteLength;
      if (size >= batchSize || batch.length >= batchPieces) await flush();
    }
  } finally {
    const flushed = quietly(flush());
    for (const work of [() => flushed, () => writing]) await Promise.allSettled([work()]);
    clearTimeout(timer);
    await Promise.allSettled([syncing]);
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
