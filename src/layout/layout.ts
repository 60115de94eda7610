import { dirname, join } from "node:path";
import { blobPathIn, FilesystemBlobs } from "../blobs/filesystem.ts";
import { makeDirectory, replaceFile, syncDirectory } from "../files/durable.ts";
import { type FileSystem, ifThere, nodeFileSystem } from "../files/filesystem.ts";
import { acquire } from "../files/lock.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, tryDigest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { jsonBytes, parseJsonObject } from "../oci/json.ts";
import type { ByteRange, StoredManifest } from "../oci/repository.ts";
import { LayoutIndex } from "./index.ts";
import { type Referring, readManifest } from "./manifest.ts";

/** `oci-layout` as every version of the specification so far has it (image-spec image-layout.md). */
const layoutVersion = "1.0.0";

/** What a directory holds that is a layout, or was about to become one. */
const ours = new Set(["blobs", "ingest", "index.json", "oci-layout"]);

/**
 * An OCI Image Layout directory. Opening one touches nothing: a directory that is not there reads as an empty layout, and
 * is made by the first change. Reading takes no lock, since index.json is only ever replaced whole. Whoever changes
 * something holds the lock beside the layout (`<directory>.lock`): shared while putting blobs in, a turn for index.json,
 * exclusive for taking blobs away.
 */
export class Layout {
  readonly directory: string;
  readonly fs: FileSystem;
  readonly blobs: FilesystemBlobs;
  readonly blobsPath: string;
  readonly lockPath: string;
  /** What `charts` remembers, beside the layout; it may be deleted at any time. */
  readonly rowsPath: string;
  /** What manifests that were read say of their subject: it never changes, and each is asked about again and again. */
  readonly referring = new Map<Digest, Referring>();

  constructor(directory: string, fs: FileSystem) {
    this.directory = directory;
    this.fs = fs;
    this.blobsPath = join(directory, "blobs");
    this.lockPath = `${directory}.lock`;
    this.rowsPath = `${directory}.rows`;
    this.blobs = new FilesystemBlobs(fs, { blobs: this.blobsPath, ingest: this.ingestPath });
  }

  get indexPath(): string {
    return join(this.directory, "index.json");
  }

  get ingestPath(): string {
    return join(this.directory, "ingest");
  }

  get markerPath(): string {
    return join(this.directory, "oci-layout");
  }

  blobPath(digest: Digest): string {
    return blobPathIn(this.blobsPath, digest);
  }

  /**
   * index.json as it is now; empty when there is no layout yet.
   * @throws ChartroomError `not_verified` when it, or `oci-layout`, does not parse; `invalid` when the directory holds
   *   something that is no layout
   */
  async index(): Promise<LayoutIndex> {
    const bytes = await this.indexBytes();
    return bytes === undefined ? LayoutIndex.empty : LayoutIndex.parse(bytes, this.indexPath);
  }

  /**
   * The bytes of index.json as it is now, undefined when there is none.
   * @throws ChartroomError `not_verified` when `oci-layout` does not parse; `invalid` as `index`
   */
  async indexBytes(): Promise<Uint8Array | undefined> {
    const [marker, bytes] = await Promise.all(
      [this.markerPath, this.indexPath].map((path) => ifThere(this.fs.readFile(path))),
    );
    if (marker !== undefined) this.#checkMarker(marker);
    else if (bytes === undefined) await this.#checkUnused();
    return bytes;
  }

  /** Whether index.json is not there at all: an empty store, or one that lost it. */
  async lacksIndex(): Promise<boolean> {
    return (await ifThere(this.fs.stat(this.indexPath))) === undefined;
  }

  /**
   * What a name points at: an entry of that exact name, or, for `…@digest`, any manifest of that digest. So what a moved
   * name pointed to stays addressable until it is pruned.
   */
  async resolve(name: string): Promise<Descriptor | undefined> {
    const named = (await this.index()).get(name)?.descriptor;
    if (named !== undefined) return named;
    const digest = tryDigest(name.slice(name.lastIndexOf("@") + 1));
    return digest === undefined ? undefined : (await this.manifest(digest))?.descriptor;
  }

  /** The manifest of this digest, verified; undefined when there is no such blob or it is no manifest. */
  manifest(digest: Digest): Promise<StoredManifest | undefined> {
    return readManifest(this.blobs, digest);
  }

  /** @throws ChartroomError `not_found` */
  async blob({ digest }: Descriptor, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    const stream = await this.blobs.read(digest, range);
    if (stream !== undefined) return stream;
    throw new ChartroomError("not_found", `Blob not found in ${this.directory}: ${digest}`, {
      hint: "`chartroom chart check` names everything that is missing; pull or save the chart again.",
    });
  }

  /**
   * Change index.json, alone among all processes: read, change, replace. Gives the index as it is afterwards.
   * @param change gives the index it was handed to leave the file as it is
   */
  async update(change: (index: LayoutIndex) => LayoutIndex, signal?: AbortSignal): Promise<LayoutIndex> {
    await using _turn = await acquire(this.lockPath, "turn", { signal });
    const before = await this.index();
    const after = change(before);
    if (after !== before) await this.replaceIndex(after);
    return after;
  }

  /**
   * That the directory is a layout of a version that we know, or holds nothing else.
   * @throws ChartroomError `invalid` when it is not, `not_verified` when `oci-layout` does not parse
   */
  async checkMarker(): Promise<void> {
    const marker = await ifThere(this.fs.readFile(this.markerPath));
    if (marker === undefined) await this.#checkUnused();
    else this.#checkMarker(marker);
  }

  /** Make the layout where there is none. Call it under a shared lock. */
  async create(signal?: AbortSignal): Promise<void> {
    // Where all is there, no turn is needed. Another tool's layout has no ingest directory.
    const marker = await ifThere(this.fs.readFile(this.markerPath));
    const ingest = await ifThere(this.fs.stat(this.ingestPath));
    if (marker !== undefined && ingest !== undefined) return this.#checkMarker(marker);
    await using _turn = await acquire(this.lockPath, "turn", { signal });
    await this.complete();
  }

  /** Make what a layout must have and this one lacks. The caller has the turn, or holds the lock exclusively. */
  async complete(): Promise<void> {
    await this.index(); // refuses what is no layout
    for (const directory of [this.directory, join(this.directory, "blobs")])
      if ((await ifThere(this.fs.stat(directory))) === undefined) await makeDirectory(this.fs, directory);
    await this.makeIngest();
    if (await this.lacksIndex()) await this.replaceIndex(LayoutIndex.empty);
    // Last: a layout that says it is one has everything that it must have.
    if ((await ifThere(this.fs.stat(this.markerPath))) === undefined)
      await this.#replace(this.markerPath, jsonBytes({ imageLayoutVersion: layoutVersion }));
  }

  /**
   * The directory of what is on its way in, made where it is missing: other tools make layouts without it, or take it away
   * when it is empty.
   */
  async makeIngest(): Promise<void> {
    if ((await ifThere(this.fs.stat(this.ingestPath))) === undefined)
      await makeDirectory(this.fs, this.ingestPath);
  }

  /** The directory beside which locks and rows lie, made where it is missing. */
  async makeParent(): Promise<void> {
    const parent = dirname(this.directory);
    if ((await ifThere(this.fs.stat(parent))) === undefined) await makeDirectory(this.fs, parent);
  }

  /** Write index.json anew. The caller has the turn, or holds the lock exclusively. */
  async replaceIndex(index: LayoutIndex): Promise<void> {
    // Another process may have linked a blob that we saw and did not sync its directory yet: what an entry names must
    // be on the disk before the entry is.
    for (const algorithm of ["sha256", "sha512"]) {
      const directory = join(this.directory, "blobs", algorithm);
      if ((await ifThere(this.fs.stat(directory))) !== undefined) await syncDirectory(this.fs, directory);
    }
    await this.#replace(this.indexPath, index.bytes());
  }

  /** Replace a file of the layout, in our turn. */
  async #replace(path: string, bytes: Uint8Array): Promise<void> {
    // Whoever writes here has the turn: what stands under this name was left by a process that was killed.
    const temporary = join(this.ingestPath, "replace.new");
    await this.makeIngest();
    await this.fs.rm(temporary, { force: true });
    await replaceFile(this.fs, path, bytes, { temporary });
  }

  #checkMarker(bytes: Uint8Array): void {
    const path = this.markerPath;
    const refuse = (code: "invalid" | "not_verified", why: string, cause?: unknown) =>
      new ChartroomError(code, `Cannot use ${this.directory}: ${path} ${why}`, { cause });
    let version: unknown;
    try {
      version = parseJsonObject(bytes, path).imageLayoutVersion;
    } catch (cause) {
      throw refuse("not_verified", "does not parse", cause);
    }
    if (version !== layoutVersion)
      throw refuse("invalid", `says version ${JSON.stringify(version)}, expected "${layoutVersion}"`);
  }

  /** @throws ChartroomError `invalid` when the directory holds something else: nobody's home becomes a layout by a typo */
  async #checkUnused(): Promise<void> {
    const entries = (await ifThere(this.fs.readdir(this.directory, { withFileTypes: true }))) ?? [];
    const foreign = entries.find(({ name }) => !ours.has(name));
    if (foreign === undefined) return;
    throw new ChartroomError(
      "invalid",
      `Cannot use ${this.directory}: it is no OCI Image Layout and holds "${foreign.name}"`,
      {
        hint: "Name an empty directory, or one that is a layout.",
      },
    );
  }
}

/** Open a layout directory; nothing is read or made yet. */
export const openLayout = (directory: string, fs: FileSystem = nodeFileSystem): Layout =>
  new Layout(directory, fs);
