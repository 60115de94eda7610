import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseChunkRange, parseRange, uploadRange } from "./range.ts";

describe("parseRange over 1000 bytes", () => {
  for (const [header, expected] of [
    ["bytes=0-0", { start: 0, end: 1 }],
    ["bytes=500-", { start: 500, end: 1000 }],
    ["bytes=-300", { start: 700, end: 1000 }],
    ["bytes=-5000", { start: 0, end: 1000 }],
    ["bytes=900-5000", { start: 900, end: 1000 }],
    ["Bytes= 1-2 ", { start: 1, end: 3 }],
    ["bytes=1000-", "unsatisfiable"],
    ["bytes=5000-10000", "unsatisfiable"],
    ["bytes=500-0", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=99999999999999999999-", "unsatisfiable"],
    ["bytes=0-1,5-6", undefined],
    ["bytes=-", undefined],
    ["bytes=a-b", undefined],
    ["lines=0-1", undefined],
    ["", undefined],
    [null, undefined],
  ] as const)
    test(`${header}`, () => {
      expect(parseRange(header, 1000)).toEqual(expected);
    });

  test("no range of an empty blob can be satisfied", () => {
    for (const header of ["bytes=0-", "bytes=0-0", "bytes=-1"])
      expect(parseRange(header, 0)).toBe("unsatisfiable");
  });

  test("whatever is given lies within, and is not empty", () => {
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.option(fc.nat(200)), fc.option(fc.nat(200))).map(([a, b]) => `bytes=${a ?? ""}-${b ?? ""}`),
    );
    fc.assert(
      fc.property(header, fc.nat(150), (text, size) => {
        const range = parseRange(text, size);
        if (range === undefined || range === "unsatisfiable") return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThan(range.start);
        expect(range.end).toBeLessThanOrEqual(size);
      }),
    );
  });
});

describe("parseChunkRange", () => {
  for (const header of ["5-9", "bytes 5-9/*", "bytes 5-9/20", "bytes=5-9", " 5-9 "])
    test(`"${header}" is five bytes from 5 on`, () => {
      expect(parseChunkRange(header)).toEqual({ start: 5, length: 5 });
    });
  for (const header of ["", "5-", "-9", "9-5", "5-9-12", "five-nine", "0-99999999999999999999", "5 - 9"])
    test(`"${header}" is none`, () => {
      expect(parseChunkRange(header)).toBeUndefined();
    });
});

test("uploadRange tells the last byte", () => {
  expect([0, 1, 2, 100].map(uploadRange)).toEqual(["0-0", "0-0", "0-1", "0-99"]);
});
