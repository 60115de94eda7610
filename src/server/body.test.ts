import { expect, test } from "bun:test";
import { noise, streamOf } from "../testing/streams.ts";
import { incoming, outgoing } from "./body.ts";

/** Gives these pieces, then nothing more, and never ends. */
function hanging(...pieces: Uint8Array[]) {
  const cancelled = Promise.withResolvers<void>();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = pieces.shift();
        if (piece === undefined) await new Promise(() => {});
        else controller.enqueue(piece);
      },
      cancel: () => cancelled.resolve(),
    },
    { highWaterMark: 0 },
  );
  return { stream, cancelled: cancelled.promise };
}

test("a body that stops coming is cut off: what came is there, and its sender is told", async () => {
  const { stream, cancelled } = hanging(noise(10), noise(20));
  const sizes: (number | undefined)[] = [];
  const reader = incoming(stream, 20, (size) => sizes.push(size)).getReader();
  expect((await reader.read()).value).toHaveLength(10);
  expect((await reader.read()).value).toHaveLength(20);
  await expect(reader.read()).rejects.toMatchObject({ fault: "requestStalled" });
  await cancelled;
  expect(sizes.slice(0, 2)).toEqual([10, 20]);
});

test("a body that comes slowly, but comes, is let through", async () => {
  const bytes = noise(50);
  const slow = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (const byte of bytes) {
        await Bun.sleep(1);
        controller.enqueue(Uint8Array.of(byte));
      }
      controller.close();
    },
  });
  // Not one wait is as long as the limit, though all of them are longer.
  expect<Uint8Array>(await new Response(incoming(slow, 10_000, () => {})).bytes()).toEqual(bytes);
});

test("an answer that nobody takes is given up, once, with what went out", async () => {
  const ends: number[] = [];
  const { stream, cancelled } = hanging(noise(10));
  const body = outgoing(stream, 20, (size) => ends.push(size));
  const reader = body.getReader();
  await reader.read();
  await cancelled;
  await expect(reader.read()).rejects.toThrow("the client took nothing for too long");
  expect(ends).toEqual([10]);
});

test("an answer that is taken ends once, with all that went out", async () => {
  const ends: number[] = [];
  const bytes = noise(100_000);
  const body = outgoing(streamOf(bytes), 10_000, (size) => ends.push(size));
  expect<Uint8Array>(await new Response(body).bytes()).toEqual(bytes);
  expect(ends).toEqual([100_000]);
});
