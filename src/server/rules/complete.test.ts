import { expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";

test("each of the 74 rows is there, once", async () => {
  const folder = import.meta.dir;
  const files = (await readdir(folder)).filter((name) => name.endsWith(".test.ts"));
  const texts = await Promise.all(files.map((name) => readFile(`${folder}/${name}`, "utf8")));
  const numbers = texts.flatMap((text) =>
    [...text.matchAll(/\b(?:clientR|r)ow\(\s*(\d+),/g)].map(([, n]) => Number(n)),
  );
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 74 }, (_, i) => i + 1));
});
