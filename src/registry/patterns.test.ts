import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type RepositoryName, tryRepositoryName } from "../oci/reference.ts";
import { Patterns, type RepositoryPattern, tryRepositoryPattern } from "./patterns.ts";

const patternOf = (text: string): RepositoryPattern => {
  const pattern = tryRepositoryPattern(text);
  if (pattern === undefined) throw new Error(`${text} is no pattern`);
  return pattern;
};
/** Which of some patterns counts for a name. */
const chosen = (patterns: readonly string[], name: string) =>
  new Patterns(patterns.map((text) => [patternOf(text), { text }])).find(name as RepositoryName)?.text;

describe("a pattern", () => {
  test.each([
    ["team/mychart", ["team/mychart"], ["team/mychart2", "team", "team/mychart/x", "x/team/mychart"]],
    ["*", ["a", "a.b-c"], ["a/b"]],
    ["**", ["a", "a/b", "a/b/c"], []],
    ["team/*", ["team/a"], ["team", "team/a/b", "teams/a"]],
    ["team/**", ["team/a", "team/a/b"], ["team", "teams/a", "a/team/b"]],
    ["*/charts/**", ["a/charts/b", "b/charts/c/d"], ["charts/b", "a/b/charts/c", "a/charts"]],
    ["team-*/a", ["team-x/a", "team-x.y/a"], ["team/a", "team-x/y/a"]],
    ["*-dev", ["a-dev", "a-b-dev"], ["dev", "a-dev2", "a-dev/b"]],
    ["a*c", ["ac", "abc", "acc", "ab.c"], ["a", "c", "ab", "a/c"]],
    ["ab*ba", ["abba", "abxba"], ["aba"]],
  ])("%s matches %j and not %j", (pattern, matches, others) => {
    expect(matches.filter((name) => chosen([pattern], name) === undefined)).toEqual([]);
    expect(others.filter((name) => chosen([pattern], name) !== undefined)).toEqual([]);
  });

  test.each([
    ...[
      "",
      "/",
      "a/",
      "/a",
      "a//b",
      "Team/*",
      "a b",
      "a:b",
      "a/../b",
      ".",
      "-*",
      "a_/b",
      `${"a/".repeat(128)}*`,
    ],
    ...["[ab]", "a?", "{a,b}", "!a", "*.", "./**"],
    ...["**/a", "a/**/b", "a**", "**a", "a/b**", "a*b*", "***", "*/**/*"],
  ])("is nothing that matches no name, or that could be read in two ways: %s", (text) => {
    expect(tryRepositoryPattern(text)).toBeUndefined();
  });
});

const precedence: [why: string, patterns: string[], expected: string | undefined][] = [
  ["a name before all", ["**", "team/**", "team/*", "team/my*", "team/mychart"], "team/mychart"],
  ["the text before a star", ["**", "team/**", "team/*", "team/m*t", "team/my*"], "team/my*"],
  ["then the text behind it", ["team/*", "team/*t", "team/*rt", "*/mychart"], "team/*rt"],
  ["the left part before the right one", ["*/mychart", "team/**"], "team/**"],
  ["one part before many", ["**", "team/**", "team/*"], "team/*"],
  ["many parts where nothing else matches", ["other/**", "**", "team"], "**"],
  ["nothing where nothing matches", ["other/**", "team", "mychart"], undefined],
  ["what goes on further left, though it says less later", ["team/*", "te*/mychart"], "team/*"],
];

test.each(precedence)("of those that match team/mychart it is %s that counts", (_, patterns, expected) => {
  for (const order of [patterns, patterns.toReversed()])
    expect(chosen(order, "team/mychart")).toEqual(expected);
});

/** The same rules in their plain words: all that match, sorted by what they say, part by part. */
function plainly(patterns: readonly string[], name: string): string | undefined {
  const matching = patterns.filter((pattern) =>
    new RegExp(
      `^${pattern
        .replace(/[.]/g, "\\.")
        .replace(/(?<=^|\/)\*\*$/, "[^]+")
        .replaceAll("*", "[^/]*")}$`,
    ).test(name),
  );
  const rank = (part: string): [number, number, number] =>
    part === "**"
      ? [0, 0, 0]
      : part.includes("*")
        ? [1, part.indexOf("*"), part.length - part.indexOf("*")]
        : [2, 0, 0];
  const compare = (a: string, b: string): number => {
    const [as, bs] = [a.split("/"), b.split("/")];
    for (let i = 0; i < Math.max(as.length, bs.length); i++) {
      const [left, right] = [rank(as[i] ?? ""), rank(bs[i] ?? "")];
      for (let j = 0; j < 3; j++) if (left[j] !== right[j]) return right[j]! - left[j]!;
    }
    return 0;
  };
  const [first, second] = matching.toSorted(compare);
  if (first !== undefined && second !== undefined && compare(first, second) === 0)
    throw new Error(`${first} and ${second} tie`);
  return first;
}

/** Those that may count for a name of one part more than `above`: of those with `**` the one that does where nothing says that part. */
const plainlyBelow = (patterns: readonly string[], above: readonly string[]): string[] =>
  matchingBelow(patterns, above).filter(
    (pattern) => !pattern.endsWith("**") || pattern === plainly(patterns, [...above, "0"].join("/")),
  );

function matchingBelow(patterns: readonly string[], above: readonly string[]): string[] {
  const isMatch = (part: string, at: number) =>
    above[at] !== undefined && new RegExp(`^${part.replaceAll("*", "[^/]*")}$`).test(above[at]);
  return patterns.filter((pattern) => {
    const parts = pattern.split("/");
    const isOpen = parts.at(-1) === "**";
    const heads = parts.slice(0, -1);
    return (isOpen ? heads.length <= above.length : heads.length === above.length) && heads.every(isMatch);
  });
}

test("whatever the patterns, in whatever order: what says more from the left counts, and there is no tie", () => {
  const part = fc.stringMatching(/^[ab]{1,3}$/);
  const starred = fc
    .tuple(fc.stringMatching(/^[ab]{0,2}$/), fc.stringMatching(/^[ab]{0,2}$/))
    .map(([before, after]) => `${before}*${after}`);
  const pattern = fc
    .tuple(fc.array(fc.oneof(part, starred), { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([parts, open]) => [...parts, ...(open ? ["**"] : [])].join("/"))
    .filter((text) => tryRepositoryPattern(text) !== undefined);
  const name = fc
    .array(part, { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join("/"))
    .filter((text) => tryRepositoryName(text) !== undefined);
  fc.assert(
    fc.property(fc.uniqueArray(pattern, { maxLength: 12 }), name, (patterns, text) => {
      const expected = plainly(patterns, text);
      expect(chosen(patterns, text)).toBe(expected);
      expect(chosen(patterns.toReversed(), text)).toBe(expected);
      const above = text.split("/").slice(0, -1);
      const prefix = above.map((each) => `${each}/`).join("");
      const below = new Patterns(patterns.map((each) => [patternOf(each), { each }])).below(prefix);
      expect(below.map(({ each }) => each).toSorted()).toEqual(plainlyBelow(patterns, above).toSorted());
      if (expected !== undefined) expect(below).toContainEqual({ each: expected });
    }),
    { numRuns: 1000 },
  );
});
