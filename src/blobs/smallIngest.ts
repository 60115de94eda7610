import { dirname } from "node:path";
import { syncDirectory, writeAll } from "../files/durable.ts";
import { type FileSystem, ifThere } from "../files/filesystem.ts";
import type { Digest } from "../oci/digest.ts";
import type { Committing } from "./blobs.ts";
import type { IngestPlace } from "./ingest.ts";
import { expectDigest } from "./mismatch.ts";
import { placeFile } from "./place.ts";

/** An ingest of bytes that are all in memory: its file is written, and synced, by the first commit, and never changes. */
export class SmallIngest implements Committing {
  readonly #fs: FileSystem;
  readonly #place: Pick<IngestPlace, "path" | "blobPath">;
  readonly #bytes: Uint8Array;
  /** Whether the file is there: where there are no hard links, a commit takes it away. */
  #written = false;

  constructor(fs: FileSystem, place: Pick<IngestPlace, "path" | "blobPath">, bytes: Uint8Array) {
    this.#fs = fs;
    this.#place = place;
    this.#bytes = bytes;
  }

  async commit(digest: Digest): Promise<number> {
    expectDigest(this.#bytes, digest);
    const { path, blobPath } = this.#place;
    if (!this.#written) await this.#write();
    const target = await blobPath(digest);
    this.#written = (await placeFile(this.#fs, path, target, `${path}.spare`)) === "linked";
    await syncDirectory(this.#fs, dirname(target));
    return this.#bytes.byteLength;
  }

  async discard(): Promise<void> {
    await ifThere(this.#fs.unlink(this.#place.path));
  }

  async #write(): Promise<void> {
    const file = await this.#fs.open(this.#place.path, "wx", 0o444);
    try {
      await writeAll(file, [this.#bytes], 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    this.#written = true;
  }
}
