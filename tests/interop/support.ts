import { test } from "bun:test";
import { samples } from "../../src/testing/samples.ts";
import { type Bench, withBench } from "../bench.ts";
import { find, type Program } from "../programs.ts";

export type { Bench, Registry, User } from "../bench.ts";

/** What a test cannot do without: a foreign program, or the sample charts that stand beside the repository. */
export type Need = Program | "samples";

/**
 * A test that plays with foreign programs. Where one of `needs` is not there the test is skipped, and its name says
 * what is missing; with CHARTROOM_INTEROP=required, as in .ci/run, it fails instead.
 */
export function interop(
  name: string,
  needs: readonly Need[],
  body: (bench: Bench) => Promise<void>,
  timeout = 120_000,
): void {
  const missing = needs.filter((need) => (need === "samples" ? samples() : find(need)) === undefined);
  const title = missing.length === 0 ? name : `${name} (missing: ${missing.join(", ")})`;
  test.if(missing.length === 0 || process.env.CHARTROOM_INTEROP === "required")(
    title,
    async () => {
      if (missing.length > 0)
        throw new Error(`Missing: ${missing.join(", ")}. tools/clients installs programs.`);
      await withBench(body);
    },
    timeout,
  );
}

/** The lines that a program printed; an empty one is none. */
export const lines = (output: string): string[] => output.split("\n").filter((line) => line !== "");
