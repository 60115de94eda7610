import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { codeOf } from "../testing/errors.ts";
import { digestOf } from "./digest.ts";
import { ChartroomError } from "./errors.ts";
import {
  formatReference,
  labelOf,
  parseReference,
  parseRegistryHost,
  parseTag,
  type Reference,
  repositoryOf,
  tryRepositoryName,
  tryTag,
} from "./reference.ts";

const digest = digestOf(new TextEncoder().encode("x"));
const parts = (text: string) => {
  const { registry, repository, ...rest } = parseReference(text);
  return [registry, repository, rest.tag, rest.digest] as (string | undefined)[];
};

describe("reference", () => {
  // Those of Helm 3.6's reference_test.go that name a registry, and what the page types.
  for (const [text, registry, repository, tag, by] of [
    ["localhost:5000/myrepo/mychart:2.7.0", "localhost:5000", "myrepo/mychart", "2.7.0"],
    ["myrepo:5001/mychart:1.5.0", "myrepo:5001", "mychart", "1.5.0"],
    ["127.0.0.1:5001/mychart:1.5.0", "127.0.0.1:5001", "mychart", "1.5.0"],
    ["localhost:5000/mychart:latest", "localhost:5000", "mychart", "latest"],
    ["my.host.com/my/nested/repo:1.2.3", "my.host.com", "my/nested/repo", "1.2.3"],
    ["localhost:5000/x/y/z", "localhost:5000", "x/y/z"],
    ["localhost:5000/x/y/z:123", "localhost:5000", "x/y/z", "123"],
    ["myrepo/mychart", "myrepo", "mychart"],
    ["[::1]:5000/mychart:1", "[::1]:5000", "mychart", "1"],
    ["[2001:db8::1]/mychart", "[2001:db8::1]", "mychart"],
    ["Registry.Example.ORG/mychart", "Registry.Example.ORG", "mychart"],
    ["oci://localhost:5000/mychart:1.0.0", "localhost:5000", "mychart", "1.0.0"],
    ["h/mychart:1.0.0+build.5", "h", "mychart", "1.0.0_build.5"],
    [`h/mychart@${digest}`, "h", "mychart", undefined, digest],
    [`h:443/my/chart:1.0.0@${digest}`, "h:443", "my/chart", "1.0.0", digest],
  ] as const)
    test(text, () => expect(parts(text)).toEqual([registry, repository, tag, by]));

  for (const [text, why] of [
    ["", "it is empty"],
    ["oci://", "it is empty"],
    ["mychart", "the registry is missing"],
    ["mychart:1.5.0", "the registry is missing"],
    ["my:bad:ref", "the registry is missing"],
    ["my:really:bad:ref", "the registry is missing"],
    ["mychart:5001:1.5.0", "the registry is missing"],
    ["/mychart", 'registry ""'],
    ["localhost:5000/", "the repository is empty"],
    ["localhost:5000/:1.0.0", "the repository is empty"],
    [`localhost:5000/@${digest}`, "the repository is empty"],
    ["localhost:5000/x/y/z:123:x", 'tag "123:x"'],
    ["localhost:5000/x/y/z:123:x:y", 'tag "123:x:y"'],
    ["localhost:5000/mychart:", "the tag is empty"],
    [`localhost:5000/mychart:@${digest}`, "the tag is empty"],
    ["localhost:5000/mychart@", 'digest ""'],
    ["localhost:5000/mychart@sha256:abc", 'digest "sha256:abc"'],
    [`localhost:5000/mychart@${digest}@${digest}`, "digest"],
    [`localhost:5000/mychart@${digest}:1.0.0`, "digest"],
    ["localhost:5000/MyChart:1", "the repository has upper-case letters"],
    ["localhost:5000/my//chart", "is no repository name"],
    ["localhost:5000/../chart", "is no repository name"],
    ["localhost:5000/my chart", "is no repository name"],
    ["localhost:5000/mychart:-1", 'tag "-1"'],
    ["localhost:5000/mychart:1/2", 'tag "1/2"'],
    ["localhost:0/mychart", 'registry "localhost:0"'],
    ["localhost:65536/mychart", 'registry "localhost:65536"'],
    ["localhost:/mychart", 'registry "localhost:"'],
    ["user@host/mychart", 'registry "user@host"'],
    ["-host/mychart", 'registry "-host"'],
    ["::1/mychart", 'registry "::1"'],
    ["https://localhost:5000/mychart", "it is a URL"],
    ["oci://https://localhost:5000/mychart", "it is a URL"],
    ["oci://oci://localhost:5000/mychart", 'registry "oci:"'],
  ] as const)
    test(`${text}: ${why}`, async () => {
      expect(await codeOf(() => parseReference(text))).toBe("usage");
      expect(() => parseReference(text)).toThrow(`Cannot parse reference "${text}": `);
      expect(() => parseReference(text)).toThrow(why);
    });

  test("every refusal has a hint", () => {
    for (const text of ["", "mychart", "https://h/x", "h/X", "h/x:", "h/x:-", "h:0/x"]) {
      try {
        parseReference(text);
        throw new Error(`"${text}" was taken`);
      } catch (error) {
        expect(error).toBeInstanceOf(ChartroomError);
        expect((error as ChartroomError).hint).toBeString();
      }
    }
  });

  const refusals = (parse: (text: string) => unknown) => async (text: string) => {
    expect(["none", "usage"]).toContain(await codeOf(() => parse(text)));
  };
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom(..."ab0.-_:/@[]+A\n% ") }),
    fc.stringMatching(/^[a-z]{1,5}(:\d{0,6})?\/[a-z./_-]{0,8}(:[^/]{0,5})?(@.{0,9})?$/),
  );

  test("no text makes it throw anything but usage", async () => {
    for (const parse of [parseReference, parseTag, parseRegistryHost])
      await fc.assert(fc.asyncProperty(texts, refusals(parse)), { numRuns: 500 });
  });

  const name = fc.stringMatching(/^[a-z0-9]{1,4}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}$/);
  const references = fc
    .tuple(
      fc.stringMatching(
        /^([a-zA-Z0-9]([a-zA-Z0-9-]{0,5}[a-zA-Z0-9])?(\.[a-z]{1,4}){0,2}|\[[0-9a-f:]{2,9}\])(:[1-9]\d{0,3})?$/,
      ),
      fc.array(name, { minLength: 1, maxLength: 4 }),
      fc.option(fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/)),
      fc.option(fc.uint8Array().map((bytes) => digestOf(bytes))),
    )
    .map(([host, path, tag, by]) => `${host}/${path.join("/")}${tag ? `:${tag}` : ""}${by ? `@${by}` : ""}`);

  test("written and read again it is the same, in both directions", () => {
    fc.assert(
      fc.property(references, (text) => {
        const reference: Reference = parseReference(text);
        expect(formatReference(reference)).toBe(text);
        expect(parseReference(formatReference(reference))).toEqual(reference);
        expect(text.startsWith(repositoryOf(reference))).toBe(true);
      }),
    );
  });

  test("whatever it takes, it takes again as it writes it", () => {
    fc.assert(
      fc.property(texts, (text) => {
        let reference: Reference;
        try {
          reference = parseReference(text);
        } catch {
          return;
        }
        expect(parseReference(formatReference(reference))).toEqual(reference);
        expect(formatReference(reference)).toMatch(/^[\x21-\x7e]+$/);
      }),
      { numRuns: 1000 },
    );
  });

  test("its label is the tag, else the digest's beginning", () => {
    expect(labelOf(parseReference(`h/x:1.0@${digest}`))).toBe("1.0");
    expect(labelOf(parseReference(`h/x@${digest}`))).toBe(`sha256:${digest.slice(7, 14)}`);
    expect(labelOf(parseReference("h/x"))).toBe("");
  });
});

describe("repository name", () => {
  const long = `a${"/b".repeat(127)}`;
  for (const text of ["a", "0", "a/b/c", "a.b", "a_b", "a__b", "a-b", "a---b", "a-b/c.d", long])
    test(`${text.slice(0, 20)} is one`, () => expect<string | undefined>(tryRepositoryName(text)).toBe(text));
  for (const text of [
    "",
    "/",
    "a/",
    "/a",
    "a//b",
    "a..b",
    "a___b",
    "a._b",
    "a.",
    "-a",
    "_a",
    "A",
    "é",
    "a\n",
    `${long}/c`,
  ])
    test(`${JSON.stringify(text.slice(0, 20))} is none`, () =>
      expect(tryRepositoryName(text)).toBeUndefined());

  test("a long name that almost fits is refused at once", () => {
    expect(tryRepositoryName(`${"a-".repeat(127)}!`)).toBeUndefined();
    expect(tryRepositoryName(`${"a/".repeat(5_000_000)}`)).toBeUndefined();
  });
});

describe("tag", () => {
  const longest = "a".repeat(128);
  for (const text of ["a", "_", "1.0.0", "A-b_c.d", "_.-", longest])
    test(`${text.slice(0, 20)} is one`, () => expect<string | undefined>(tryTag(text)).toBe(text));
  for (const text of ["", ".a", "-a", "a/b", "a+b", "a b", "a:b", "é", "a\n", `${longest}a`])
    test(`${JSON.stringify(text.slice(0, 20))} is none`, () => expect(tryTag(text)).toBeUndefined());

  test("of a version has _ for +, as Helm writes it", async () => {
    expect<string>(parseTag("1.0.0-rc.1+build+5")).toBe("1.0.0-rc.1_build_5");
    expect(await codeOf(() => parseTag("+"))).toBe("none");
    expect(() => parseTag("")).toThrow("Cannot parse tag: it is empty");
  });
});
