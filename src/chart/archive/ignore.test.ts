import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseGlob } from "./glob.ts";
import { IgnoreRules } from "./ignore.ts";

describe("IgnoreRules", () => {
  // Helm's own table (pkg/ignore), with a directory told by its slash.
  test.each([
    ["helm.txt", "helm.txt", true],
    ["helm.*", "helm.txt", true],
    ["helm.*", "rudder.txt", false],
    ["*.txt", "tiller.txt", true],
    ["*.txt", "cargo/a.txt", true],
    ["cargo/*.txt", "cargo/a.txt", true],
    ["cargo/*.*", "cargo/a.txt", true],
    ["cargo/*.txt", "mast/a.txt", false],
    ["ru[c-e]?er.txt", "rudder.txt", true],
    ["", "templates/.dotfile", true],
    ["", "templates/.dotfile/", true],
    ["", "templates/a/.dotfile", false],
    ["", ".dotfile", false],
    [".*", ".joonix", true],
    [".*", "helm.txt", false],
    ["cargo/", "cargo/", true],
    ["cargo/", "cargo", false],
    ["cargo/", "mast/", false],
    ["a/cargo/", "a/cargo/", true],
    ["!helm.txt", "helm.txt", false],
    ["!helm.txt", "tiller.txt", true],
    ["!*.txt", "cargo/", true],
    ["!cargo/", "mast/", true],
    ["!cargo/", "cargo/", false],
    ["!cargo/", "cargo", true],
    ["/a.txt", "a.txt", true],
    ["/a.txt", "cargo/a.txt", false],
    ["/cargo/a.txt", "cargo/a.txt", true],
    ["  # a comment", "a comment", false],
    ["\ufeffa.txt\r\n\r\nb.txt\r\n", "a.txt", true],
    ["\ufeffa.txt\r\n\r\nb.txt\r\n", "b.txt", true],
    ["*.txt\n!a.txt", "a.txt", true],
  ])("with %p, %p: %p", (text, path, ignored) => {
    const directory = path.endsWith("/");
    expect(IgnoreRules.parse(text).ignores(path.replace(/\/$/, ""), directory)).toBe(ignored);
  });

  test.each([
    ["a\nfoo/**/bar", 'line 2, "foo/**/bar": Helm has no double star'],
    ["[z-", 'line 1, "[z-": the pattern does not parse'],
    ["a\\", 'line 1, "a\\": the pattern does not parse'],
  ])("refuses %p", (text, why) => {
    expect(() => IgnoreRules.parse(text)).toThrow(`Cannot read .helmignore: ${why}`);
  });
});

describe("parseGlob", () => {
  // Each compared with Go's filepath.Match.
  test.each([
    ["*", "a/b", false],
    ["a*b", "ab", true],
    ["a?b", "a/b", false],
    ["[^a]", "/", true],
    ["[a-]", "a", undefined],
    ["[]a]", "]", undefined],
    ["[]", "a", undefined],
    ["[^]", "a", undefined],
    ["[\\]]", "]", true],
    ["[c-a]", "b", false],
    ["[a", "a", undefined],
    ["a]", "a]", true],
    ["\\*", "*", true],
    ["\\*", "a", false],
    ["?", "é", true],
    ["[à-ü]", "é", true],
    ["a.c", "abc", false],
    ["", "", true],
  ])("%p on %p: %p", (pattern, name, matches) => {
    expect(parseGlob(pattern)?.(name)).toBe(matches as boolean);
  });

  /** The same by trying every length of every star. */
  const matchesSlowly = (pattern: readonly string[], name: readonly string[]): boolean => {
    const [first, ...rest] = pattern;
    if (first === undefined) return name.length === 0;
    if (first === "*")
      return (
        matchesSlowly(rest, name) ||
        (name.length > 0 && name[0] !== "/" && matchesSlowly(pattern, name.slice(1)))
      );
    if (name.length === 0) return false;
    return (first === "?" ? name[0] !== "/" : first === name[0]) && matchesSlowly(rest, name.slice(1));
  };

  test("reads a name once, however many stars there are", () => {
    const [glob, name] = [parseGlob(`${"*a".repeat(40)}b`), "a".repeat(5000)];
    expect([glob?.(name), glob?.(`${name}b`), glob?.(`${name}/b`)]).toEqual([false, true, false]);
  });

  test("agrees with a plain reading of stars, question marks and letters", () => {
    const part = fc.constantFrom("*", "?", "a", "b", ".", "/", "+", "é", "😀");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 7 }), fc.array(part, { maxLength: 7 }), (pattern, name) => {
        expect(parseGlob(pattern.join(""))?.(name.join(""))).toBe(matchesSlowly(pattern, name));
      }),
      { numRuns: 1000 },
    );
  });
});
