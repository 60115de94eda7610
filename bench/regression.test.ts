import { expect, test } from "bun:test";
import { regressions } from "./regression.ts";
import type { Result } from "./report.ts";

const spread = { median: 1, least: 1, most: 1, rounds: 5 };
const row = (scenario: string, ratio: number, more: Partial<Result> = {}): Result => ({
  ...{ scenario, unit: "/s", ours: spread, note: "", ratio },
  peer: { name: "peer", ...spread },
  ...more,
});
const memory = { unit: "MiB", goal: { atMost: 1.5, of: "ratio" } } as const;

test("what got worse by a fifth is told, in the direction that the row counts", () => {
  const before = [row("rate", 10), row("memory", 1, memory), row("same", 3), row("better", 3)];
  const now = [
    row("rate", 7.9),
    row("memory", 1.3, memory),
    row("same", 2.5),
    row("better", 9),
    row("new", 1),
  ];
  expect(regressions(before, now)).toEqual([
    "rate beside peer: 7.9×, and was 10×",
    "memory beside peer: 1.3×, and was 1×",
  ]);
});
