import { describe, expect, test } from "bun:test";
import { failureOf } from "../testing/errors.ts";
import { eachInParallel, inParallel } from "./parallel.ts";

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

describe("items that come one by one", () => {
  /** Numbers from 0 on, and how many were asked for. */
  function numbers(count: number, fail?: Error) {
    const asked = { count: 0, closed: false };
    async function* items() {
      try {
        for (let i = 0; i < count; i++) {
          asked.count++;
          yield i;
        }
        if (fail !== undefined) throw fail;
      } finally {
        asked.closed = true;
      }
    }
    return { asked, items: items() };
  }

  test("are worked on by so many at once, and no more are asked for", async () => {
    const { asked, items } = numbers(20);
    const done: number[] = [];
    let now = 0;
    let most = 0;
    await eachInParallel(items, 4, async (item) => {
      most = Math.max(most, ++now);
      await Bun.sleep(1);
      expect(asked.count).toBeLessThanOrEqual(done.length + 8);
      now--;
      done.push(item);
    });
    expect(most).toBe(4);
    expect(done.toSorted((a, b) => a - b)).toEqual([...Array(20).keys()]);
  });

  test("end with the first error, and with what was under way", async () => {
    const { asked, items } = numbers(1000);
    let under = 0;
    const work = async (item: number) => {
      under++;
      await Bun.sleep(1);
      under--;
      if (item === 5) throw new Error("the sixth");
    };
    expect(await failureOf(eachInParallel(items, 4, work))).toEqual(new Error("the sixth"));
    expect(under).toBe(0);
    expect(asked.count).toBeLessThan(20);
    expect(asked.closed).toBe(true);
  });

  test("that break off fail once all before them is done", async () => {
    const { items } = numbers(3, new Error("broken"));
    const done: number[] = [];
    const work = async (item: number) => {
      await Bun.sleep(1);
      done.push(item);
    };
    expect(await failureOf(eachInParallel(items, 8, work))).toEqual(new Error("broken"));
    expect(done).toEqual([0, 1, 2]);
  });
});
