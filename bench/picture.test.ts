import { expect, test } from "bun:test";
import { pictureOf } from "./picture.ts";
import type { Result } from "./report.ts";

const spread = { median: 1, least: 1, most: 1, rounds: 5 };
const row = (scenario: string, more: Partial<Result> = {}): Result => ({
  ...{ scenario, unit: "/s", ours: spread, note: "", ratio: 12.4 },
  peer: { name: "A & B", ...spread },
  ...more,
});

/** The elements of an XML document without its texts; throws where it is not well-formed. */
function elementsOf(document: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const rest = document.replace(
    /<(\/?)([a-z]+)((?: [A-Za-z:-]+="[^"<&]*")*)(\/?)>/g,
    (_, closes: string, name: string, _attributes, empty: string) => {
      if (closes !== "" && open.pop() !== name) throw new Error(`</${name}> closes nothing`);
      if (closes === "") seen.push(name);
      if (closes === "" && empty === "") open.push(name);
      return "";
    },
  );
  if (open.length > 0) throw new Error(`${open} is not closed`);
  if (/[<>]|&(?!#\d+;)/.test(rest)) throw new Error(`not escaped: ${rest}`);
  return seen;
}

test("a picture is well-formed whatever rows are called, with a bar for each row beside the peer", () => {
  const picture = pictureOf(
    [
      row('a <b> & "c"'),
      row("slower than they", { ratio: 0.4 }),
      row("beside another", { peer: { name: "C", ...spread } }),
      row("a memory", { unit: "MiB" }),
      row("the same, our log on"),
    ],
    "A & B",
  );
  const elements = elementsOf(picture);
  expect(elements.filter((name) => name === "rect")).toHaveLength(1 + 2);
  expect(picture).toContain("12×");
  expect(picture).toContain("0.4×");
  expect(() => elementsOf("<svg><g></svg>")).toThrow();
});
