import { expect, test } from "bun:test";
import { liveLineOf } from "./live.ts";
import type { Summary } from "./told.ts";

const summary: Summary = {
  ...{ source: "a", target: "b/", counts: { moved: 3, exists: 1, failed: 1 }, filtered: 0 },
  ...{ bytes: 4096, renamed: {}, unranged: {}, dependents: {}, metadata: [], charts: [], hints: [] },
};

test("says how many, how fast, and how long it will take", () => {
  expect(liveLineOf(summary, { done: 5, all: 20 }, 2000)).toBe(
    "3 migrated, 1 already there, 1 failed (4.0 KiB), 2.0 KiB/s, 6 seconds left",
  );
});

test("says nothing of what is not known yet", () => {
  expect(liveLineOf(summary, { done: 0, all: undefined }, 10)).toBe("reading the index");
  expect(liveLineOf(summary, { done: 5, all: undefined }, 2000)).toEndWith(", 2.0 KiB/s");
});
