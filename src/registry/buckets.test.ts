import { expect, test } from "bun:test";
import { Buckets } from "./buckets.ts";

function clocked(perSecond: number, burst: number) {
  let time = 0;
  const buckets = new Buckets({ perSecond, burst }, () => time);
  return { buckets, pass: (ms: number) => (time += ms) };
}
const takes = (buckets: Buckets, name: string, times: number) =>
  Array.from({ length: times }, () => buckets.take(name));

test("so many at once, then at the rate, and how long to wait is told", () => {
  const { buckets, pass } = clocked(2, 3);
  expect(takes(buckets, "a", 5)).toEqual([0, 0, 0, 500, 500]);
  pass(400);
  expect(buckets.take("a")).toBeCloseTo(100);
  pass(100);
  expect(takes(buckets, "a", 2)).toEqual([0, 500]);
  pass(3_600_000);
  expect(takes(buckets, "a", 4)).toEqual([0, 0, 0, 500]);
});

test("each name has its own", () => {
  const { buckets } = clocked(1, 1);
  expect([buckets.take("a"), buckets.take("b"), buckets.take("a")]).toEqual([0, 0, 1000]);
});

test("what is given back can be taken again, and never more than all", () => {
  const { buckets } = clocked(1, 2);
  takes(buckets, "a", 2);
  for (let times = 0; times < 5; times++) buckets.giveBack("a");
  expect(takes(buckets, "a", 3)).toEqual([0, 0, 1000]);
  buckets.giveBack("stranger");
});

test("so many names are remembered, and who was not here for longest is forgotten", () => {
  const { buckets } = clocked(1, 1);
  buckets.take("first");
  for (let name = 0; name < 20_000; name++) {
    buckets.take(`${name}`);
    if (name % 1000 === 0) expect(buckets.take("first")).toBe(1000);
  }
  expect(buckets.size).toBe(10_000);
  expect(buckets.take("0")).toBe(0);
});
