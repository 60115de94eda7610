import type { FilesystemBlobs } from "../blobs/filesystem.ts";
import type { Digest } from "../oci/digest.ts";
import type { BlobFile } from "./tree.ts";

/**
 * Has a blob's bytes where a registry reads them, then calls `link`, which gives them to a repository, with their size.
 * @throws ChartroomError `not_verified` when the bytes have another digest; node's errors; what `link` throws
 */
export type Bring = (digest: Digest, file: BlobFile, link: (size: number) => Promise<void>) => Promise<void>;

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
  async (digest, { path }, link) => {
    const ingest = await blobs.ingestFrom(digest.replace(":", "-"), path, how);
    try {
      const size = await ingest.commit(digest);
      // The ingest holds the bytes until the row is there, so that no collection can come in between.
      await link(size);
    } catch (error) {
      // The first error is the one to tell.
      await ingest.discard().catch(() => {});
      throw error;
    }
    await ingest.discard();
  };
