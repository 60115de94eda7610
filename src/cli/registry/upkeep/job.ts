import type { Copied, Lost } from "../../../registry/backup/copy.ts";
import type { Looked } from "../../../registry/check/check.ts";
import type { Finding } from "../../../registry/check/finding.ts";

/** Reading all of the data in the directory `root`, in a thread of its own. Plain data. */
export type Job =
  | { readonly kind: "check"; readonly root: string; readonly alone: boolean; readonly shallow: boolean }
  | { readonly kind: "backup" | "restore"; readonly root: string; readonly to: string };

/** What is told on the way. */
export type Told =
  | { readonly finding: Finding }
  | { readonly lost: Lost }
  /** How far it got; said a few times a second. */
  | { readonly looked: Looked }
  | { readonly copied: Copied };

/** What comes of a job. */
export type Outcome<J extends Job> = J extends { kind: "check" } ? Looked : Copied;
