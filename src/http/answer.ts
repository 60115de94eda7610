import { HttpError } from "./errors.ts";

/** What is drained of an answer nobody reads, in bytes, so that its connection can be used again. */
const drainLimit = 64 * 1024;

/** A server's answer. Its body must be read, discarded or cancelled, or its connection stays taken. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Where it came from, after redirects. */
  readonly url: URL;
  /** The bytes as they came, not decoded. It fails with an `HttpError` when the connection breaks or stalls. */
  readonly body: ReadableStream<Uint8Array>;

  constructor(status: number, headers: Headers, url: URL, body: ReadableStream<Uint8Array>) {
    this.status = status;
    this.headers = headers;
    this.url = url;
    this.body = body;
  }

  /**
   * The whole body, of at most `limit` bytes.
   * @throws HttpError `too-long` as soon as there are more
   */
  async bytes(limit: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of this.body) {
      size += chunk.byteLength;
      if (size > limit)
        throw new HttpError(
          "too-long",
          `Cannot read the answer of ${this.url.host}: it is longer than ${limit} bytes`,
        );
      chunks.push(chunk);
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.byteLength;
    }
    return bytes;
  }

  /** Let go of the body. Never fails: nobody cares how it would have ended. */
  async discard(): Promise<void> {
    await this.bytes(drainLimit).catch(() => undefined);
  }
}
