/** `size` bytes that look random and are the same on every run; another seed gives others. */
export function noise(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    // A linear congruential generator (Numerical Recipes); its high bits are the good ones.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A pulled stream of `bytes` in pieces of `chunk` bytes; with `fail`, it fails with that at its end. */
export function streamOf(
  bytes: Uint8Array,
  { chunk = 16_384, fail }: { chunk?: number; fail?: Error } = {},
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at < bytes.byteLength) controller.enqueue(bytes.slice(at, at + chunk));
        else if (fail !== undefined) controller.error(fail);
        else controller.close();
        at += chunk;
      },
    },
    { highWaterMark: 0 },
  );
}

/** All bytes of a stream, unverified. */
export const bytesOf = (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Response(stream).bytes();
