import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseChallenges } from "./challenge.ts";

const plain = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, ...Object.fromEntries(parameters) }));

describe("challenges", () => {
  test.each<[string, { scheme: string; [name: string]: string }[]]>([
    ["", []],
    ["Basic", [{ scheme: "basic" }]],
    ['Basic realm="localhost"', [{ scheme: "basic", realm: "localhost" }]],
    ["BASIC Realm=localhost", [{ scheme: "basic", realm: "localhost" }]],
    [
      'Basic realm = "a, b=\\"c\\"" , charset="UTF-8"',
      [{ scheme: "basic", realm: 'a, b="c"', charset: "UTF-8" }],
    ],
    [
      'Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push"',
      [
        {
          scheme: "bearer",
          realm: "https://auth.example/token",
          service: "reg",
          scope: "repository:a/b:pull,push",
        },
      ],
    ],
    [
      'Bearer realm="x", Basic realm="y"',
      [
        { scheme: "bearer", realm: "x" },
        { scheme: "basic", realm: "y" },
      ],
    ],
    ["Negotiate, Basic realm=y", [{ scheme: "negotiate" }, { scheme: "basic", realm: "y" }]],
    ["Negotiate YIIC+/8=, Basic realm=y", [{ scheme: "negotiate" }, { scheme: "basic", realm: "y" }]],
    ["Basic realm=a, realm=b", [{ scheme: "basic", realm: "a" }]],
    ["Basic realm=a,, ,Digest", [{ scheme: "basic", realm: "a" }, { scheme: "digest" }]],
    ['Basic realm="open', [{ scheme: "basic" }]],
    ["realm=a", []],
  ])("%s", (header, challenges) => {
    expect(plain(header)).toEqual(challenges);
  });

  test("what is written as RFC 9110 has it is read as it was", () => {
    const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/);
    const value = fc.string({ unit: "grapheme-ascii", maxLength: 20 });
    const parameters = fc.uniqueArray(fc.tuple(token, value), {
      selector: ([name]) => name.toLowerCase(),
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(token, parameters), { maxLength: 3 }), (challenges) => {
        const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;
        const header = challenges
          .map(([scheme, pairs]) =>
            `${scheme} ${pairs.map(([name, text]) => `${name}=${quoted(text)}`).join(", ")}`.trim(),
          )
          .join(", ");
        expect(parseChallenges(header)).toEqual(
          challenges.map(([scheme, pairs]) => ({
            scheme: scheme.toLowerCase(),
            parameters: new Map(pairs.map(([name, text]) => [name.toLowerCase(), text])),
          })),
        );
      }),
    );
  });

  test("any text ends, and names nothing that is not in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii", maxLength: 200 }), (header) => {
        for (const { scheme } of parseChallenges(header)) expect(header.toLowerCase()).toContain(scheme);
      }),
    );
  });
});
