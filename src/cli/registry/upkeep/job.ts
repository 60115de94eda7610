import type { Copied, Lost } from "../../../registry/backup/copy.ts";
import type { Candidate } from "../../../registry/candidates.ts";
import type { Looked } from "../../../registry/check/check.ts";
import type { Finding } from "../../../registry/check/finding.ts";
import type { Repaired } from "../../../registry/check/repair.ts";
import type { Explanation } from "../../exit.ts";

/** Reading all of the data in the directory `root`, in a thread of its own. Plain data. */
export type Job =
  | {
      readonly kind: "check";
      readonly root: string;
      readonly alone: boolean;
      readonly shallow: boolean;
      /** Look at each entry of each index, which takes the disk's time. */
      readonly thorough: boolean;
    }
  | { readonly kind: "backup" | "restore"; readonly root: string; readonly to: string };

/** What is told on the way. */
export type Told =
  | { readonly finding: Finding }
  | { readonly repaired: Repaired }
  | { readonly lost: Lost }
  | { readonly candidate: Candidate }
  /** How far it got; said a few times a second. */
  | { readonly looked: Looked }
  | { readonly copied: Copied };

/** What comes of a job. */
export type Outcome<J extends Job> = J extends { kind: "check" } ? Looked : Copied;

/** What the thread is asked: first a job, then perhaps to stop. */
export type Question = { readonly kind: "job"; readonly job: Job } | { readonly kind: "stop" };

/** What it answers: something on the way, then one of the other two. */
export type Answer =
  | { readonly kind: "told"; readonly told: Told }
  | { readonly kind: "done"; readonly done: unknown }
  | { readonly kind: "failed"; readonly failure: Explanation };
