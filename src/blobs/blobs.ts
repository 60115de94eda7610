import type { Digest } from "../oci/digest.ts";
import type { ByteRange } from "../oci/repository.ts";

/** A blob that is there. */
export interface BlobInfo {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/**
 * Whose the pieces of a stream are: its reader's own, or lent to it, each until it asks for the next. Those that are lent are all
 * read into one buffer: for fresh ones, the kernel's clearing of their pages was a third of what a large download took.
 */
export type Pieces = "own" | "lent";

/**
 * Bytes by digest. Bytes under a digest never change, and a blob that `stat` names is whole: nothing half-written ever
 * shows. What belongs to whom is the catalog's (or index.json's) business.
 */
export interface Blobs {
  /** A blob's size in bytes, or undefined when it is not there. */
  stat(digest: Digest): Promise<number | undefined>;
  /**
   * A blob's bytes, or those of a range that lies within it; undefined when it is not there. The stream is pulled, holds
   * one chunk at most, and lets go of its file when read to its end, cancelled, or failed.
   * @param pieces "own" unless told; of those that are "lent" none may be kept
   */
  read(digest: Digest, range?: ByteRange, pieces?: Pieces): Promise<ReadableStream<Uint8Array> | undefined>;
  /**
   * All of a small blob's bytes at once, the caller's own; undefined when it is not there. Of 10 KB out of the page cache it is 5 µs
   * of work, where a stream is 50.
   * @param size of the blob in bytes, as the caller knows it: a small one may be read here and now
   */
  bytes(digest: Digest, size: number): Promise<Uint8Array | undefined>;
  /** Free a blob. Gives false when it was not there. */
  remove(digest: Digest): Promise<boolean>;
  /** Every blob, in order of digest. */
  list(): AsyncIterable<BlobInfo>;
  /**
   * Open the ingest of this name, or go on with it where it stands. Names are the caller's: lower-case letters, digits
   * and `-`. One caller at a time; the caller sees to it.
   */
  ingest(name: string, options?: IngestOptions): Promise<Ingest>;
  /**
   * An ingest of this name, of bytes that are all in memory, and nobody's to go on with. A small blob takes half of the disk's
   * calls that way.
   */
  smallIngest(name: string, bytes: Uint8Array): Promise<Committing>;
  /**
   * Bytes that an ingest has taken and told as `written`, while more may come; undefined when there is no such ingest.
   * The stream is as that of `read`, and goes on to its end when the ingest ends meanwhile.
   */
  readIngest(name: string, range: ByteRange): Promise<ReadableStream<Uint8Array> | undefined>;
  /** The names of the ingests that there are, with their sizes in bytes and when they last changed (ms since 1970). */
  ingests(): AsyncIterable<{ name: string; size: number; changed: number }>;
}

/** How an ingest is kept. */
export interface IngestOptions {
  /** Nobody goes on with it: what was appended need not survive power loss before it is committed. Saves the syncs for that. */
  readonly brief?: boolean;
  /** So many bytes from the start were on the disk for good when it was closed: a sync that fails takes none of them. */
  readonly safe?: number;
}

/** Who looks on while bytes are appended, and what becomes of them. */
export interface AppendOptions {
  /**
   * Is told every now and then how many bytes from the start are on the disk for good, and waited for before the next time; it
   * may be told of none.
   */
  readonly safe?: ((size: number) => Promise<void>) | undefined;
  /** Is told how many bytes from the start can be read back, and need not be safe yet. */
  readonly written?: ((size: number) => void) | undefined;
  /** Whether the pieces are given away, each a buffer of its own: then their memory may be freed as soon as they are written. */
  readonly given?: boolean | undefined;
}

/** Bytes that are to become a blob. */
export interface Committing {
  /**
   * Publish what was taken as the blob `digest`, durably: it survives power loss once this resolves. The ingest stays
   * until `discard`, so that a collection that takes the blob meanwhile costs nothing: commit again.
   * @returns the blob's size in bytes
   * @throws ChartroomError `not_verified` when the bytes have another digest; the ingest stays as it is
   */
  commit(digest: Digest): Promise<number>;
  /** Let go of open files and of the bytes. */
  discard(): Promise<void>;
}

/**
 * Bytes on their way in. They survive the process; `commit` makes them a blob. Whoever opened it closes or discards it,
 * at the latest by `await using`, which closes: a forgotten file handle ends a Bun process when it is collected.
 */
export interface Ingest extends Committing, AsyncDisposable {
  /** Bytes taken so far. */
  readonly offset: number;
  /**
   * Take a stream's bytes at the end and sync them to the disk. When the stream fails, what came before the failure is
   * kept, synced, and the stream's error thrown: `offset` says how far it got.
   * @param limit the largest size in bytes that the whole may reach; a stream that passes it fails with `invalid`, and
   *   the bytes over the limit are not kept
   */
  append(stream: ReadableStream<Uint8Array>, limit?: number, options?: AppendOptions): Promise<void>;
  /** Cut back to `size` bytes: what lies behind was never acknowledged. */
  truncate(size: number): Promise<void>;
  /** Let go of open files; the bytes stay for a later `ingest(name)`. Doing it again changes nothing. */
  close(): Promise<void>;
}
