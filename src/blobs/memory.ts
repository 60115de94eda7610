import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { ByteRange } from "../oci/repository.ts";
import type { AppendOptions, BlobInfo, Blobs, Ingest } from "./blobs.ts";
import { limited } from "./limited.ts";
import { expectDigest } from "./mismatch.ts";
import { parseIngestName } from "./name.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Blobs in memory: for tests, and for what need not outlive the process. */
export class MemoryBlobs implements Blobs {
  readonly #blobs = new Map<Digest, Bytes>();
  readonly #ingests = new Map<string, MemoryIngest>();

  async stat(digest: Digest): Promise<number | undefined> {
    return this.#blobs.get(digest)?.byteLength;
  }

  async read(digest: Digest, range?: ByteRange): Promise<ReadableStream<Uint8Array> | undefined> {
    const bytes = this.#blobs.get(digest);
    return bytes && new Blob([bytes.subarray(range?.start, range?.end)]).stream();
  }

  async bytes(digest: Digest): Promise<Uint8Array | undefined> {
    return this.#blobs.get(digest)?.slice();
  }

  async remove(digest: Digest): Promise<boolean> {
    return this.#blobs.delete(digest);
  }

  async *list(): AsyncGenerator<BlobInfo> {
    for (const digest of [...this.#blobs.keys()].sort()) {
      const size = await this.stat(digest);
      if (size !== undefined) yield { digest, size };
    }
  }

  async ingest(name: string): Promise<Ingest> {
    const ingest =
      this.#ingests.get(parseIngestName(name)) ??
      new MemoryIngest(
        (digest, bytes) => this.#blobs.set(digest, bytes),
        () => this.#ingests.delete(name),
      );
    this.#ingests.set(name, ingest);
    return ingest;
  }

  async smallIngest(name: string, bytes: Uint8Array): Promise<Ingest> {
    const ingest = await this.ingest(name);
    await ingest.append(new Blob([bytes as Bytes]).stream());
    return ingest;
  }

  async readIngest(name: string, { start, end }: ByteRange): Promise<ReadableStream<Uint8Array> | undefined> {
    const ingest = this.#ingests.get(parseIngestName(name));
    return ingest && new Blob(ingest.parts(start, end)).stream();
  }

  async *ingests(): AsyncGenerator<{ name: string; size: number; changed: number }> {
    for (const [name, { offset, changed }] of [...this.#ingests].sort(([a], [b]) => (a < b ? -1 : 1)))
      yield { name, size: offset, changed };
  }
}

class MemoryIngest implements Ingest {
  readonly #publish: (digest: Digest, bytes: Bytes) => void;
  readonly #forget: () => void;
  #pieces: Bytes[] = [];
  offset = 0;
  changed = Date.now();

  constructor(publish: (digest: Digest, bytes: Bytes) => void, forget: () => void) {
    this.#publish = publish;
    this.#forget = forget;
  }

  async append(
    stream: ReadableStream<Uint8Array>,
    limit = Number.POSITIVE_INFINITY,
    { written }: AppendOptions = {},
  ): Promise<void> {
    for await (const piece of limited(stream, this.offset, limit)) {
      this.#pieces.push(piece.slice());
      this.offset += piece.byteLength;
      this.changed = Date.now();
      written?.(this.offset);
    }
  }

  async truncate(size: number): Promise<void> {
    if (size > this.offset)
      throw new ChartroomError("storage", `Cannot cut ingest back to ${size} bytes: it has ${this.offset}`);
    this.#pieces = [this.#bytes().subarray(0, size)];
    this.offset = size;
    this.changed = Date.now();
  }

  async commit(digest: Digest): Promise<number> {
    const bytes = this.#bytes();
    expectDigest(bytes, digest);
    this.#publish(digest, bytes);
    return this.offset;
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async discard(): Promise<void> {
    this.#forget();
  }

  /** The bytes from `start` to `end`, in pieces. */
  parts(start: number, end: number): Bytes[] {
    let at = 0;
    return this.#pieces.map((piece) => {
      const part = piece.subarray(Math.max(0, start - at), Math.max(0, end - at));
      at += piece.byteLength;
      return part;
    });
  }

  #bytes(): Bytes {
    const bytes = new Uint8Array(this.offset);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.byteLength;
    }
    return bytes;
  }
}
