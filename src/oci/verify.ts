import type { Descriptor } from "./descriptor.ts";
import { algorithmOf, Digester, digestOf } from "./digest.ts";
import { ChartroomError } from "./errors.ts";

/** The error for bytes that are not what their descriptor says. */
const mismatch = ({ digest }: Descriptor, why: string) =>
  new ChartroomError("not_verified", `Content of ${digest} is not what its descriptor says: ${why}`, {
    hint: "The bytes were changed or cut on their way, or on the disk; nothing was kept.",
  });

/**
 * `stream`, checked on the way: it errors with `not_verified` as soon as it is longer than the descriptor's size, and at
 * its end if it is shorter or its digest differs. Every reader of content goes through here, so no path can forget.
 * Only a stream read to its end is verified.
 */
export function verify(
  stream: ReadableStream<Uint8Array>,
  descriptor: Descriptor,
): ReadableStream<Uint8Array> {
  const verifier = new Verifier(descriptor);
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        verifier.update(chunk);
        controller.enqueue(chunk);
      },
      flush: () => verifier.end(),
    }),
  );
}

/** Bytes against their descriptor as they come: every check of content is this one. */
class Verifier {
  readonly #descriptor: Descriptor;
  readonly #digester: Digester;
  #size = 0;

  constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor;
    this.#digester = new Digester(algorithmOf(descriptor.digest));
  }

  update(chunk: Uint8Array): void {
    this.#size += chunk.byteLength;
    const { size } = this.#descriptor;
    if (this.#size > size) throw mismatch(this.#descriptor, `it is longer than ${size} bytes`);
    this.#digester.update(chunk);
  }

  end(): void {
    const { size, digest: expected } = this.#descriptor;
    if (this.#size < size) throw mismatch(this.#descriptor, `it has ${this.#size} bytes, expected ${size}`);
    const digest = this.#digester.digest();
    if (digest !== expected) throw mismatch(this.#descriptor, `its digest is ${digest}`);
  }
}

/**
 * Bytes in memory against their descriptor.
 * @throws ChartroomError `not_verified` when size or digest differ
 */
export function verifyBytes(bytes: Uint8Array, descriptor: Descriptor): void {
  if (bytes.byteLength !== descriptor.size)
    throw mismatch(descriptor, `it has ${bytes.byteLength} bytes, expected ${descriptor.size}`);
  const digest = digestOf(bytes, algorithmOf(descriptor.digest));
  if (digest !== descriptor.digest) throw mismatch(descriptor, `its digest is ${digest}`);
}

/**
 * A whole stream as bytes, verified. Memory is taken as bytes come, never for a size that is only claimed.
 * @throws ChartroomError `not_verified` as `verify` does
 */
export async function readVerified(
  stream: ReadableStream<Uint8Array>,
  descriptor: Descriptor,
): Promise<Uint8Array> {
  const verifier = new Verifier(descriptor);
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) {
    verifier.update(chunk);
    chunks.push(chunk);
  }
  verifier.end();
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(descriptor.size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
