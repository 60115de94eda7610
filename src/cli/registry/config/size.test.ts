import { expect, test } from "bun:test";
import { parseSize } from "./size.ts";

test.each([
  ["0", 0],
  ["1024", 1024],
  ["10B", 10],
  ["5kB", 5000],
  ["5 KiB", 5120],
  ["500MB", 500e6],
  ["10GiB", 10 * 2 ** 30],
  ["1TiB", 2 ** 40],
  ["", undefined],
  ["1.5GiB", undefined],
  ["-1", undefined],
  ["10 apples", undefined],
  ["1constructor", undefined],
  ["GiB", undefined],
])("%p is %p bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});
