import { join } from "node:path";
import { chartroom, find, type Program } from "../tests/programs.ts";

/** The small process from which each program is run. */
const alone = join(import.meta.dir, "alone.ts");

/** Figures of one thing that was measured several times, in the order they came. */
export type Samples = readonly number[];

/** The middle figure: one slow round on a shared machine does not move it. */
export function median(samples: Samples): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The figure that this part of all, as 0.99, does not pass. */
export function percentile(samples: Samples, part: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]!;
}

/** A command line to measure. */
export interface Timed {
  readonly program: Program | "chartroom" | "sh";
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** What one run of a program took. */
export interface Taken {
  /** From the call to its end, ms. */
  readonly time: number;
  /** Its largest resident set, MiB. */
  readonly memory: number;
}

/**
 * Run a program to its end and take its time.
 * @throws Error with what it said when it did not end with 0: a failure is quick, and no figure
 */
export async function take({ program, args, env, cwd }: Timed): Promise<Taken> {
  const path = program === "chartroom" ? chartroom : program === "sh" ? "/bin/sh" : find(program);
  if (path === undefined) throw new Error(`${program} is not installed`);
  const child = Bun.spawn([process.execPath, alone, path, ...args], {
    ...{ env, cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  });
  const [said, complaint] = await Promise.all(
    [child.stdout, child.stderr].map((each) => new Response(each).text()),
  );
  if ((await child.exited) !== 0)
    throw new Error(`${program} ${args.join(" ")} ended with ${child.exitCode}: ${complaint}`);
  return JSON.parse(said ?? "");
}

/**
 * Every side once per round, in turn, so that what befalls the machine befalls all of them; the first round warms up and
 * does not count.
 */
export async function alternate<Side extends string>(
  rounds: number,
  sides: Readonly<Record<Side, (round: number) => Promise<Taken>>>,
): Promise<Record<Side, Taken[]>> {
  const names = Object.keys(sides) as Side[];
  const taken = Object.fromEntries(names.map((name) => [name, [] as Taken[]])) as Record<Side, Taken[]>;
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const each = await sides[name](round);
      if (round > 0) taken[name].push(each);
    }
  return taken;
}

/** The times of runs, ms. */
export const times = (taken: readonly Taken[]): Samples => taken.map(({ time }) => time);
/** The peak memories of runs, MiB. */
export const memories = (taken: readonly Taken[]): Samples => taken.map(({ memory }) => memory);
