import type { Dirent, Stats } from "node:fs";
import { join } from "node:path";
import { type FileSystem, ifThere, type OpenFile } from "../files/filesystem.ts";
import { algorithmOf, type Digest, hexOf, isAlgorithm, tryDigest } from "../oci/digest.ts";
import { type RepositoryName, type Tag, tryRepositoryName, tryTag } from "../oci/reference.ts";
import type { Finding } from "./finding.ts";

/** A blob's file. */
export interface BlobFile {
  /** What it is kept under. */
  readonly digest: Digest;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/**
 * CNCF Distribution's data as its `filesystem` driver lays it out (its registry/storage/paths.go, the same in 2.x and 3): bytes
 * under `blobs`, and under `repositories` small files that hold digests, called links. It is only ever read. What a list comes
 * upon that is not Distribution's, or cannot be read, is told and passed by.
 */
export class Tree {
  readonly #fs: FileSystem;
  readonly #root: string;
  readonly #tell: (finding: Finding) => void;

  /** @param root the directory `docker/registry/v2` */
  constructor(fs: FileSystem, root: string, tell: (finding: Finding) => void) {
    this.#fs = fs;
    this.#root = root;
    this.#tell = tell;
  }

  /** Repositories by name; those above stand before those below. */
  repositories(): AsyncGenerator<RepositoryName> {
    return this.#repositoriesBelow("repositories", "");
  }

  async *#repositoriesBelow(path: string, name: string): AsyncGenerator<RepositoryName> {
    const own = tryRepositoryName(name);
    const below: string[] = [];
    let found = false;
    for (const entry of await this.#directories(path))
      if (entry === "_layers" || entry === "_manifests") found = true;
      else if (tryRepositoryName(join(name, entry)) !== undefined) below.push(entry);
      else if (entry !== "_uploads") this.#stranger(join(path, entry));
    if (found && own !== undefined) yield own;
    for (const entry of below) yield* this.#repositoriesBelow(join(path, entry), join(name, entry));
  }

  /** The blobs that a repository was ever given; those that were deleted since have no link. */
  layers(repository: RepositoryName): AsyncGenerator<Digest> {
    return this.#digests(join("repositories", repository, "_layers"));
  }

  /** The manifests that a repository was ever given, as above. */
  revisions(repository: RepositoryName): AsyncGenerator<Digest> {
    return this.#digests(join("repositories", repository, "_manifests/revisions"));
  }

  async *tags(repository: RepositoryName): AsyncGenerator<Tag> {
    const path = join("repositories", repository, "_manifests/tags");
    for (const name of await this.#directories(path)) {
      const tag = tryTag(name);
      if (tag === undefined) this.#stranger(join(path, name));
      else yield tag;
    }
  }

  /**
   * Where a blob's link leads: to itself, or from a sha512 to the sha256 that its bytes are kept under (its linkedblobstore.go,
   * `linkBlob`); undefined when it was deleted. A link that holds no digest is told, and leads nowhere.
   */
  layer(repository: RepositoryName, digest: Digest): Promise<Digest | undefined> {
    return this.#link(join("repositories", repository, "_layers", directoryOf(digest), "link"));
  }

  /** As above, of a manifest. */
  revision(repository: RepositoryName, digest: Digest): Promise<Digest | undefined> {
    return this.#link(join("repositories", repository, "_manifests/revisions", directoryOf(digest), "link"));
  }

  /** When a manifest was pushed, ms since 1970. @throws node's error when it has no link */
  async pushed(repository: RepositoryName, digest: Digest): Promise<number> {
    const path = join("repositories", repository, "_manifests/revisions", directoryOf(digest), "link");
    return Math.floor((await this.#fs.stat(join(this.#root, path))).mtimeMs);
  }

  /** What a tag names, as above. */
  tag(repository: RepositoryName, tag: Tag): Promise<Digest | undefined> {
    return this.#link(join("repositories", repository, "_manifests/tags", tag, "current/link"));
  }

  /** The file of a blob or a manifest; undefined when there is none. */
  async blob(digest: Digest): Promise<BlobFile | undefined> {
    const hex = hexOf(digest);
    const path = join(this.#root, "blobs", algorithmOf(digest), hex.slice(0, 2), hex, "data");
    // A symbolic link could lead anywhere on the machine, and Distribution makes none.
    const stats: Stats | undefined = await ifThere(this.#fs.lstat(path));
    return stats?.isFile() ? { digest, path, size: stats.size } : undefined;
  }

  /** Every blob and manifest there is, whether a repository links it or not. */
  async *blobs(): AsyncGenerator<Digest> {
    for (const algorithm of await this.#directories("blobs"))
      for (const first of await this.#directories(join("blobs", algorithm)))
        for (const hex of await this.#directories(join("blobs", algorithm, first))) {
          const digest = tryDigest(`${algorithm}:${hex}`);
          if (digest !== undefined) yield digest;
        }
  }

  /** The bytes of a manifest's file. */
  read({ path }: BlobFile): Promise<Uint8Array> {
    return this.#fs.readFile(path);
  }

  /** A blob's file, open to be read. */
  open({ path }: BlobFile): Promise<OpenFile> {
    return this.#fs.open(path, "r");
  }

  async #link(path: string): Promise<Digest | undefined> {
    const bytes = await ifThere(this.#fs.readFile(join(this.#root, path)));
    if (bytes === undefined) return undefined;
    const digest = tryDigest(Buffer.from(bytes).toString("latin1"));
    if (digest === undefined) this.#tell({ status: "left-out", what: path, why: "it holds no digest" });
    return digest;
  }

  /** Digests as directories: `<algorithm>/<hex>`. */
  async *#digests(path: string): AsyncGenerator<Digest> {
    for (const algorithm of await this.#directories(path)) {
      if (!isAlgorithm(algorithm)) {
        this.#stranger(join(path, algorithm));
        continue;
      }
      for (const hex of await this.#directories(join(path, algorithm))) {
        const digest = tryDigest(`${algorithm}:${hex}`);
        if (digest === undefined) this.#stranger(join(path, algorithm, hex));
        else yield digest;
      }
    }
  }

  /** The names of a directory's directories, in their order; none where there is no such directory. */
  async #directories(path: string): Promise<string[]> {
    let entries: Dirent[];
    try {
      entries = (await ifThere(this.#fs.readdir(join(this.#root, path), { withFileTypes: true }))) ?? [];
    } catch (error) {
      this.#tell({
        status: "failed",
        what: path,
        why: error instanceof Error ? error.message : String(error),
      });
      return [];
    }
    for (const entry of entries) if (!entry.isDirectory()) this.#stranger(join(path, entry.name));
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  }

  #stranger(what: string): void {
    this.#tell({ status: "left-out", what, why: "it is not Distribution's" });
  }
}

const directoryOf = (digest: Digest): string => join(algorithmOf(digest), hexOf(digest));
