import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/reference.ts";
import type { Page, PageRequest } from "./page.ts";

/** A blob that some repository has, as the catalog knows it. */
export interface BlobRow {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** What is written of a manifest in one repository, beside its bytes: all of it follows from them. */
export interface HeldManifest {
  readonly repository: RepositoryName;
  readonly mediaType: string;
  /** What it names, blobs and the manifests of an index, each once, in order of digest. */
  readonly named: readonly Digest[];
  /** Its place among the referrers; undefined where it has none. */
  readonly referrer: ReferrerRow | undefined;
}

/** How a manifest that has a subject is listed. */
export interface ReferrerRow {
  readonly subject: Digest;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A manifest's bytes, and what is written of it wherever it is held. */
export interface ManifestRows {
  readonly bytes: Uint8Array;
  /** In order of repository; never empty. */
  readonly held: readonly HeldManifest[];
}

/** What is asked by whoever looks at everything: page by page, so that nobody waits and no cursor stays open. */
export interface Scans {
  /** Blobs that some repository has, each once, in order of digest. */
  blobs(page: PageRequest<Digest>): Promise<Page<BlobRow>>;
  /** Digests of the manifests that some repository holds, each once, in order. */
  manifests(page: PageRequest<Digest>): Promise<Page<Digest>>;
  /** All that is written of a manifest; undefined when no repository holds it. */
  manifestRows(digest: Digest): Promise<ManifestRows | undefined>;
  /**
   * What is wrong with the rows as a database, a sentence each: broken pages, an index that disagrees with its table, rows
   * that refer to none. Reads all of it at once: for a connection that nobody waits for.
   * @param thorough looks at each index entry too
   */
  faults(thorough: boolean): Promise<readonly string[]>;
}
