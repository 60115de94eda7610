import { tableOf } from "../src/cli/words.ts";
import type { Machine } from "./machine.ts";
import { median, type Samples } from "./measure.ts";
import type { Goal, Row } from "./scenario.ts";

/** A row as the results file has it: medians with the least and the most there were. */
export interface Result extends Omit<Row, "ours" | "peer"> {
  readonly ours: Spread;
  readonly peer?: Spread & { readonly name: string };
  /** Ours to the peer's, of the medians. */
  readonly ratio?: number;
  readonly reached: boolean;
}

interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly rounds: number;
}

const round = (figure: number): number => Number(figure.toPrecision(4));

const spreadOf = (samples: Samples): Spread => ({
  median: round(median(samples)),
  least: round(Math.min(...samples)),
  most: round(Math.max(...samples)),
  rounds: samples.length,
});

const reaches = (goal: Goal, figure: number): boolean =>
  "atMost" in goal ? figure <= goal.atMost : figure >= goal.atLeast;

/** A row with its figures summed up, and whether they reach the goal. */
export function resultOf({ ours, peer, ...row }: Row): Result {
  const ratio = peer && median(ours) / median(peer.samples);
  const figure = row.goal.of === "ratio" ? (ratio ?? Number.NaN) : median(ours);
  return {
    ...row,
    ours: spreadOf(ours),
    ...(peer && { peer: { name: peer.name, ...spreadOf(peer.samples) } }),
    ...(ratio !== undefined && { ratio: round(ratio) }),
    reached: reaches(row.goal, figure),
  };
}

/** The results as a table, one line each, and the machine they are from. */
export function tableFor(results: readonly Result[], { processor, cores, versions }: Machine): string {
  const figure = ({ median: middle, least, most }: Spread, unit: string) =>
    `${middle} ${unit} (${least}–${most})`;
  const rows = results.map(({ scenario, unit, ours, peer, ratio, goal, reached }) => [
    scenario,
    figure(ours, unit),
    peer === undefined ? "-" : `${peer.name}: ${figure(peer, unit)}`,
    ratio === undefined ? "-" : `${ratio}×`,
    `${"atMost" in goal ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`}${goal.of === "ratio" ? "×" : ` ${unit}`}`,
    reached ? "reached" : "NOT REACHED",
  ]);
  const header = ["SCENARIO", "OURS: MEDIAN (LEAST–MOST)", "BESIDE", "RATIO", "GOAL", ""];
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${tableOf([header, ...rows])}\n${processor}, ${cores} cores; ${programs.join(", ")}\n`;
}
