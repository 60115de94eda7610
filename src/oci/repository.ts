import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import type { Eventual } from "./eventual.ts";
import type { RepositoryName, Tag } from "./reference.ts";

/** A half-open range of bytes: `start` inclusive, `end` exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A manifest as it is kept: its exact bytes and their descriptor. */
export interface StoredManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/**
 * A repository is anywhere descriptors can be fetched from and pushed to: a layout directory, a registry over HTTP, our
 * own server's storage. `copy` knows nothing else. A manifest or a blob is told by the method asked, never by its media
 * type. Roles are small, and a place implements those it can.
 */
export interface Reads {
  /** The descriptor of what a tag or digest names, without its bytes; undefined when there is none. */
  resolve(name: Tag | Digest): Promise<Descriptor | undefined>;
  /** The manifest that a tag or digest names; undefined when there is none. Its bytes match its digest. */
  manifest(name: Tag | Digest): Eventual<StoredManifest | undefined>;
  /**
   * A blob's bytes as they come: wrap the stream in `verify` before believing it.
   * @throws ChartroomError `not_found` when the repository does not have it
   */
  blob(descriptor: Descriptor, range?: ByteRange): Promise<ReadableStream<Uint8Array>>;
  /** Tags in ASCII order, those after `after` where it is given. */
  tags(after?: Tag): AsyncIterable<Tag>;
  /** Manifests whose `subject` is `subject`, of one artifact type where it is given. */
  referrers(subject: Digest, artifactType?: string): AsyncIterable<Descriptor>;
}

/**
 * What a tag may hold when a push sets it. `any`: replace whatever is there. `absent`: the tag must be free. A digest: the
 * tag must hold just that. A tag that already holds the pushed manifest is success in every case.
 */
export type Expected = "any" | "absent" | Digest;

export interface PushManifest {
  readonly tags: readonly Tag[];
  readonly expect: Expected;
}

/**
 * From this size on, in bytes, what came of a blob is kept for the next process when its transfer is interrupted. Below it,
 * sending all again costs less than keeping books.
 */
export const worthResuming: number = 1024 * 1024;

export interface Writes {
  /** Whether the blob is there, whole. */
  has(blob: Descriptor): Promise<boolean>;
  /**
   * Store a blob. `body(from)` gives its bytes from an offset on; it may be called again with another offset, so that an
   * interrupted push goes on. What is there already is success.
   * @throws ChartroomError `not_verified` when the bytes are not the descriptor's; nothing is visible then
   */
  pushBlob(blob: Descriptor, body: (from: number) => Promise<ReadableStream<Uint8Array>>): Promise<void>;
  /**
   * Store a manifest's exact bytes after its children, and set the tags, all or nothing.
   * @throws ChartroomError `conflict` when a tag does not hold what `expect` says, `not_verified` when the bytes are not
   *   the descriptor's
   */
  pushManifest(descriptor: Descriptor, bytes: Uint8Array, to: PushManifest): Promise<void>;
}

export interface Deletes {
  /** Take a tag away; the manifest stays addressable by digest. Gives false when the tag was not there. */
  untag(tag: Tag): Promise<boolean>;
  /** Take a manifest away, with every tag that names it. Gives false when it was not there. */
  delete(digest: Digest): Promise<boolean>;
}

/** A short cut that some places have: take a blob over from another repository of the same registry. */
export interface Mounts {
  mount(blob: Descriptor, from: RepositoryName): Promise<boolean>;
}

export type Source = Reads;
export type Target = Reads & Writes;
