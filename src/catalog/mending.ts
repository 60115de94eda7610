import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/reference.ts";

/**
 * Take a blob whose bytes are lost out of every repository, also where a manifest names it: a push brings it again, where a
 * row would have told that it need not. What is left of its bytes is doomed.
 */
export interface LoseBlob {
  readonly kind: "lose-blob";
  readonly digest: Digest;
}

/** Write anew what follows from the bytes of a manifest that the repository holds. Its tags stay. */
export interface RestateManifest {
  readonly kind: "restate-manifest";
  readonly repository: RepositoryName;
  readonly descriptor: Descriptor;
  /** All that it names: blobs, and the manifests of an index. */
  readonly named: readonly Descriptor[];
  readonly subject: Digest | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly at: number;
}

/** What a repair does to a catalog. */
export type MendingCommand = LoseBlob | RestateManifest;

/** What becomes of it. */
export interface MendingOutcomes {
  /** `repositories` that had it, in order; `absent` when none did. */
  "lose-blob": { done: true; repositories: readonly RepositoryName[] } | { done: false; why: "absent" };
  "restate-manifest": { done: true } | { done: false; why: "absent" };
}
