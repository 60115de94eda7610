import { describe, expect } from "bun:test";
import { onBench, ref, refused, save } from "./cli.ts";

const commands = [
  ...["save", "list", "export", "push", "pull", "remove", "tag", "prune", "check"].map(
    (name) => `chart ${name}`,
  ),
  ...["login", "logout", "serve", "user add", "user remove", "user list"].map((name) => `registry ${name}`),
  ...["copy", "tags", "delete", "repo index", "version"],
];

describe("help", () => {
  onBench("of every command goes to standard output, with 0, and shows an example", async (bench) => {
    for (const command of commands) {
      const words = command.split(" ");
      const { stdout, stderr, exitCode } = await bench.run("chartroom", [...words, "--help"]);
      expect([command, exitCode, stderr]).toEqual([command, 0, ""]);
      expect(stdout).toStartWith(`Usage: chartroom ${command}`);
      expect(stdout).toContain(`\nExamples:\n  $ chartroom ${command}`);
      expect(await bench.done("chartroom", [...words, "-h"])).toBe(stdout);
      expect(await bench.done("chartroom", ["help", ...words])).toBe(stdout);
    }
  });

  onBench("is what a group prints that stands alone, the program too, with its commands", async (bench) => {
    for (const [group, command] of [
      [[], "registry"],
      [["chart"], "save"],
      [["registry"], "login"],
      [["registry", "user"], "add"],
    ] as const) {
      const help = await bench.done("chartroom", group);
      expect(help).toMatch(new RegExp(`^  ${command}\\b`, "m"));
      expect(await bench.done("chartroom", [...group, "--help"])).toBe(help);
      expect(await bench.done("chartroom", [...group, "help"])).toBe(help);
      expect(await bench.done("chartroom", ["help", ...group])).toBe(help);
    }
    expect(await bench.done("chartroom", ["chart", "help", "ls"])).toStartWith(
      "Usage: chartroom chart list|ls",
    );
  });

  onBench("has topics, and fits a terminal of 80 columns", async (bench) => {
    expect(await bench.done("chartroom", ["help", "exit-codes"])).toMatch(/^ {2}130 {2}interrupted/m);
    expect(await bench.done("chartroom", ["help", "environment"])).toContain("CHARTROOM_STORE");
    for (const topic of [
      "",
      "chart",
      "registry",
      "registry user",
      "repo",
      "exit-codes",
      "environment",
      ...commands,
    ]) {
      const help = await bench.done("chartroom", ["help", ...topic.split(" ").filter(Boolean)]);
      expect([topic, help.split("\n").filter((line) => line.length > 80)]).toEqual([topic, []]);
    }
  });

  onBench("for a command that is none is a usage error", async (bench) => {
    expect(await refused(bench, "help", "chart", "sav")).toEqual({
      exitCode: 2,
      message: 'unknown command "sav"',
      hint: "Did you mean save?",
    });
    expect(await refused(bench, "help", "bogus")).toMatchObject({ exitCode: 2 });
  });
});

describe("options", () => {
  onBench("that every command has may stand before, between and after its name", async (bench) => {
    await save(bench);
    for (const args of [
      ["-q", "chart", "list"],
      ["chart", "-q", "list"],
      ["chart", "list", "-q"],
    ])
      expect(await bench.done("chartroom", args)).toBe(`${ref}\n`);
  });

  onBench("--plain-http takes no reference for its value, wherever it stands", async (bench) => {
    const { host } = await bench.chartroom();
    const name = `${host}/a/b:1`;
    await save(bench, name);
    for (const args of [
      ["chart", "push", "--plain-http", name],
      ["chart", "push", name, "--plain-http"],
      ["--plain-http", "chart", "pull", name],
      ["chart", "pull", "--plain-http=true", name],
    ])
      await bench.done("chartroom", args);
  });

  onBench("of the store go before the environment", async (bench) => {
    const env = { CHARTROOM_STORE: bench.path("from-environment") };
    await bench.done("chartroom", ["chart", "save", "mychart", ref], { env });
    await bench.done("chartroom", ["chart", "save", "mychart", `${ref}-2`, "--store", "from-flag"], { env });
    expect(await bench.done("chartroom", ["chart", "list", "-q", "--store", "from-environment"])).toBe(
      `${ref}\n`,
    );
    expect(await bench.done("chartroom", ["chart", "list", "-q", "--store", "from-flag"])).toBe(`${ref}-2\n`);
    expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe("");
  });
});

onBench("the version is one line, and an object for machines", async (bench) => {
  const version = await bench.done("chartroom", ["--version"]);
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(await bench.done("chartroom", ["version", "-q"])).toBe(version);
  expect(await bench.done("chartroom", ["version"])).toStartWith(`chartroom ${version.trim()} (`);
});
