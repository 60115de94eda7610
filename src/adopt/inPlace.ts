import type { BlobInfo, Blobs, Ingest, Pieces } from "../blobs/blobs.ts";
import { streamRange } from "../blobs/stream.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { ByteRange } from "../oci/repository.ts";
import type { Bring } from "./bring.ts";
import type { Tree } from "./tree.ts";

/** The blobs of a Distribution, read from its files where they lie. Nothing is ever written there. */
export class TreeBlobs implements Blobs {
  readonly #tree: Tree;
  /** What the bytes of a digest are kept under, where that is another one. */
  readonly #kept = new Map<Digest, Digest>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** Brings nothing: the bytes are where they will be read. They are not verified, as Distribution does not. */
  readonly bring: Bring = async (digest, { digest: kept, size }) => {
    if (kept !== digest) this.#kept.set(digest, kept);
    return { publish: async () => size, discard: async () => {} };
  };

  async stat(digest: Digest): Promise<number | undefined> {
    return (await this.#find(digest))?.size;
  }

  async read(
    digest: Digest,
    range?: ByteRange,
    pieces?: Pieces,
  ): Promise<ReadableStream<Uint8Array> | undefined> {
    const blob = await this.#find(digest);
    if (blob === undefined) return undefined;
    const file = await this.#tree.open(blob);
    return streamRange(file, range ?? { start: 0, end: blob.size }, `Blob ${digest}`, pieces);
  }

  async bytes(digest: Digest): Promise<Uint8Array | undefined> {
    const stream = await this.read(digest);
    return stream && new Response(stream).bytes();
  }

  async *list(): AsyncGenerator<BlobInfo> {
    for await (const digest of this.#tree.blobs()) {
      const size = await this.stat(digest);
      if (size !== undefined) yield { digest, size };
    }
  }

  async *ingests(): AsyncGenerator<never> {}

  async ingest(): Promise<Ingest> {
    throw readOnly();
  }

  async smallIngest(): Promise<Ingest> {
    throw readOnly();
  }

  async readIngest(): Promise<undefined> {
    return undefined;
  }

  async remove(): Promise<boolean> {
    throw readOnly();
  }

  #find(digest: Digest) {
    return this.#tree.blob(this.#kept.get(digest) ?? digest);
  }
}

const readOnly = () =>
  new ChartroomError(
    "not_allowed",
    "Cannot write: the data of a Distribution is served where it lies, read-only",
  );
