import type { FilesystemBlobs } from "../blobs/filesystem.ts";
import type { Digest } from "../oci/digest.ts";
import type { BlobFile } from "./tree.ts";

/** A blob's bytes on their way to where a registry reads them. */
export interface Arrival {
  /**
   * Have them there, durably, as often as they went since.
   * @returns their size
   * @throws ChartroomError `not_verified` when they have another digest; node's errors
   */
  publish(): Promise<number>;
  /** Let go of what is held for `publish`: once a row has the blob, or when it failed. */
  discard(): Promise<void>;
}

/** @throws node's errors */
export type Bring = (digest: Digest, file: BlobFile) => Promise<Arrival>;

/** By links: the files of the old registry get another name, for nothing. By copies: the two share nothing. */
export type How = "link" | "copy" | "either";

/**
 * Brings files into a data directory, by way of the writer that pushes go through: read to the end against their digest, synced,
 * and only then a blob. A link is one file with two names, so its mode and owner stay what they are; a copy is made read-only.
 * To share files is safe: Distribution fills a file under `_uploads`, renames it to where it stays, and never opens it for
 * writing again (its driver/filesystem/driver.go, `Move`); what it deletes loses only a name.
 */
export const bringInto =
  (blobs: FilesystemBlobs, how: How): Bring =>
  async (digest, { path }) => {
    const ingest = await blobs.ingestFrom(digest.replace(":", "-"), path, how);
    return { publish: () => ingest.commit(digest), discard: () => ingest.discard() };
  };
