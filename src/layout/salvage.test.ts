import { expect, test } from "bun:test";
import { salvageEntries } from "./salvage.ts";

const entries = [
  { digest: "sha256:1", annotations: { name: 'a "quoted" } brace' } },
  { digest: "sha256:2", platform: { os: "linux" } },
  { digest: "sha256:3" },
];
const text = JSON.stringify({ schemaVersion: 2, manifests: entries, annotations: { x: "y" } }, null, 1);

test("of a text that is cut anywhere, the entries before the cut", () => {
  expect(salvageEntries(text)).toEqual(entries);
  let before = 0;
  for (let cut = 0; cut <= text.length; cut++) {
    const found = salvageEntries(text.slice(0, cut));
    expect(found).toEqual(entries.slice(0, found.length));
    expect(found.length).toBeGreaterThanOrEqual(before);
    before = found.length;
  }
  expect(before).toBe(entries.length);
});

test("nothing of what has no list, or a list of something else", () => {
  for (const none of [
    "",
    "{",
    "manifests",
    '{"manifests":',
    '{"manifests":null}',
    '{"manifests":[1,{}]}',
    "\0\0\0",
  ])
    expect(salvageEntries(none)).toEqual([]);
});

test("what follows a broken entry is not guessed at", () => {
  expect(salvageEntries('{"manifests":[{"a":1},{"b":},{"c":3}]}')).toEqual([{ a: 1 }]);
});
