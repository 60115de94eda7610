import { describe, expect, test } from "bun:test";
import { type Candidate, limitOf, newestFirst, noneWanted, versionOf, type Wanted } from "./candidate.ts";

const unasked = () => Promise.reject(new Error("nothing is asked"));
const candidates = (text: string): Candidate[] =>
  text
    .split(" ")
    .map((tag) => ({ ref: tag, ...versionOf(tag), describe: unasked, metadata: unasked, open: unasked }));
const tags = candidates("latest 1.0.0 v1.10.0 1.9.0 2.0.0-rc.1 1.0.0_b 1.0.0_a 1.10 main 1.2_x_y");

for (const [what, wanted, expected] of [
  ["all versions", {}, "v1.10.0 1.10 1.9.0 1.0.0+b 1.0.0+a 1.0.0"],
  ["pre-releases", { devel: true }, "2.0.0-rc.1 v1.10.0 1.10 1.9.0 1.0.0+b 1.0.0+a 1.0.0"],
  ["everything", { all: true }, "2.0.0-rc.1 v1.10.0 1.10 1.9.0 1.0.0+b 1.0.0+a 1.0.0 1.2_x_y latest main"],
  ["a range", { range: ">=1.9" }, "v1.10.0 1.10 1.9.0"],
  ["a range that asks for pre-releases", { range: ">=1.9.5-0" }, "2.0.0-rc.1 v1.10.0 1.10"],
  ["a range and pre-releases", { range: ">1.9", devel: true }, "2.0.0-rc.1 v1.10.0 1.10"],
  ["an exact version, however it is written", { range: "1.10.0" }, "v1.10.0 1.10"],
  [
    "a range with everything, which holds versions alone",
    { range: "<1.9", all: true },
    "1.0.0+b 1.0.0+a 1.0.0",
  ],
] as [string, Wanted, string][])
  test(`${what}: the newest come first`, () => {
    const found = newestFirst(tags, wanted).map(({ named }) => named);
    expect(found.join(" ")).toBe(expected);
    expect(newestFirst(tags.toReversed(), wanted).map(({ named }) => named)).toEqual(found);
  });

describe("where nothing is wanted it is said what there would be", () => {
  test.each([
    ["", {}, "Check its spelling; a registry may also hide what it does not let you read."],
    ["latest", {}, "None of its tags is a version; --all lists them."],
    ["1.0.0", { range: ">2" }, "The newest of all is 1.0.0."],
    ["1.0.0-rc.1", {}, "The newest of all is 1.0.0-rc.1; --devel lets pre-releases in."],
  ])("%p with %p", (text, wanted, hint) => {
    expect(noneWanted("x/y", text === "" ? [] : candidates(text), wanted)).toMatchObject({
      code: "not_found",
      hint,
    });
  });
});

test("a limit is a number, 1 at least", () => {
  expect([limitOf(undefined), limitOf("12")]).toEqual([undefined, 12]);
  for (const text of ["0", "-1", "x", "1.5", ""])
    expect(() => limitOf(text)).toThrow(expect.objectContaining({ code: "usage" }));
});
