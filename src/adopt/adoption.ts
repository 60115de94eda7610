import { errorCode } from "../files/filesystem.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { eachInParallel } from "../oci/parallel.ts";
import type { RepositoryName } from "../oci/reference.ts";
import type { Burials } from "../registry/burials.ts";
import type { Store } from "../registry/store.ts";
import type { Bring } from "./bring.ts";
import type { Finding } from "./finding.ts";
import type { Tree } from "./tree.ts";

/** How many of one kind came over, and how many were here before. */
export interface Tally {
  adopted: number;
  present: number;
}

/** How far an adoption is. */
export interface Counts {
  repositories: number;
  readonly blobs: Tally;
  readonly manifests: Tally;
  readonly tags: Tally;
  /** Bytes of blobs that were brought; those that another repository had are none. */
  bytes: number;
  /** Links to blobs that are gone: Distribution's collection leaves them. */
  stale: number;
}

/** Where counting begins. */
export const noCounts = (): Counts => ({
  repositories: 0,
  blobs: { adopted: 0, present: 0 },
  manifests: { adopted: 0, present: 0 },
  tags: { adopted: 0, present: 0 },
  bytes: 0,
  stale: 0,
});

/** What is adopted, into what, and how. */
export interface AdoptionOptions {
  readonly source: Tree;
  readonly store: Store;
  readonly bring: Bring;
  /** Move tags that hold something else here. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly counts: Counts;
  /** Is told what is not over as it was there. */
  readonly found: (finding: Finding) => void;
}

/** An adoption under way. */
export interface Adoption extends AdoptionOptions {
  readonly burials: Burials;
  /** Blobs that are being brought, whoever wants them. */
  readonly coming: Map<Digest, Promise<void>>;
}

/** Parts of one repository that are under way at once. */
const atOnce = 16;

/** `work` on each of a repository's parts, some at once; what is wrong with one is told under `kind` and its name. */
export async function eachPart<Part extends string>(
  { signal, found }: Adoption,
  repository: RepositoryName,
  kind: string,
  parts: AsyncIterable<Part>,
  work: (part: Part) => Promise<void>,
): Promise<void> {
  await eachInParallel(parts, atOnce, async (part) => {
    signal.throwIfAborted();
    try {
      await work(part);
    } catch (error) {
      if (signal.aborted || endsAll(error)) throw error;
      const why = error instanceof Error ? error.message : String(error);
      found({ status: "failed", repository, what: `${kind} ${part}`, why });
    }
  });
}

/** Whether an error is about our own disk or catalog: then everything else would fail too. */
const endsAll = (error: unknown): boolean =>
  (error instanceof ChartroomError && (error.code === "storage" || error.code === "busy")) ||
  ["ENOSPC", "EDQUOT", "EROFS", "EMFILE"].includes(errorCode(error) ?? "");
