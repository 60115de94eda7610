import type { Pieces } from "../blobs/blobs.ts";
import type { Page, PageRequest } from "../catalog/catalog.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { type Eventual, whenThere } from "../oci/eventual.ts";
import type { Manifest } from "../oci/manifest.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import type {
  ByteRange,
  Deletes,
  Mounts,
  PushManifest,
  Reads,
  StoredManifest,
  Writes,
} from "../oci/repository.ts";
import { RegistryError } from "./errors.ts";
import { putManifest } from "./manifests.ts";
import { everyItem } from "./pages.ts";
import type { Store } from "./store.ts";
import type { Uploads } from "./uploads.ts";

/** A blob as a request names it. */
type BlobName = Pick<Descriptor, "digest">;

/** Rows asked for at once while a whole list is read. */
const pageSize = 1000;
/** Repositories that are looked at, at most, for one that a blob may be mounted from. */
const sourceLimit = 100;

/**
 * A repository of ours. It gives only what was pushed or mounted here: that a manifest names some digest, or another
 * repository has it, opens nothing.
 */
export class RegistryRepository implements Reads, Writes, Deletes, Mounts {
  readonly name: RepositoryName;
  readonly #store: Store;
  readonly #uploads: Uploads;

  constructor(name: RepositoryName, store: Store, uploads: Uploads) {
    this.name = name;
    this.#store = store;
    this.#uploads = uploads;
  }

  async resolve(name: Tag | Digest): Promise<Descriptor | undefined> {
    return (await this.manifest(name))?.descriptor;
  }

  manifest(name: Tag | Digest): Eventual<StoredManifest | undefined> {
    const { catalog } = this.#store;
    // A tag never holds a colon, a digest always does.
    const named = name.includes(":") ? (name as Digest) : catalog.tag(this.name, name as Tag);
    return whenThere(named, (digest) => digest && catalog.manifest(this.name, digest));
  }

  /** A blob's size in bytes, or undefined when the repository does not have it. */
  stat({ digest }: BlobName): Eventual<number | undefined> {
    return this.#store.catalog.blob(this.name, digest);
  }

  /**
   * @throws RegistryError `blobUnknown` when the repository does not have it; ChartroomError `storage` when its bytes are
   *   lost
   */
  blob(blob: BlobName, range?: ByteRange, pieces?: Pieces): Promise<ReadableStream<Uint8Array>> {
    const { blobs } = this.#store;
    // By the row's size: a file that has lost its end breaks the stream off, and is no shorter blob.
    return this.#taken(blob, (size) => blobs.read(blob.digest, range ?? { start: 0, end: size }, pieces));
  }

  /** All of a small blob at once. @throws as `blob` */
  bytes(blob: BlobName): Promise<Uint8Array> {
    return this.#taken(blob, async (size) => {
      const bytes = await this.#store.blobs.bytes(blob.digest, size);
      if (bytes === undefined || bytes.byteLength === size) return bytes;
      const why = `it has ${bytes.byteLength} bytes, expected ${size}`;
      throw new ChartroomError("storage", `Blob ${blob.digest} is not as it was left: ${why}`);
    });
  }

  async #taken<T>(blob: BlobName, take: (size: number) => Promise<T | undefined>): Promise<T> {
    const { digest } = blob;
    // Twice: a collection that came in between has taken the row too, or a push has put the bytes there again.
    for (let times = 0; times < 2; times++) {
      const size = await this.stat(blob);
      if (size === undefined) throw new RegistryError("blobUnknown", { details: [{ digest }] });
      const taken = await take(size);
      if (taken !== undefined) return taken;
    }
    throw new ChartroomError("storage", `The bytes of blob ${digest} are lost`);
  }

  tags(after?: Tag): AsyncIterable<Tag> {
    return everyItem<Tag, Tag>(
      async (cursor) =>
        (await this.tagPage({ after: cursor, limit: pageSize })) ?? { items: [], more: false },
      (tag) => tag,
      after,
    );
  }

  /** A page of tags in ASCII order; undefined when there is no such repository. */
  tagPage(page: PageRequest<string>): Promise<Page<Tag> | undefined> {
    return this.#store.catalog.tags(this.name, page);
  }

  referrers(subject: Digest, artifactType?: string): AsyncIterable<Descriptor> {
    return everyItem<Descriptor, Digest>(
      (after) => this.referrerPage(subject, artifactType, { after, limit: pageSize }),
      ({ digest }) => digest,
    );
  }

  /** A page of referrers in order of digest, of one artifact type where it is given. */
  referrerPage(
    subject: Digest,
    artifactType: string | undefined,
    page: PageRequest<Digest>,
  ): Promise<Page<Descriptor>> {
    return this.#store.catalog.referrers(this.name, subject, artifactType, page);
  }

  /**
   * As `stat`, for who will count on it: a client that was told that a blob is here names it in a manifest without sending it.
   * So a blob that collection would take before long is renewed. One that cannot be renewed, as on a full disk, is there all
   * the same; at worst its manifest is refused.
   */
  async keep(blob: BlobName): Promise<number | undefined> {
    const { catalog, now, rules } = this.#store;
    const since = rules?.grace === undefined ? undefined : await catalog.unnamedSince(this.name, blob.digest);
    if (since !== undefined && since < now() - (rules?.grace ?? 0) / 2) {
      const renew = { kind: "renew-blob", repository: this.name, digest: blob.digest, at: now() } as const;
      await catalog.apply(renew).catch(() => {});
    }
    return this.stat(blob);
  }

  async has(blob: BlobName): Promise<boolean> {
    return (await this.keep(blob)) !== undefined;
  }

  /** @throws RegistryError `digestInvalid` or `sizeInvalid`, both `not_verified`, when the bytes are not the descriptor's */
  async pushBlob(
    blob: Descriptor,
    body: (from: number) => Promise<ReadableStream<Uint8Array>>,
  ): Promise<void> {
    if (await this.has(blob)) return;
    const chunk = { body: await body(0), length: blob.size };
    await this.#uploads.receive(this.name, blob.digest, chunk);
  }

  async pushManifest(descriptor: Descriptor, bytes: Uint8Array, to: PushManifest): Promise<void> {
    await this.putManifest(descriptor, bytes, to);
  }

  /** As `pushManifest`, and gives the manifest, parsed. @throws RegistryError as `putManifest` of manifests.ts */
  putManifest(descriptor: Descriptor, bytes: Uint8Array, to: PushManifest): Promise<Manifest> {
    return putManifest(this.#store, this.name, descriptor, bytes, to);
  }

  /**
   * Take a blob over from `from`; unsaid, from a repository that has it, out of the first hundred that are found.
   * @param mayPull whether the blob may be taken from a repository; from all where it is not said
   * @returns false where it cannot be had, whatever the reason
   */
  async mount(
    { digest }: BlobName,
    from?: RepositoryName,
    mayPull: (source: RepositoryName) => boolean = () => true,
  ): Promise<boolean> {
    const { catalog, now } = this.#store;
    const sources = from === undefined ? await catalog.repositoriesWithBlob(digest, sourceLimit) : [from];
    const source = sources.find(mayPull);
    if (source === undefined) return false;
    const mount = { kind: "mount-blob", repository: this.name, from: source, digest, at: now() } as const;
    return (await catalog.apply(mount)).done;
  }

  /** @throws RegistryError `deletesRefused` */
  async untag(tag: Tag): Promise<boolean> {
    this.#mayDelete();
    const { catalog, now } = this.#store;
    return (await catalog.apply({ kind: "untag", repository: this.name, tag, at: now() })).done;
  }

  /** @throws RegistryError `deletesRefused` */
  async delete(digest: Digest): Promise<boolean> {
    this.#mayDelete();
    const { catalog, now } = this.#store;
    const command = { kind: "delete-manifest", repository: this.name, digest, at: now() } as const;
    return (await catalog.apply(command)).done;
  }

  /**
   * Take a blob out of the repository. Gives false when it was not there.
   * @throws RegistryError `blobInUse` while a manifest of the repository names it, `deletesRefused`
   */
  async deleteBlob(digest: Digest): Promise<boolean> {
    this.#mayDelete();
    const outcome = await this.#store.catalog.apply({ kind: "unlink-blob", repository: this.name, digest });
    if (!outcome.done && outcome.why === "in-use")
      throw new RegistryError("blobInUse", { details: [{ digest }] });
    return outcome.done;
  }

  #mayDelete(): void {
    if (this.#store.rules?.refuseDeletes) throw new RegistryError("deletesRefused");
  }
}
