import type { RepositoryName } from "../oci/reference.ts";

/**
 * What became of something that could not be taken over just as it was.
 * - `failed`: the old registry would give it, and it is not here
 * - `conflict`: a tag that holds something else here
 * - `incomplete`: a manifest that is here without all it names, as it was there
 * - `left-out`: what the old registry itself could not give, and what nobody knows
 */
export type Status = "failed" | "conflict" | "incomplete" | "left-out";

export interface Finding {
  readonly status: Status;
  readonly repository?: RepositoryName | undefined;
  /** `tag 1.0.0`, `manifest sha256:…`, `blob sha256:…`, or a path below the root. */
  readonly what: string;
  readonly why: string;
}
