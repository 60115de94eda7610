import type { Bench } from "../tests/bench.ts";
import type { Program } from "../tests/programs.ts";
import type { Samples } from "./measure.ts";

/** What a row must reach: a figure of its own, or its ratio to a peer's in the same run. */
export type Goal =
  | { readonly atMost: number; readonly of: "figure" | "ratio" }
  | { readonly atLeast: number; readonly of: "figure" | "ratio" };

/** Under which a server was measured. */
export interface Conditions {
  /** When an acknowledged push is on the disk. */
  readonly durability: string;
  readonly logs: string;
  readonly authentication: string;
}

/** One line of the report: what was measured, ours, a peer's beside it where there is one, and the goal. */
export interface Row {
  readonly scenario: string;
  readonly unit: "ms" | "MiB" | "MB/s" | "/s";
  readonly ours: Samples;
  readonly conditions?: Conditions;
  readonly peer?: { readonly name: string; readonly samples: Samples; readonly conditions?: Conditions };
  /** What one request costs the server's processor, µs: it says more than a rate where the machine has other work too. */
  readonly work?: { readonly ours: Samples; readonly peer: Samples } | undefined;
  /** What a reader must know to judge the row: durability, what is warm, what is in it. */
  readonly note: string;
  /** Unsaid, nothing is promised. */
  readonly goal?: Goal | undefined;
}

/** One file each. A scenario prepares what it needs on its bench, measures in alternating rounds, and gives its rows. */
export interface Scenario {
  readonly name: string;
  /** Foreign programs without which it cannot run. */
  readonly needs: readonly Program[];
  run(bench: Bench): Promise<readonly Row[]>;
}
