import { expect, test } from "bun:test";
import { ageInWords, countOf, folded, sizeInWords, tableOf } from "./words.ts";

test.each([
  [0, "0 B"],
  [454, "454 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [2487, "2.4 KiB"],
  [28_774, "28.1 KiB"],
  [1024 * 1024, "1.0 MiB"],
  [5 * 1024 ** 3, "5.0 GiB"],
])("%d bytes are %s", (bytes, words) => {
  expect(sizeInWords(bytes)).toBe(words);
});

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
// The scale of go-units' HumanDuration, which Helm's table used (helm.md §1.3).
test.each([
  [0, "Less than a second"],
  [999, "Less than a second"],
  [second, "1 second"],
  [27.9 * second, "27 seconds"],
  [minute, "About a minute"],
  [2 * minute, "2 minutes"],
  [59 * minute, "59 minutes"],
  [hour, "About an hour"],
  [89 * minute, "About an hour"],
  [90 * minute, "2 hours"],
  [47 * hour, "47 hours"],
  [48 * hour, "2 days"],
  [13 * day, "13 days"],
  [14 * day, "2 weeks"],
  [59 * day, "8 weeks"],
  [60 * day, "2 months"],
  [729 * day, "24 months"],
  [730 * day, "2 years"],
])("%d ms are %s", (ms, words) => {
  expect(ageInWords(ms)).toBe(words);
});

test("one layer, two layers", () => {
  expect([countOf(1, "layer"), countOf(2, "layer"), countOf(0, "layer")]).toEqual([
    "1 layer",
    "2 layers",
    "0 layers",
  ]);
});

test("cells are padded to their column and joined by a tab; nothing follows the last", () => {
  expect(
    tableOf([
      ["REF", "NAME", "CREATED"],
      ["localhost:5000/a:1", "a", "2 hours"],
    ]),
  ).toBe("REF               \tNAME\tCREATED\nlocalhost:5000/a:1\ta   \t2 hours\n");
});

test("a folded command line is one for a shell, cuts no word and keeps an option with its value", () => {
  const line = "chartroom chart save mychart/ -o json > file";
  expect(folded(line, 80)).toBe(line);
  expect(folded(line, 30)).toBe("chartroom chart save \\\n      mychart/ -o json \\\n      > file");
  expect(folded("a longer-than-this b", 5)).toBe("a \\\n      longer-than-this \\\n      b");
});
