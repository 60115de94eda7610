import { RegistryError } from "../registry/errors.ts";

type Bytes = ReadableStream<Uint8Array>;

/**
 * A request's body, watched: it fails with `requestStalled` when no byte comes for `stallAfter` ms. Bun's own idle timeout
 * is no help: it also cuts whoever sends less than 16 KB a second.
 * @param read is told the size of each piece in bytes, and undefined at the end
 */
export function incoming(body: Bytes, stallAfter: number, read: (size: number | undefined) => void): Bytes {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const stalled = setTimeout(() => {
          controller.error(new RegistryError("requestStalled"));
          reader.cancel().catch(() => {});
        }, stallAfter);
        const { done, value } = await reader.read().finally(() => clearTimeout(stalled));
        read(value?.byteLength);
        if (done) return controller.close();
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/**
 * An answer's body, watched: it is given up when the client takes nothing for `stallAfter` ms.
 * @param end is called once, with the bytes that went out, when the body is through, given up, or the client gone
 */
export function outgoing(body: Bytes, stallAfter: number, end: (size: number) => void): Bytes {
  const reader = body.getReader();
  let size = 0;
  let stalled: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  const finish = () => {
    clearTimeout(stalled);
    if (!over) end(size);
    over = true;
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stalled);
        try {
          const { done, value } = await reader.read();
          if (over) return;
          if (done) {
            finish();
            return controller.close();
          }
          size += value.byteLength;
          controller.enqueue(value);
        } catch (error) {
          finish();
          throw error;
        }
        stalled = setTimeout(() => {
          finish();
          controller.error(new Error("the client took nothing for too long"));
          reader.cancel().catch(() => {});
        }, stallAfter);
      },
      cancel(reason) {
        finish();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Bytes of a body that Bun gives in one piece. */
const small = 16 * 1024;

/** Whether a body says that it is small, and within `limit`: then `readSmall` spares the work of a stream of it. */
export function isSmall({ headers }: Request, limit: number): boolean {
  const length = headers.get("content-length");
  return length !== null && Number(length) <= Math.min(small, limit);
}

/**
 * A small body in memory.
 * @throws RegistryError `requestStalled` when it has not come within `stallAfter` ms
 */
export async function readSmall(request: Request, stallAfter: number): Promise<Uint8Array> {
  const stalled = Promise.withResolvers<never>();
  const timer = setTimeout(() => stalled.reject(new RegistryError("requestStalled")), stallAfter);
  try {
    return await Promise.race([request.bytes(), stalled.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A whole body in memory.
 * @param held is told the size of each piece; what it throws goes through
 * @throws RegistryError `manifestTooLarge` as soon as it is longer than `limit` bytes
 */
export async function readBody(
  body: Bytes | undefined,
  limit: number,
  held: (size: number) => void,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body ?? []) {
    size += piece.byteLength;
    if (size > limit) throw new RegistryError("manifestTooLarge", { details: [{ limit }] });
    held(piece.byteLength);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}
