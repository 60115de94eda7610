import { describe, expect } from "bun:test";
import { onBench, ref, refusalOf, save } from "./cli.ts";

/** Every command there is. */
const commands = [
  ...["save", "list", "export", "push", "pull", "remove", "tag", "prune", "check"].map(
    (name) => `chart ${name}`,
  ),
  ...["login", "logout", "serve", "user add", "user remove", "user list"].map((name) => `registry ${name}`),
  "version",
].map((words) => words.split(" "));
const groups = [[], ["chart"], ["registry"], ["registry", "user"]];

describe("help", () => {
  onBench("every command shows an example, on standard output, with 0, in 80 columns", async (bench) => {
    for (const command of commands) {
      const help = await bench.done("chartroom", [...command, "--help"]);
      expect(help).toContain("Examples:");
      expect(help).toContain(`$ chartroom ${command.join(" ")}`);
      expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
      for (const args of [
        ["help", ...command],
        [...command.slice(0, -1), "help", ...command.slice(-1)],
      ])
        expect(await bench.done("chartroom", args)).toBe(help);
    }
  });

  onBench("a group alone shows its help, and so does chartroom itself", async (bench) => {
    for (const group of groups) {
      const help = await bench.done("chartroom", group);
      expect(help).toStartWith(["Usage: chartroom", ...group, "[options] [command]"].join(" "));
      for (const args of [
        ["help", ...group],
        [...group, "help"],
        [...group, "--help"],
      ])
        expect(await bench.done("chartroom", args)).toBe(help);
    }
    for (const topic of ["exit-codes", "environment"]) {
      const text = await bench.done("chartroom", ["help", topic]);
      expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
      expect(text.split("\n").length).toBeGreaterThan(10);
    }
  });

  onBench("an unknown command is exit 2, and the nearest one is named", async (bench) => {
    for (const [args, meant] of [
      [["chat"], "Did you mean chart?"],
      [["chart", "lst"], "Did you mean list?"],
      [["registry", "user", "ad"], "Did you mean add?"],
      [["help", "chart", "exprt"], "Did you mean export?"],
      [["help", "xyzzy"], "Add --help to see what it takes."],
    ] as const) {
      const { exitCode, message, hint } = refusalOf(await bench.run("chartroom", args));
      expect([exitCode, message, hint]).toEqual([2, `unknown command "${args.at(-1)}"`, meant]);
    }
  });

  onBench(
    "options may stand before or after the command, and --plain-http takes no reference for its value",
    async (bench) => {
      await save(bench);
      for (const args of [
        ["-q", "chart", "list"],
        ["chart", "-q", "list"],
        ["chart", "list", "-q"],
      ])
        expect(await bench.done("chartroom", args)).toBe(`${ref}\n`);
      const { host } = await bench.chartroom();
      await save(bench, `${host}/a/b:1`);
      await bench.done("chartroom", ["chart", "push", "--plain-http", `${host}/a/b:1`]);
    },
  );
});
