import { expect, test } from "bun:test";
import { failureOf } from "../testing/errors.ts";
import { inParallel } from "./parallel.ts";

test("gives what the work gave, in the order of the items, whoever ends first", async () => {
  const ends = [30, 1, 20, 0, 10];
  const given = await inParallel(ends, 3, async (ticks) => {
    for (let i = 0; i < ticks; i++) await Promise.resolve();
    return ticks * 2;
  });
  expect(given).toEqual([60, 2, 40, 0, 20]);
  expect(await inParallel([], 3, async () => 1)).toEqual([]);
});

test("has so many under way, and no more", async () => {
  let now = 0;
  let most = 0;
  await inParallel(Array(20), 4, async () => {
    most = Math.max(most, ++now);
    await Bun.sleep(1);
    now--;
  });
  expect(most).toBe(4);
});

test("throws the first error, and begins nothing after it", async () => {
  const begun: number[] = [];
  const failure = await failureOf(
    inParallel([0, 1, 2, 3, 4, 5, 6, 7], 2, async (item) => {
      begun.push(item);
      await Promise.resolve();
      if (item === 2) throw new Error("the third");
    }),
  );
  expect(failure).toEqual(new Error("the third"));
  await Bun.sleep(1);
  expect(begun.length).toBeLessThan(6);
});
