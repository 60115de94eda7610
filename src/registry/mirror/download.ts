import type { BlobInfo, Ingest } from "../../blobs/blobs.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import type { ByteRange } from "../../oci/repository.ts";
import type { Burials } from "../burials.ts";
import type { Store } from "../store.ts";
import { UpstreamFailed } from "./failure.ts";

/** Nobody can log in by this name, since a user's holds no colon (RFC 7617 §2): its sessions answer to no client. */
const mirrorUser = ":mirror";

/** Gives a blob's bytes from an offset on; what it fails with is what followers are told. */
export type Source = (from: number) => Promise<ReadableStream<Uint8Array>>;

/** What a download is of, and where it goes. */
export interface DownloadOptions {
  /** Its ingest, and its row among the upload sessions: the next process finds them by this name, and goes on. */
  readonly session: string;
  readonly repository: RepositoryName;
  readonly blob: BlobInfo;
  readonly source: Source;
}

/**
 * One blob on its way in, followed by all who ask for it. What they get is read back from the disk, so that none waits for
 * another, and whoever goes away spoils nothing. The last byte goes out when the digest was found right: nobody ever gets
 * the whole of something wrong.
 */
export class Download {
  readonly blob: BlobInfo;
  /** Where it will be. */
  readonly repository: RepositoryName;
  /** Settles with the download. */
  readonly done: Promise<void>;
  readonly #store: Store;
  readonly #burials: Burials;
  readonly #session: string;
  #written = 0;
  #there = false;
  #failure: { readonly error: unknown } | undefined;
  #change = Promise.withResolvers<void>();

  constructor(store: Store, burials: Burials, { session, repository, blob, source }: DownloadOptions) {
    this.#store = store;
    this.#burials = burials;
    this.#session = session;
    this.repository = repository;
    this.blob = blob;
    this.done = this.#run(source).then(
      () => {
        this.#there = true;
        this.#tell();
      },
      (error: unknown) => {
        this.#failure = { error };
        this.#tell();
        throw error;
      },
    );
    // Its followers are told; it may have none any more.
    this.done.catch(() => {});
  }

  /**
   * The bytes of a range, as they come: the stream fails when the download does.
   * @throws what the download fails with before there is anything of the range
   */
  async follow({ start, end }: ByteRange): Promise<ReadableStream<Uint8Array>> {
    if (start < end) await this.#readableBehind(start);
    else await this.done;
    const pieces = this.#pieces(start, end);
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await pieces.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: async () => void (await pieces.return(undefined)),
      },
      { highWaterMark: 0 },
    );
  }

  async *#pieces(start: number, end: number): AsyncGenerator<Uint8Array, void> {
    for (let at = start; at < end; ) {
      const range = { start: at, end: Math.min(end, await this.#readableBehind(at)) };
      for await (const piece of await this.#read(range)) {
        at += piece.byteLength;
        yield piece;
      }
    }
  }

  /** Bytes that may be read, out of the ingest, or the blob that it has become. */
  async #read(range: ByteRange): Promise<ReadableStream<Uint8Array>> {
    const { blobs } = this.#store;
    const { digest } = this.blob;
    const coming = this.#there ? undefined : await blobs.readIngest(this.#session, range);
    if (coming !== undefined) return coming;
    // The ingest is gone: it has become the blob, or was thrown away, which is what the download fails with.
    await this.done;
    const stream = await blobs.read(digest, range);
    if (stream === undefined) throw new ChartroomError("storage", `The bytes of blob ${digest} are lost`);
    return stream;
  }

  /** Waits until there are bytes behind `at`; gives up to where they may be read. */
  async #readableBehind(at: number): Promise<number> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const until = this.#there ? this.blob.size : Math.min(this.#written, this.blob.size - 1);
      if (until > at) return until;
      await this.#change.promise;
    }
  }

  /** Something changed for who waits. */
  #tell(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** What was acknowledged in an earlier run is gone on with. Bytes that turn out wrong are thrown away with their session. */
  async #run(source: Source): Promise<void> {
    const { blobs, catalog, now } = this.#store;
    const { repository, blob } = this;
    const { size } = blob;
    const id = this.#session;
    await catalog.apply({ kind: "open-upload", id, repository, user: mirrorUser, at: now() });
    const acknowledged = (await catalog.upload(id))?.offset ?? 0;
    // A catalog that is too busy just now is told with the next bytes, or not: then less is gone on from.
    const safe = (offset: number) =>
      catalog.apply({ kind: "advance-upload", id, offset }).then(
        () => {},
        () => {},
      );
    await using ingest = await blobs.ingest(id);
    if (ingest.offset > acknowledged) await ingest.truncate(acknowledged);
    const written = (offset: number) => {
      this.#written = offset;
      this.#tell();
    };
    written(ingest.offset);
    try {
      if (ingest.offset < size || size === 0)
        await ingest.append(await source(ingest.offset), size, { safe, written });
      if (ingest.offset < size) throw shorter(blob, ingest.offset);
      await this.#link(ingest, id);
    } catch (error) {
      const wrong =
        error instanceof ChartroomError && (error.code === "not_verified" || error.code === "invalid");
      if (!wrong) {
        await safe(ingest.offset);
        throw error;
      }
      await ingest.discard();
      await catalog.apply({ kind: "close-upload", id });
      throw new UpstreamFailed("wrong", error);
    }
    // It may be the archive of a chart whose manifest came before it.
    this.#store.chartPushed?.();
    await ingest.discard();
  }

  /** The ingest holds the bytes until they are linked: a collection that takes them in between costs another commit. */
  #link(ingest: Ingest, upload: string): Promise<void> {
    const { catalog, now } = this.#store;
    const { repository, blob } = this;
    return this.#burials.linked(
      blob.digest,
      () => ingest.commit(blob.digest),
      async (_, burials) => {
        const at = now();
        return (await catalog.apply({ kind: "link-blob", repository, ...blob, burials, upload, at })).done;
      },
    );
  }
}

const shorter = ({ digest, size }: BlobInfo, found: number): ChartroomError =>
  new ChartroomError("not_verified", `Blob ${digest} of the upstream ended after ${found} of ${size} bytes`);
