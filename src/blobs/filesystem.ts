import type { Dirent } from "node:fs";
import { dirname, join } from "node:path";
import { makeDirectory } from "../files/durable.ts";
import { errorCode, type FileSystem, ifThere } from "../files/filesystem.ts";
import { PromptReads } from "../files/promptReads.ts";
import { algorithmOf, type Digest, hexOf, tryDigest } from "../oci/digest.ts";
import type { ByteRange } from "../oci/repository.ts";
import type { BlobInfo, Blobs, Ingest, IngestOptions, Pieces } from "./blobs.ts";
import { FilesystemIngest } from "./ingest.ts";
import { isIngestName, parseIngestName } from "./name.ts";
import { cannotLink } from "./place.ts";
import { SmallIngest } from "./smallIngest.ts";
import { streamRange } from "./stream.ts";

/** Where the two directories are; both in one file system, made when first needed. */
export interface BlobDirectories {
  /** Holds `<algorithm>/<hex>`, nothing but whole blobs, read-only (image-spec image-layout.md, "Blobs"). */
  readonly blobs: string;
  /** Holds what is on its way in, one file an ingest. Other tools may keep things of theirs there. */
  readonly ingest: string;
}

/** The file of a blob below the directory of blobs. */
export const blobPathIn = (directory: string, digest: Digest): string =>
  join(directory, algorithmOf(digest), hexOf(digest));

/** Bytes up to which a blob may be read here and now: of a MiB it takes a third of a millisecond. */
const promptSize = 1024 * 1024;

/** Blobs whose sizes are asked for at once by `list`. */
const listed = 256;

/** Blobs as files: a client's layout and a registry's data directory alike. Errors of the disk are node's. */
export class FilesystemBlobs implements Blobs {
  readonly #fs: FileSystem;
  readonly #directories: BlobDirectories;
  readonly #made = new Map<string, Promise<void>>();
  /** Apart: small blobs that are prompt would have a cold download try again and again. */
  readonly #small = new PromptReads();
  readonly #pieces = new PromptReads();

  constructor(fs: FileSystem, directories: BlobDirectories) {
    this.#fs = fs;
    this.#directories = directories;
  }

  async stat(digest: Digest): Promise<number | undefined> {
    const stats = await ifThere(this.#fs.stat(this.#pathOf(digest)));
    return stats?.isFile() ? stats.size : undefined;
  }

  async read(
    digest: Digest,
    range?: ByteRange,
    pieces?: Pieces,
  ): Promise<ReadableStream<Uint8Array> | undefined> {
    const file = await ifThere(this.#fs.open(this.#pathOf(digest), "r"));
    if (file === undefined) return undefined;
    try {
      const all = range ?? { start: 0, end: (await file.stat()).size };
      // Who is lent pieces passes them on, which is no work for this thread that a read by another could go beside.
      return streamRange(file, all, `Blob ${digest}`, pieces, pieces === "lent" ? this.#pieces : undefined);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  bytes(digest: Digest, size: number): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(digest);
    const byThread = () => this.#fs.readFile(path);
    return ifThere(
      size > promptSize ? byThread() : this.#small.read(() => this.#fs.readFileSync(path), byThread),
    );
  }

  // Not synced: a blob that comes back after power loss is whole, and only waste.
  async remove(digest: Digest): Promise<boolean> {
    return (await ifThere(this.#fs.unlink(this.#pathOf(digest)).then(() => true))) ?? false;
  }

  async *list(): AsyncGenerator<BlobInfo> {
    for (const algorithm of ["sha256", "sha512"]) {
      const entries = await this.#entries(join(this.#directories.blobs, algorithm));
      const digests = entries
        .map(({ name }) => tryDigest(`${algorithm}:${name}`))
        .filter((digest) => digest !== undefined);
      for (let at = 0; at < digests.length; at += listed) {
        const some = digests.slice(at, at + listed);
        const sizes = await Promise.all(some.map((digest) => this.stat(digest)));
        for (const [i, size] of sizes.entries()) if (size !== undefined) yield { digest: some[i]!, size };
      }
    }
  }

  async ingest(name: string, { brief = false, safe = 0 }: IngestOptions = {}): Promise<Ingest> {
    const path = join(this.#directories.ingest, parseIngestName(name));
    await this.#make(this.#directories.ingest);
    return FilesystemIngest.open(this.#fs, {
      path,
      brief,
      safe,
      blobPath: (digest) => this.#placeFor(digest),
    });
  }

  async smallIngest(name: string, bytes: Uint8Array): Promise<SmallIngest> {
    const path = join(this.#directories.ingest, parseIngestName(name));
    await this.#make(this.#directories.ingest);
    return new SmallIngest(this.#fs, { path, blobPath: (digest) => this.#placeFor(digest) }, bytes);
  }

  async readIngest(name: string, range: ByteRange): Promise<ReadableStream<Uint8Array> | undefined> {
    const path = join(this.#directories.ingest, parseIngestName(name));
    const file = await ifThere(this.#fs.open(path, "r"));
    return file && streamRange(file, range, `Ingest "${path}"`);
  }

  /**
   * Begin an ingest of this name anew with the bytes of a file of elsewhere, which stays as it is: by another name of it, so that
   * nothing is copied, or by a copy; `either`: by a copy where there can be no link. What comes later goes into a copy in any case.
   * @throws node's error
   */
  async ingestFrom(name: string, file: string, how: "link" | "copy" | "either"): Promise<Ingest> {
    const path = join(this.#directories.ingest, parseIngestName(name));
    await this.#make(this.#directories.ingest);
    await this.#fs.rm(path, { force: true });
    const copy = () => this.#fs.copyFile(file, path);
    if (how === "copy") await copy();
    else
      await this.#fs.link(file, path).catch((error: unknown) => {
        if (how === "link" || !cannotLink.has(errorCode(error) ?? "")) throw error;
        return copy();
      });
    return this.ingest(name);
  }

  async *ingests(): AsyncGenerator<{ name: string; size: number; changed: number }> {
    for (const entry of await this.#entries(this.#directories.ingest)) {
      if (!entry.isFile() || !isIngestName(entry.name)) continue;
      const stats = await ifThere(this.#fs.stat(join(this.#directories.ingest, entry.name)));
      if (stats !== undefined) yield { name: entry.name, size: stats.size, changed: stats.mtimeMs };
    }
  }

  #pathOf(digest: Digest): string {
    return blobPathIn(this.#directories.blobs, digest);
  }

  /** The file of a blob, whose directory is made first where it is not there. */
  async #placeFor(digest: Digest): Promise<string> {
    const target = this.#pathOf(digest);
    // Both: whoever made the upper one, another tool perhaps, need not have synced it.
    await this.#make(this.#directories.blobs);
    await this.#make(dirname(target));
    return target;
  }

  async #entries(directory: string): Promise<Dirent[]> {
    const entries = (await ifThere(this.#fs.readdir(directory, { withFileTypes: true }))) ?? [];
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Make a directory once in this object's life. */
  #make(directory: string): Promise<void> {
    const made = this.#made.get(directory) ?? makeDirectory(this.#fs, directory);
    this.#made.set(directory, made);
    made.catch(() => this.#made.delete(directory));
    return made;
  }
}
