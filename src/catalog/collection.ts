import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/reference.ts";

/**
 * Somebody was told that the repository has this blob and may count on it: as far as collection cares it came just now. Of a
 * blob that a manifest names nothing changes.
 */
export interface RenewBlob {
  readonly kind: "renew-blob";
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** ms since 1970; an earlier time than is known already changes nothing */
  readonly at: number;
}

/** Take a blob out of a repository if no manifest of it has named the blob since `before`, ms since 1970. */
export interface CollectBlob {
  readonly kind: "collect-blob";
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly before: number;
}

/** Say that the bytes of a digest will go; refused while a repository has it. From now on no link is taken. */
export interface Doom {
  readonly kind: "doom";
  readonly digest: Digest;
}

/**
 * Say that the bytes of a doomed digest are gone: it may be linked again, by who publishes them from now on. Of any other
 * digest nothing changes.
 */
export interface Bury {
  readonly kind: "bury";
  readonly digest: Digest;
}

/** What collection does to a catalog. */
export type CollectionCommand = RenewBlob | CollectBlob | Doom | Bury;

/** What becomes of it. */
export interface CollectionOutcomes {
  "renew-blob": { done: true } | { done: false; why: "absent" };
  /** `in-use`: a manifest names it, or did until a moment ago, or it came or was seen since `before`. */
  "collect-blob": { done: true } | { done: false; why: "absent" | "in-use" };
  doom: { done: true } | { done: false; why: "in-use" };
  bury: { done: true };
}
