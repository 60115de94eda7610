import { describe, expect, test } from "bun:test";
import { goYamlText } from "./yamlText.ts";

// Each expected text is what `helm show chart` of Helm 4 printed for such a member of Chart.yaml.
const long = "word ".repeat(20).trim();
for (const [text, expected] of Object.entries({
  plain: "plain",
  "a: b": "'a: b'",
  "a #b": "'a #b'",
  "it's": "it's",
  "'it's'": "'''it''s'''",
  "- a": "'- a'",
  "": '""',
  " a": "' a'",
  "1.0": '"1.0"',
  "1.16.0": "1.16.0",
  "0x1f": '"0x1f"',
  "1:20": '"1:20"',
  yes: '"yes"',
  y: '"y"',
  "~": '"~"',
  "<<": "<<",
  "2020-01-01": '"2020-01-01"',
  "2020-13-01": "2020-13-01",
  "---": "'---'",
  é: "é",
  "😀": '"\\U0001F600"',
  "a\tb": '"a\\tb"',
  "a\nb\n": "|\n  a\n  b",
  "a\nb": "|-\n  a\n  b",
  "a\n\n": "|+\n  a",
  " a\nb": "|2-\n   a\n  b",
  "a \nb": '"a \\nb"',
  [long]: `${"word ".repeat(16).trim()}\n  word word word word`,
}))
  test(`${JSON.stringify(text)} is written as Go writes it`, () => {
    expect(goYamlText({ a: text })).toBe(`a: ${expected}\n${text === "a\n\n" ? "\n" : ""}`);
  });

describe("collections", () => {
  test("are in go-yaml's order, lists not indented", () => {
    expect(
      goYamlText({
        b: [{ y: 1, x: ["p", ["q", ["r"]], {}] }, []],
        a: true,
        "a/b": { k10: "x", k9: "x", k01: "x", k1: "x", kB: "x", "k-a": "x" },
      }),
    ).toBe(
      "a: true\na/b:\n  k-a: x\n  k1: x\n  k01: x\n  k9: x\n  k10: x\n  kB: x\n" +
        'b:\n- x:\n  - p\n  - - q\n    - - r\n  - {}\n  "y": 1\n- []\n',
    );
  });
});
