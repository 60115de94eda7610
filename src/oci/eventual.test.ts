import { expect, test } from "bun:test";
import { type Eventual, orElse, whenThere } from "./eventual.ts";

const half = (value: number): Eventual<number> => {
  if (value % 2 === 1) throw new Error(`${value} is odd`);
  return value / 2;
};
const later = async (value: number): Promise<number> => half(value);
const message = (error: unknown): string => (error instanceof Error ? error.message : "");

test("what is there is gone on with at once, what is to come when it is there", async () => {
  expect(whenThere(8, half)).toBe(4);
  const [soon, then] = [whenThere(later(8), half), whenThere(8, later)];
  expect(soon).toBeInstanceOf(Promise);
  expect(then).toBeInstanceOf(Promise);
  expect([await soon, await then]).toEqual([2, 4]);
});

test("what fails at once, and what fails later, is something else instead", async () => {
  expect(orElse<number | string>(() => half(8), message)).toBe(4);
  expect(orElse<number | string>(() => half(7), message)).toBe("7 is odd");
  expect(await orElse<number | string>(() => later(8), message)).toBe(4);
  expect(await orElse<number | string>(() => later(7), message)).toBe("7 is odd");
});
