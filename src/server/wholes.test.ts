import { expect, test } from "bun:test";
import { Wholes } from "./wholes.ts";

const size = 4 * 1024 * 1024;

test("so many are held; when some are through there is room again", () => {
  const wholes = new Wholes();
  const through = new Set<number>();
  const take = (number: number) => wholes.take(size, () => through.has(number));
  expect(Array.from({ length: 18 }, (_, number) => take(number))).toEqual([
    ...Array.from({ length: 16 }, () => true),
    false,
    false,
  ]);
  through.add(3);
  through.add(7);
  expect([take(18), take(19), take(20)]).toEqual([true, true, false]);
});

test("small ones are always held, and take no room", () => {
  const wholes = new Wholes();
  for (let number = 0; number < 10_000; number++) expect(wholes.take(256 * 1024, () => false)).toBe(true);
  expect(wholes.take(size, () => false)).toBe(true);
});
