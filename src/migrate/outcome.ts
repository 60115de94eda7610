import type { Digest } from "../oci/digest.ts";
import type { ErrorCode } from "../oci/errors.ts";
import type { Tag } from "../oci/reference.ts";
import type { Step } from "./plan.ts";

/**
 * What became of a step. `moved`: pushed now. `exists`: it was there. `skipped`: a policy left it alone. `planned`: it would
 * be pushed. `gone`: an earlier run pushed it or found it there, and its source has it no more. `conflict`: it would be refused, its tag holds something else. `verified`: it is there, as the index has it.
 */
export type Status = "moved" | "exists" | "skipped" | "planned" | "conflict" | "verified" | "gone" | "failed";

/** Why something failed, and what to do next. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

export interface Outcome {
  readonly step: Step;
  readonly status: Status;
  /** The tag in the target: the step's, unless the archive writes its version in another way. */
  readonly tag: Tag;
  /** The archive's digest, and its size in bytes, where they were learned. */
  readonly archive?: Digest | undefined;
  readonly size?: number | undefined;
  readonly manifest?: Digest | undefined;
  /** The manifest that its tag held before, and holds no more. */
  readonly replaced?: Digest | undefined;
  readonly error?: Failure | undefined;
  readonly notes: readonly string[];
  /** Dependencies that the chart looks for in its source, as far as its archive was read; it may be shut one day. */
  readonly dependsOnSource?: number;
}
