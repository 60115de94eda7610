import type { Ingest } from "../blobs/blobs.ts";
import { RegistryError, refusing } from "./errors.ts";

/** Bytes for the end of an upload session. */
export interface Chunk {
  readonly body: ReadableStream<Uint8Array>;
  /** Where the sender believes the session ends, in bytes; unsaid, wherever it ends. */
  readonly start?: number | undefined;
  /** How many bytes the sender says will come, where it says so. */
  readonly announced?: number | undefined;
  /** How many bytes there must be, where the transport does not see to that; unsaid, as many as come. */
  readonly length?: number | undefined;
  /** Whether its pieces are given away, as `AppendOptions` has it. */
  readonly given?: boolean;
}

/** A whole blob that is small, and not read yet. */
export interface SmallBody {
  /** As its sender says it, in bytes, and as the transport sees to it. */
  readonly size: number;
  read(): Promise<Uint8Array>;
}

/** A chunk that does not begin where the session ends. */
export class OutOfOrder extends RegistryError {
  /** Where the session ends, in bytes. */
  readonly offset: number;

  constructor(offset: number) {
    super("uploadOutOfOrder", { details: [{ offset }] });
    this.offset = offset;
  }
}

/**
 * Put a chunk at the end of an ingest. When the body breaks off, or `signal` is aborted, what came is kept. A chunk of
 * another length than was said is not kept: one of its two ends is wrong, and nobody can tell which.
 * @param safe as `Ingest.append` has it; for a chunk that may yet be taken back it is told nothing
 * @param largest bytes that the whole may have
 * @throws OutOfOrder before anything is read; RegistryError `blobTooLarge`, before anything is read where the sender says how
 *   much comes; RegistryError `sizeInvalid`; the body's error; the signal's reason
 */
export async function takeChunk(
  ingest: Ingest,
  chunk: Chunk,
  signal: AbortSignal,
  safe: (size: number) => Promise<void>,
  largest: number | undefined,
): Promise<void> {
  signal.throwIfAborted();
  const start = ingest.offset;
  if (chunk.start !== undefined && chunk.start !== start) throw new OutOfOrder(start);
  const { length, announced = length ?? 0, given } = chunk;
  refuseLarger(start + announced, largest);
  const body = interruptible(chunk.body, signal);
  if (length === undefined)
    return refusing("invalid", "blobTooLarge", () => ingest.append(body, largest, { safe, given }));
  try {
    await refusing("invalid", "sizeInvalid", () => ingest.append(body, start + length, { given }));
    const found = ingest.offset - start;
    if (found !== length) throw new RegistryError("sizeInvalid", { details: [{ expected: length, found }] });
  } catch (error) {
    if (error instanceof RegistryError && error.fault === "sizeInvalid") await ingest.truncate(start);
    throw error;
  }
}

/** @throws RegistryError `blobTooLarge` where so many bytes are more than a blob may have */
export function refuseLarger(size: number, largest = Number.POSITIVE_INFINITY): void {
  if (size > largest) throw new RegistryError("blobTooLarge", { details: [{ limit: largest }] });
}

/** `stream`, which fails with the signal's reason as soon as it is aborted, even while a read is waiting for bytes. */
function interruptible(stream: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        signal.addEventListener("abort", () => {
          controller.error(signal.reason);
          // The source may have failed by itself meanwhile: that no longer matters.
          reader.cancel(signal.reason).catch(() => {});
        });
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (signal.aborted) return;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
