/** What to do as a body's bytes go by. */
export interface BodySteps {
  /** The consumer asks for more. */
  asked(): void;
  /** A chunk is there. */
  came(bytes: number): void;
  /** No more is read: at the end, after a failure, when cancelled. */
  over(): void;
  /** The error to give instead of the stream's own. */
  failed?(cause: unknown): unknown;
}

/** `stream` with `steps` called on the way. Nothing is read ahead. */
export function observed(stream: ReadableStream<Uint8Array>, steps: BodySteps): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        steps.asked();
        try {
          const { done, value } = await reader.read();
          steps.came(value?.byteLength ?? 0);
          if (!done) return controller.enqueue(value);
        } catch (cause) {
          steps.over();
          return controller.error(steps.failed === undefined ? cause : steps.failed(cause));
        }
        steps.over();
        controller.close();
      },
      cancel(reason) {
        steps.over();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** A stream of nothing. */
export const emptyStream = (): ReadableStream<Uint8Array> =>
  new ReadableStream({ start: (controller) => controller.close() });
