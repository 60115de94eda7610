import type { Digest } from "./digest.ts";
import type { Tag } from "./reference.ts";
import type { Reads, StoredManifest } from "./repository.ts";

/** A manifest that an upstream has. */
export interface Found {
  readonly manifest: StoredManifest;
  /** Where its blobs are at hand already; without, they are asked of the upstream when they are wanted. */
  readonly parts?: Pick<Reads, "blob">;
}

/**
 * Where a mirrored repository has its content from: a repository elsewhere, asked for what is not kept yet. What it fails
 * with is what it met: a `ChartroomError`, or another error with a `code` of that list.
 */
export interface Upstream extends Pick<Reads, "blob" | "referrers"> {
  /**
   * What a tag or digest names there now; undefined when there is none.
   * @param kept what it named when it was asked last: given back when it is still that, so that nothing is fetched again
   */
  find(name: Tag | Digest, kept: StoredManifest | undefined): Promise<Found | undefined>;
  /** A blob's size in bytes; undefined when it is not there. */
  stat(digest: Digest): Promise<number | undefined>;
  /** All tags in ASCII order; undefined where the upstream knows no such repository. */
  tags(): Promise<readonly Tag[] | undefined>;
}
