import type { Bench } from "../tests/bench.ts";
import type { Program } from "../tests/programs.ts";
import type { Samples } from "./measure.ts";

/** What a row must reach: a figure of its own, or its ratio to a peer's in the same run. */
export type Goal =
  | { readonly atMost: number; readonly of: "figure" | "ratio" }
  | { readonly atLeast: number; readonly of: "figure" | "ratio" };

/** One line of the report: what was measured, ours, a peer's beside it where there is one, and the goal. */
export interface Row {
  readonly scenario: string;
  readonly unit: "ms" | "MiB" | "MB/s";
  readonly ours: Samples;
  readonly peer?: { readonly name: string; readonly samples: Samples };
  /** What a reader must know to judge the row: durability, what is warm, what is in it. */
  readonly note: string;
  readonly goal: Goal;
}

/** One file each. A scenario prepares what it needs on its bench, measures in alternating rounds, and gives its rows. */
export interface Scenario {
  readonly name: string;
  /** Foreign programs without which it cannot run. */
  readonly needs: readonly Program[];
  run(bench: Bench): Promise<readonly Row[]>;
}
