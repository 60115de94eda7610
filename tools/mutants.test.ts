import { expect, test } from "bun:test";
import { mutants } from "./mutants.table.ts";
import { sources } from "./sources.ts";

const files = sources("src", ".ts");

test.each(mutants.map((mutant) => [mutant.without, mutant] as const))(
  "the mutant without %s finds its text just once, and its test's file",
  (_, { file, find, test: [testFile] }) => {
    expect(files.get(file)?.split(find).length).toBe(2);
    expect([...files.keys()]).toContain(testFile);
  },
);

test("no two mutants are the same", () => {
  expect(new Set(mutants.map(({ without }) => without)).size).toBe(mutants.length);
});
