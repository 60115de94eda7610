import type { Blobs } from "../../blobs/blobs.ts";
import type { Questions } from "../../catalog/catalog.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/reference.ts";

/**
 * One thing that a check found. A fault loses somebody something; a warning is what should be looked at; waste takes room
 * and does no harm; a note is what somebody may wonder about.
 */
export interface Finding {
  readonly level: "fault" | "warning" | "waste" | "note";
  /** The file, digest or name that is meant. */
  readonly where: string;
  readonly message: string;
  /** What `--repair` can do about it. */
  readonly mend?: Mend;
}

/** Where a finding is that is the whole catalog's. */
export const catalogName = "catalog";

/** A blob's bytes are lost or wrong; the rows of a manifest are not those of its bytes; nobody has a blob. */
export type Mend =
  | { readonly kind: "lost-blob"; readonly digest: Digest }
  | { readonly kind: "manifest-rows"; readonly digest: Digest; readonly repository: RepositoryName }
  | { readonly kind: "orphan"; readonly digest: Digest };

/** What a check looks at, and whom it tells. It changes nothing, and others may change everything meanwhile. */
export interface Examined {
  readonly catalog: Questions;
  readonly blobs: Blobs;
  readonly signal: AbortSignal;
  /** Whether nobody else is at work there. */
  readonly alone: boolean;
  /** Now, ms since 1970. */
  readonly now: () => number;
  /** Take blobs for whole that have the right size. */
  readonly shallow: boolean;
  tell(finding: Finding): void;
  /** Is told of each blob and manifest that was looked at, and of how many bytes. */
  saw(what: "blob" | "manifest", bytes: number): void;
}
