import { expect, test } from "bun:test";
import { failureOf } from "../testing/errors.ts";
import { Ahead } from "./ahead.ts";

/** Numbers up to `count`, and how many of them were asked for. */
function numbers(count: number, failure?: Error) {
  const asked = { count: 0, isOver: false };
  async function* each() {
    try {
      for (let i = 0; i < count; i++) {
        asked.count++;
        yield i;
      }
      if (failure !== undefined) throw failure;
    } finally {
      asked.isOver = true;
    }
  }
  return { asked, each: each() };
}
/** Let all that can go on without us go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("all come in their order, and are counted before they are taken", async () => {
  const ahead = new Ahead(numbers(5).each, 10);
  expect(ahead.count).toBeUndefined();
  const taken: number[] = [];
  for await (const each of ahead) {
    await settle();
    expect(ahead.count).toBe(5);
    taken.push(each);
  }
  expect(taken).toEqual([0, 1, 2, 3, 4]);
});

test("no more are held than the limit", async () => {
  const { asked, each } = numbers(100);
  const ahead = new Ahead(each, 10);
  for await (const _ of ahead) {
    await settle();
    expect(asked.count).toBeLessThanOrEqual(12);
    expect(ahead.count).toBeUndefined();
    break;
  }
  await settle();
  expect(asked.isOver).toBe(true);
});

test("a failure comes behind all that came before it, and there is no count", async () => {
  const ahead = new Ahead(numbers(3, new Error("broken")).each, 10);
  const taken: number[] = [];
  const failure = await failureOf(
    (async () => {
      for await (const each of ahead) taken.push(each);
    })(),
  );
  expect([taken, failure]).toEqual([[0, 1, 2], expect.objectContaining({ message: "broken" })]);
  expect(ahead.count).toBeUndefined();
});

test("only what counts is counted", async () => {
  const ahead = new Ahead(numbers(5).each, 10, (each) => each > 2);
  await Array.fromAsync(ahead);
  expect(ahead.count).toBe(2);
});
