import { dirname } from "node:path";
import { syncDirectory } from "../files/durable.ts";
import { errorCode, type FileSystem, type OpenFile } from "../files/filesystem.ts";
import { type Algorithm, algorithmOf, type Digest, Digester } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { free } from "../oci/free.ts";
import { appendAll } from "./append.ts";
import type { AppendOptions, Ingest, Pieces } from "./blobs.ts";
import { limited } from "./limited.ts";
import { mismatch } from "./mismatch.ts";
import { placeFile } from "./place.ts";
import { readChunks } from "./stream.ts";

/** Where an ingest lives, and where its bytes go. */
export interface IngestPlace {
  /** The ingest's file; its directory is there. */
  readonly path: string;
  /** As of `IngestOptions`. */
  readonly brief: boolean;
  readonly safe: number;
  /** The file of a blob, whose directory is made first where it is not there. */
  blobPath(digest: Digest): Promise<string>;
}

/**
 * An ingest as a file. Its length is its offset: writes go one after the other, so the file always holds a beginning of
 * what was sent. Once committed, ingest and blob are two names of one inode: before its bytes change, the ingest takes a
 * copy for itself.
 */
export class FilesystemIngest implements Ingest {
  readonly #fs: FileSystem;
  readonly #place: IngestPlace;
  #file: OpenFile;
  #closed = false;
  #offset: number;
  /** So many bytes from the start are known to be on the disk. */
  #synced = 0;
  /** Whether nothing changed since the last sync. */
  #clean = false;
  /** The error of a sync that failed: bytes behind `#synced` may be lost. */
  #lost: unknown;
  /** Whether the ingest's own entry in its directory is on the disk. */
  #entered = false;
  /** Whether the inode is, or was, a blob's: read-only, or with another name. */
  #sealed: boolean;
  /** Whether a commit took the file away, where there are no hard links. */
  #moved = false;
  /** sha256 of the bytes, kept while they come; undefined when the file must be read for it. */
  #live: { readonly digester: Digester; hashed: number } | undefined;
  /** What the bytes' digests are, until they change. */
  readonly #known = new Map<Algorithm, Digest>();

  private constructor(
    fs: FileSystem,
    place: IngestPlace,
    file: OpenFile,
    { size, sealed }: { size: number; sealed: boolean },
  ) {
    this.#fs = fs;
    this.#place = place;
    this.#file = file;
    this.#offset = size;
    this.#synced = Math.min(place.safe, size);
    this.#sealed = sealed;
    if (size === 0) this.#live = { digester: new Digester(), hashed: 0 };
  }

  /**
   * Open the ingest, or begin it.
   * @throws node's error
   */
  static async open(fs: FileSystem, place: IngestPlace): Promise<FilesystemIngest> {
    const file = await openOrCreate(fs, place.path);
    try {
      const { size, nlink, mode } = await file.stat();
      return new FilesystemIngest(fs, place, file, { size, sealed: nlink > 1 || (mode & 0o200) === 0 });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get offset(): number {
    return this.#offset;
  }

  async append(
    stream: ReadableStream<Uint8Array>,
    limit = Number.POSITIVE_INFINITY,
    { safe, written, given }: AppendOptions = {},
  ): Promise<void> {
    await this.#detach();
    const live = this.#live;
    this.#changed();
    try {
      await appendAll(this.#file, this.#offset, limited(stream, this.#offset, limit), {
        // No byte is taken that a power loss would take with the entry of its file; those that come meanwhile are read, since what
        // a connection that breaks has brought unread is lost with it.
        ready: this.#place.brief ? undefined : this.#enter(),
        piece(piece) {
          if (live === undefined) return;
          live.digester.update(piece);
          live.hashed += piece.byteLength;
        },
        ...(written !== undefined && { wrote: written }),
        ...(given === true && { done: free }),
        sync: async (size) => {
          await this.#datasync(size);
          await safe?.(size);
        },
      });
    } finally {
      this.#offset = (await this.#file.stat()).size;
      // When a write failed, more was hashed than written.
      if (live?.hashed === this.#offset) this.#live = live;
      if (!this.#place.brief) await this.#sync();
    }
  }

  async truncate(size: number): Promise<void> {
    if (size === this.#offset) return;
    if (size > this.#offset) throw this.#broken(`it has ${this.#offset} bytes, expected ${size} or more`);
    await this.#detach();
    await this.#cut(size);
    await this.#sync();
  }

  async commit(digest: Digest): Promise<number> {
    const actual = await this.#digest(algorithmOf(digest));
    if (actual !== digest) throw mismatch(actual, digest);
    const { size } = await this.#file.stat();
    if (size !== this.#offset) throw this.#broken(`it has ${size} bytes, expected ${this.#offset}`);
    if (this.#moved) await this.#detach();
    await this.#sync();
    if (!this.#sealed) await this.#file.chmod(0o444);
    this.#sealed = true;
    const target = await this.#place.blobPath(digest);
    this.#moved = (await placeFile(this.#fs, this.#place.path, target, this.#spare)) === "moved";
    await syncDirectory(this.#fs, dirname(target));
    return this.#offset;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async discard(): Promise<void> {
    await this.close();
    await this.#fs.rm(this.#spare, { force: true });
    await this.#fs.rm(this.#place.path, { force: true });
  }

  /** A second name for the work of a moment. Its dot keeps it out of the list of ingests. */
  get #spare(): string {
    return `${this.#place.path}.spare`;
  }

  #broken(why: string): ChartroomError {
    return new ChartroomError("storage", `Ingest "${this.#place.path}" is not as it was left: ${why}`);
  }

  /** Forget what was known of the bytes as they were. */
  #changed(): void {
    this.#clean = false;
    this.#live = undefined;
    this.#known.clear();
  }

  async #digest(algorithm: Algorithm): Promise<Digest> {
    const known = this.#known.get(algorithm);
    if (known !== undefined) return known;
    const live = algorithm === "sha256" ? this.#live?.digester : undefined;
    const digester = live ?? new Digester(algorithm);
    if (live === undefined) for await (const chunk of this.#read("lent")) digester.update(chunk);
    // More bytes may follow those that were read once.
    if (algorithm === "sha256") this.#live = { digester, hashed: this.#offset };
    const digest = digester.digest();
    this.#known.set(algorithm, digest);
    return digest;
  }

  #read(pieces: Pieces): AsyncGenerator<Uint8Array> {
    return readChunks(this.#file, { start: 0, end: this.#offset }, `Ingest "${this.#place.path}"`, pieces);
  }

  async #datasync(size: number): Promise<void> {
    try {
      await this.#file.datasync();
      this.#synced = size;
    } catch (error) {
      this.#lost = error;
      throw error;
    }
  }

  /**
   * Have all bytes on the disk. Once a sync has failed, the kernel may call the lost pages clean, and the next sync succeed
   * without them (lwn.net/Articles/752063): so what was not synced is cut off, to be sent again. A file with other names is not
   * only ours to cut: there, no sync is believed any more.
   */
  async #sync(): Promise<void> {
    if (this.#clean) return;
    if (this.#lost === undefined) await this.#datasync(this.#offset).catch(() => {});
    const lost = this.#lost;
    if (lost !== undefined) {
      if (this.#sealed) throw lost;
      await this.#cut(this.#synced);
      this.#lost = undefined;
      throw lost;
    }
    this.#clean = true;
  }

  async #cut(size: number): Promise<void> {
    this.#changed();
    await this.#file.truncate(size);
    this.#offset = size;
    this.#synced = Math.min(this.#synced, size);
    if (size === 0) this.#live = { digester: new Digester(), hashed: 0 };
  }

  /** Have the ingest's own entry on the disk, once. */
  async #enter(): Promise<void> {
    if (this.#entered) return;
    await syncDirectory(this.#fs, dirname(this.#place.path));
    this.#entered = true;
  }

  /** Leave the inode to the blob and go on with a copy of the bytes. */
  async #detach(): Promise<void> {
    if (!this.#sealed) return;
    await this.#fs.rm(this.#spare, { force: true });
    const copy = await this.#fs.open(this.#spare, "wx+", 0o644);
    try {
      await appendAll(copy, 0, this.#read("own"), { sync: () => copy.datasync() });
      await copy.datasync();
      await this.#fs.rename(this.#spare, this.#place.path);
    } catch (error) {
      // The first error is the one to tell.
      await copy.close().catch(() => {});
      await this.#fs.rm(this.#spare, { force: true }).catch(() => {});
      throw error;
    }
    const blob = this.#file;
    this.#file = copy;
    this.#synced = this.#offset;
    this.#clean = true;
    this.#sealed = this.#moved = this.#entered = false;
    this.#lost = undefined;
    await blob.close();
  }
}

/** A committed ingest that outlived its process is read-only: it opens to be committed again, or copied. */
async function openOrCreate(fs: FileSystem, path: string): Promise<OpenFile> {
  for (const flags of ["r+", "r"]) {
    try {
      return await fs.open(path, flags);
    } catch (error) {
      if (errorCode(error) === "ENOENT") break;
      if (errorCode(error) !== "EACCES") throw error;
    }
  }
  return fs.open(path, "wx+", 0o644);
}
