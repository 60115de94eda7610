/** Bytes that look random and are the same in every run. */
export function noise(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = size + 1;
  for (let i = 0; i < size; i++) {
    // A linear congruential generator (Numerical Recipes); its high bits are the good ones.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A pulled stream of `bytes` in pieces of `size`; with an error, it fails with it at the end. */
export function streamOf(bytes: Uint8Array, size = 65_536, error?: Error): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at < bytes.byteLength) controller.enqueue(bytes.slice(at, at + size));
        else if (error !== undefined) controller.error(error);
        else controller.close();
        at += size;
      },
    },
    { highWaterMark: 0 },
  );
}

/** All bytes of a stream. */
export const bytesOf = (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Response(stream).bytes();
