import { describe, expect } from "bun:test";
<<<<<<< HEAD
import { onBench, ref, refusalOf, save } from "./cli.ts";

/** Every command there is. */
=======
import { onBench, ref, refused, save } from "./cli.ts";

>>>>>>> d04697da8ae7f7680aac204c87532085e820e65f
const commands = [
  ...["save", "list", "export", "push", "pull", "remove", "tag", "prune", "check"].map(
    (name) => `chart ${name}`,
  ),
  ...["login", "logout", "serve", "user add", "user remove", "user list"].map((name) => `registry ${name}`),
  "version",
<<<<<<< HEAD
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
=======
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
>>>>>>> d04697da8ae7f7680aac204c87532085e820e65f
});
