import { expect, test } from "bun:test";
import { parseDuration } from "./duration.ts";

test.each([
  ["10s", 10_000],
  ["1h30m", 5_400_000],
  ["1.5h", 5_400_000],
  ["168h", 604_800_000],
  ["250ms", 250],
  ["1us", 0.001],
  ["1µs", 0.001],
  ["0", 0],
  ["1000000000", 1000],
  ["+2s", 2000],
  [".5s", 500],
  ["2.s", 2000],
])("%s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toBeCloseTo(ms, 9);
});

test.each(["", "s", "-1s", "1d", "1 s", "1s ", "1.2.3s", "1h-30m", ".s", "1e3s"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBe(undefined);
  },
);
