import { Buffer } from "node:buffer";
import type { OpenFile } from "../files/filesystem.ts";
import type { PromptReads } from "../files/promptReads.ts";
import { giveWay } from "../oci/giveWay.ts";
import type { ByteRange } from "../oci/repository.ts";
import type { Pieces } from "./blobs.ts";

/**
 * Bytes read at once. From 64 KiB to 1 MiB the throughput is the same and no other request waits more than a few
 * milliseconds; handing the file to Bun whole stalls the loop for as long as the kernel sends it.
 */
const chunkSize = 256 * 1024;

/** Chunks that may be read here and now before others get a turn: half a millisecond, with what it takes to send them. */
const turn = 4;

/**
 * The bytes of an open file in `range`, chunk by chunk.
 * @param what names the content in the error for a file that ends too soon
 * @param prompt what is known of such reads, where they may be made here and now; unsaid, each goes by a thread
 */
export async function* readChunks(
  file: OpenFile,
  { start, end }: ByteRange,
  what: string,
  pieces: Pieces = "own",
  prompt?: PromptReads,
): AsyncGenerator<Uint8Array> {
  let buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, end - start));
  for (let at = start, count = 1; at < end; count++) {
    if (pieces === "own" && at > start) buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, end - at));
    const length = Math.min(buffer.byteLength, end - at);
    const byThread = async () => (await file.read(buffer, 0, length, at)).bytesRead;
    const here = () => file.readSync(buffer, 0, length, at);
    const bytesRead = await (prompt === undefined ? byThread() : prompt.read(here, byThread));
    if (prompt !== undefined && count % turn === 0) await giveWay();
    if (bytesRead === 0) throw new Error(`${what} ends at byte ${at}, expected ${end}`);
    at += bytesRead;
    yield new Uint8Array(buffer.buffer, 0, bytesRead);
  }
}

/**
 * The same as a stream: pulled, one chunk at a time. The file is closed at the end, on failure and on cancel; whoever gets
 * the stream reads it to its end or cancels it.
 */
export function streamRange(
  file: OpenFile,
  range: ByteRange,
  what: string,
  pieces?: Pieces,
  prompt?: PromptReads,
): ReadableStream<Uint8Array> {
  const chunks = readChunks(file, range, what, pieces, prompt);
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= file.close();
    return closing;
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (!done) return controller.enqueue(value);
          await close();
          controller.close();
        } catch (error) {
          await close();
          throw error;
        }
      },
      async cancel() {
        // Waits for the read that is under way: a descriptor closed under it may be another file's by then.
        await chunks.return(undefined);
        await close();
      },
    },
    { highWaterMark: 0 },
  );
}
