import { describe, expect, test } from "bun:test";
import { contextOf, play } from "../testing/context.ts";
import type { Definition } from "./definition.ts";
import { makeProgram } from "./program.ts";

const program = makeProgram(contextOf({ cwd: "/" }));

/** Every command with the words that name it, topics of help too. */
const tree = (command: Definition, words: string[] = []): { command: Definition; words: string[] }[] => [
  { command, words },
  ...command.commands.flatMap((each) => tree(each, [...words, each.name()])),
];
const all = tree(program);
/** The commands that help lists and that hold no others. */
const listed = all.filter(
  ({ command }) =>
    command.commands.length === 0 &&
    command.parent?.createHelp().visibleCommands(command.parent).includes(command),
);

test("the tree is walked to its leaves", () => {
  expect(listed.map(({ words }) => words.join(" "))).toContain("registry user add");
  expect(all.map(({ words }) => words.join(" "))).toContain("exit-codes");
});

for (const { command, words } of listed)
  test(`${words.join(" ")} has a summary, examples of itself, and a word on each option`, () => {
    expect(command.summary()).toMatch(/^[a-z].*[^.]$/);
    expect(command.exampleLines.length).toBeGreaterThan(0);
    for (const line of command.exampleLines) expect(`${line} `).toStartWith(`${words.join(" ")} `);
    for (const option of [...command.options, ...program.options]) {
      expect([option.flags, option.description]).toEqual([option.flags, expect.stringMatching(/^\S.*[^.]$/)]);
    }
  });

describe("help", () => {
  for (const columns of [60, 80, undefined])
    test(`fits ${columns ?? "what reads it where it is no terminal"}`, async () => {
      for (const { words } of all) {
        const { exitCode, stdout } = await play(["help", ...words], { cwd: "/", columns });
        const wide = stdout.split("\n").filter((line) => line.length > (columns ?? 80));
        expect([words, exitCode, wide]).toEqual([words, 0, []]);
      }
    });

  test("breaks a long example so that a shell takes it for one line", async () => {
    const { stdout } = await play(["help", "chart", "save"], { cwd: "/", columns: 60 });
    expect(stdout).toContain(
      "  $ chartroom chart save mychart/ \\\n      localhost:5000/myrepo/mychart:2.7.0\n",
    );
  });
});
