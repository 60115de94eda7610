import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { codeOf } from "../testing/errors.ts";
import { isObject, isStringMap, jsonBytes, parseJsonObject } from "./json.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("json", () => {
  test("an object comes back as it was written", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false })), (value) => {
        const written = JSON.parse(JSON.stringify(value)) as object;
        expect(parseJsonObject(jsonBytes(value), "value")).toEqual({ ...written });
      }),
    );
  });

  test("is written without blanks", () => {
    expect(new TextDecoder().decode(jsonBytes({ a: [1, "é"], b: undefined }))).toBe('{"a":[1,"é"]}');
  });

  for (const [what, bytes] of Object.entries({
    nothing: utf8(""),
    "no JSON": utf8("{"),
    "two documents": utf8("{}{}"),
    "an array": utf8("[]"),
    null: utf8("null"),
    "a string": utf8('"x"'),
    "Latin-1": new Uint8Array([...utf8('{"a":"'), 0xe9, ...utf8('"}')]),
    "a lone surrogate in UTF-8": new Uint8Array([...utf8('{"a":"'), 0xed, 0xa0, 0x80, ...utf8('"}')]),
    "brackets without end": utf8(`{"a":${"[".repeat(200_000)}`),
    "deep brackets": utf8(`{"a":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`),
  }))
    test(`${what} is no JSON object`, async () => {
      expect(await codeOf(() => parseJsonObject(bytes, "index.json"))).toBe("invalid");
      expect(() => parseJsonObject(bytes, "index.json")).toThrow("Cannot parse index.json: ");
    });

  test("no bytes make it throw anything but invalid", async () => {
    const some = fc.oneof(fc.uint8Array(), fc.json().map(utf8));
    await fc.assert(
      fc.asyncProperty(some, async (bytes) => {
        expect(["none", "invalid"]).toContain(await codeOf(() => parseJsonObject(bytes, "x")));
      }),
    );
  });

  test("objects and maps of strings are told from the rest", () => {
    for (const value of [null, [], "x", 1, true, undefined]) {
      expect(isObject(value)).toBe(false);
      expect(isStringMap(value)).toBe(false);
    }
    expect(isObject({})).toBe(true);
    expect([{}, { a: "b" }, { a: 1 }, { a: "b", c: null }].map(isStringMap)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
