import { expect, test } from "bun:test";
import { withFigures } from "./readme.ts";
import type { Result } from "./report.ts";

const spread = { least: 1, most: 9, rounds: 5 };
const result: Result = {
  ...{ scenario: "manifest GET", unit: "/s", note: "", ratio: 4 },
  ours: { median: 8, ...spread },
  peer: { name: "peer", median: 2, ...spread },
};
const comments = ["<!-- bench: written by npm run bench -->", "<!-- /bench -->"];

test("the table stands between its comments, and again in place of itself", () => {
  const once = withFigures(`before\n${comments.join("\nold\n")}\nafter\n`, [result], "peer", "p.svg");
  expect(once).toStartWith(`before\n${comments[0]}\n![`);
  expect(once).toContain("| manifest GET | 8 /s | 2 /s | 4× |\n<!-- /bench -->\nafter\n");
  expect(once).not.toContain("old");
  expect(withFigures(once, [result], "peer", "p.svg")).toBe(once);
  expect(() => withFigures("no comments", [], "peer", "p.svg")).toThrow("lacks");
});
