import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Ran } from "../bench.ts";
import { matches, readSession, type Step, tableIsPadded } from "./play.ts";

/** What became of one command of the session. */
export interface Played extends Ran {
  readonly step: Step;
  /** Whether it printed what the founding page says, and ended with 0. */
  readonly right: boolean;
}

/** The sample chart of the repository. */
const sample = join(import.meta.dir, "../../examples/mychart");

/**
 * Play the founding page's session on the sample chart, each command after the one before it.
 * @param password is typed where the session is asked for one
 * @param env variables that every command gets
 */
export async function* playSession(
  bench: Bench,
  registry: string,
  password: string,
  env: Record<string, string> = {},
): AsyncGenerator<Played> {
  await cp(sample, bench.path("mychart"), { recursive: true });
  for (const step of readSession(registry)) {
    const ran = step.args.includes("login")
      ? await bench.typed(step.args, `${password}\r`, env)
      : await bench.run("chartroom", step.args, { env });
    const isTable = step.golden.includes("\t");
    const right =
      ran.exitCode === 0 && matches(ran.stdout, step.golden) && (!isTable || tableIsPadded(ran.stdout));
    yield { ...ran, step, right };
  }
}
