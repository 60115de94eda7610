import { tableOf } from "../src/cli/words.ts";
import type { Machine } from "./machine.ts";
import { median, type Samples } from "./measure.ts";
import type { Conditions, Goal, Row } from "./scenario.ts";

/** A row as the results file has it: medians with the least and the most there were. */
export interface Result extends Omit<Row, "ours" | "peer" | "work"> {
  readonly ours: Spread;
  readonly peer?: Spread & { readonly name: string; readonly conditions?: Conditions };
  /** Ours to the peer's, of the medians. */
  readonly ratio?: number;
  /** The server's processor for one request, µs, medians. */
  readonly work?: { readonly ours: number; readonly peer: number };
  /** Whether the goal is reached, where there is one. */
  readonly reached?: boolean;
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

const peerOf = ({ samples, ...peer }: NonNullable<Row["peer"]>): NonNullable<Result["peer"]> => ({
  ...peer,
  ...spreadOf(samples),
});

/** A row with its figures summed up, and whether they reach the goal. */
export function resultOf({ ours, peer, work, goal, ...row }: Row): Result {
  const ratio = peer && median(ours) / median(peer.samples);
  const figure = goal?.of === "ratio" ? (ratio ?? Number.NaN) : median(ours);
  return {
    ...row,
    ...(goal && { goal, reached: reaches(goal, figure) }),
    ours: spreadOf(ours),
    ...(peer && { peer: peerOf(peer) }),
    ...(ratio !== undefined && { ratio: round(ratio) }),
    ...(work && { work: { ours: round(median(work.ours)), peer: round(median(work.peer)) } }),
  };
}

const wordsFor = (goal: Goal, unit: string): string =>
  `${"atMost" in goal ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`}${goal.of === "ratio" ? "×" : ` ${unit}`}`;

/** The results as a table, one line each, and the machine they are from. */
export function tableFor(results: readonly Result[], { processor, cores, versions }: Machine): string {
  const figure = ({ median: middle, least, most }: Spread, unit: string) =>
    `${middle} ${unit} (${least}–${most})`;
  const rows = results.map(({ scenario, unit, ours, peer, ratio, work, goal, reached }) => [
    scenario,
    figure(ours, unit),
    peer === undefined ? "-" : `${peer.name}: ${figure(peer, unit)}`,
    ratio === undefined ? "-" : `${ratio}×`,
    work === undefined ? "-" : `${work.ours}, ${work.peer}`,
    goal === undefined ? "-" : wordsFor(goal, unit),
    reached === undefined ? "-" : reached ? "reached" : "NOT REACHED",
  ]);
  const header = ["SCENARIO", "OURS: MEDIAN (LEAST–MOST)", "BESIDE", "RATIO", "µs A REQUEST", "GOAL", ""];
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${tableOf([header, ...rows])}\n${processor}, ${cores} cores; ${programs.join(", ")}\n`;
}
