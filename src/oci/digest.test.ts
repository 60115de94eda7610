import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { codeOf } from "../testing/errors.ts";
import { algorithmOf, Digester, digestOf, hexOf, parseDigest, shortHex, tryDigest } from "./digest.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
// FIPS 180-4's example, as `printf abc | sha256sum` gives it too.
const abc = {
  sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  sha512:
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
};

describe("digest", () => {
  for (const algorithm of ["sha256", "sha512"] as const)
    test(`${algorithm} of known bytes, at once and in parts`, () => {
      const known = `${algorithm}:${abc[algorithm]}`;
      expect<string>(digestOf(utf8("abc"), algorithm)).toBe(known);
      const digester = new Digester(algorithm);
      for (const letter of "ab") digester.update(utf8(letter));
      expect(digester.digest()).toBe(digestOf(utf8("ab"), algorithm));
      digester.update(utf8("c"));
      expect<string>(digester.digest()).toBe(known);
    });

  test("sha256 is the algorithm where none is named", () => {
    expect(algorithmOf(digestOf(utf8("")))).toBe("sha256");
    expect(algorithmOf(new Digester().digest())).toBe("sha256");
  });

  test("comes apart into its parts", () => {
    const digest = parseDigest(`sha512:${abc.sha512}`);
    expect([algorithmOf(digest), hexOf(digest), shortHex(digest)]).toEqual(["sha512", abc.sha512, "ddaf35a"]);
  });

  for (const [why, text] of [
    ["empty", ""],
    ["no algorithm", abc.sha256],
    ["empty algorithm", `:${abc.sha256}`],
    ["too short", `sha256:${abc.sha256.slice(1)}`],
    ["too long", `sha256:${abc.sha256}0`],
    ["the other's length", `sha512:${abc.sha256}`],
    ["upper case", `sha256:${abc.sha256.toUpperCase()}`],
    ["upper-case algorithm", `SHA256:${abc.sha256}`],
    ["no hex", `sha256:${"g".repeat(64)}`],
    ["an algorithm that we cannot compute", `blake3:${abc.sha256}`],
    ["the name of a property", `constructor:${abc.sha256}`],
    ["a line's end behind it", `sha256:${abc.sha256}\n`],
    ["a blank before it", ` sha256:${abc.sha256}`],
    ["a path", `sha256:../${abc.sha256.slice(3)}`],
  ] as const)
    test(`${why} is refused`, async () => {
      expect(tryDigest(text)).toBeUndefined();
      expect(await codeOf(() => parseDigest(text))).toBe("usage");
    });

  test("what digestOf makes, parseDigest takes; what it takes is hex of the right length", () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.constantFrom("sha256" as const, "sha512" as const),
        (bytes, algorithm) => {
          const digest = digestOf(bytes, algorithm);
          expect(parseDigest(digest)).toBe(digest);
        },
      ),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const each of [text, `sha256:${text}`])
          if (tryDigest(each) !== undefined) expect(each).toMatch(/^sha(256:.{64}|512:.{128})$/);
      }),
    );
  });
});
