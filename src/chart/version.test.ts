import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareVersions, tryVersion } from "./version.ts";

// From Masterminds/semver's own table for its lenient parser, which Helm asks.
const accepted = [
  ..."1.2.3 1.2.3+test.01 1.2.3-alpha.-1 v1.2.3 1.0 v1.0 1 v1 1.2-5 v1.2-beta.5 1.2.0-x.Y.0+metadata".split(
    " ",
  ),
  ..."1.2.3-0abc123 2147483648.3.0 20221209-update-renovatejson-v4 01.1.1 1.01.1 1.1.01 0.0.0".split(" "),
  "18446744073709551615.0.0",
];
const refused = [
  ..."1.2.3-alpha.01 1.2.beta foo 1.2.3-beta.01 1.2.3.4 v1.2.3.4 1.1.2+.123 1.0.0-alpha_beta 1.0.0-alpha..".split(
    " ",
  ),
  ..."9.8.7+meta+meta 1.2.31----RC-SNAPSHOT.12.09.1--.12+788 V1 vv1 .1 1. 1.2.3- 1.2.3+ +1 -1".split(" "),
  ..."18446744073709551616.0.0 1.2.3-00".split(" "),
  "",
  "\n1.2",
  "1.2\n",
  " 1.2",
  "1.2.3 ",
];

test.each(accepted)("%p is a version", (text) => {
  expect(tryVersion(text)).toBeDefined();
});

test.each(refused)("%p is no version", (text) => {
  expect(tryVersion(text)).toBeUndefined();
});

test("a version falls into its parts", () => {
  expect(tryVersion("v1.2-rc.1+b.7")).toEqual({
    major: 1n,
    minor: 2n,
    patch: 0n,
    prerelease: "rc.1",
    metadata: "b.7",
  });
});

test("what is put together from parts falls into the same parts", () => {
  const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const word = fc.stringMatching(/^[0-9A-Za-z-]{1,8}$/);
  const identifiers = fc.oneof(
    fc.constant(""),
    fc
      .array(
        word.filter((each) => !/^0[0-9]+$/.test(each)),
        { minLength: 1, maxLength: 3 },
      )
      .map((parts) => parts.join(".")),
  );
  fc.assert(
    fc.property(
      number,
      number,
      number,
      identifiers,
      identifiers,
      (major, minor, patch, prerelease, metadata) => {
        const text = `${major}.${minor}.${patch}${prerelease && `-${prerelease}`}${metadata && `+${metadata}`}`;
        expect(tryVersion(text)).toEqual({ major, minor, patch, prerelease, metadata });
      },
    ),
  );
});

// From Masterminds/semver's own table of comparisons (v3.5, TestCompare), and the order of semver.org §11.
test.each([
  "1.1.4 1.3",
  "1.2.3 1.5.1",
  "1.5.1 2.2.2 2.2.3",
  "4.2-alpha 4.2-beta 4.2-beta.1 4.2-beta.2 4.2-beta.foo 4.2-beta1 4.2-beta2 4.2",
  "1.0.0-beta.4 1.0.0-beta.5 1.0.0-beta.-2 1.0.0-beta.-3",
  "1.0.0-9 1.0.0-10 1.0.0-18446744073709551615 1.0.0-18446744073709551616 1.0.0-a",
])("%p come in this order", (text) => {
  const inOrder = text.split(" ");
  const sorted = inOrder.toReversed().sort((a, b) => compareVersions(tryVersion(a)!, tryVersion(b)!));
  expect(sorted).toEqual(inOrder);
});

test("metadata decides nothing", () => {
  expect(compareVersions(tryVersion("1.2+bar")!, tryVersion("1.2.0+baz")!)).toBe(0);
});
