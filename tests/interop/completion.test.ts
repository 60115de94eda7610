import { expect } from "bun:test";
import { cp, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { example, save } from "../cli/cli.ts";
import { chartroom } from "../programs.ts";
import { type Bench, interop } from "./support.ts";

type Shell = "bash" | "zsh" | "fish";

/** How each shell starts without the user's files, with our script loaded by one of the ways that it names. */
const starts: Record<Shell, (bench: Bench) => Promise<string[]>> = {
  bash: async (bench) => {
    const file = bench.path("bashrc");
    await Bun.write(file, "source <(chartroom completion bash)\nPS1='ready> '\n");
    return ["--noprofile", "--rcfile", file, "-i"];
  },
  zsh: async (bench) => {
    const script = await bench.done("chartroom", ["completion", "zsh"]);
    await Bun.write(bench.path("functions/_chartroom"), script);
    await Bun.write(
      bench.path("home/.zshrc"),
      `fpath=(${bench.path("functions")} $fpath)\nautoload -U compinit; compinit -u -D\nPS1='ready> '\n`,
    );
    return ["-d", "-i"]; // without the machine's files
  },
  fish: async () => [
    "--no-config",
    "-C",
    "chartroom completion fish | source; function fish_prompt; echo -n 'ready> '; end",
    "-i",
  ],
};

/**
 * Type each line in a shell, its TABs too, and have the shell write down what stands on its command line then: Ctrl-A goes
 * before it, Ctrl-E behind. What a shell adds for the next word, a blank or a `/`, is left out: zsh takes it back.
 */
async function completed(bench: Bench, shell: Shell, typed: readonly string[]): Promise<string[]> {
  const keys = [...typed.map((line) => `${line}\x01echo "\x05" >> lines\r`), "exit\r"].join("");
  const env = { PATH: `${dirname(chartroom)}:${process.env.PATH}`, TERM: "xterm" };
  await bench.onTerminal(shell, await starts[shell](bench), { prompt: "ready> ", keys, env });
  const written = await readFile(bench.path("lines"), "utf8");
  return written.split("\n").map((line) => line.replace(/[ /]$/, ""));
}

for (const shell of ["bash", "zsh", "fish"] as const)
  interop(
    `${shell} completes commands, options, files, references and a registry's tags`,
    [shell],
    async (bench) => {
      const { host } = await bench.chartroom();
      await cp(example, bench.path("my chart"), { recursive: true });
      for (const ref of [`${host}/a/mychart:2.7.0`, `${host}/b/mychart:1`])
        await save(bench, ref, "my chart");
      await bench.done("chartroom", ["chart", "push", `${host}/a/mychart:2.7.0`]);
      await bench.done("chartroom", ["chart", "remove", `${host}/a/mychart:2.7.0`]);
      await save(bench, `${host}/a/mychart:3.0`, "my chart");

      const expected: Record<string, string> = {
        "chartroom cha\t": "chartroom chart",
        "chartroom chart pus\t": "chartroom chart push",
        "chartroom chart list --dry\t": "chartroom chart list --dry",
        "chartroom chart prune --dry\t": "chartroom chart prune --dry-run",
        "chartroom chart list -o j\t": "chartroom chart list -o json",
        "chartroom chart list --output=j\t": "chartroom chart list --output=json",
        "chartroom chart save my\t": "chartroom chart save my\\ chart",
        "chartroom chart push --store my\t": "chartroom chart push --store my\\ chart",
        "chartroom chart push --store=my\t": "chartroom chart push --store=my\\ chart",
        "chartroom copy layout:my\t": "chartroom copy layout:my\\ chart",
        "chartroom registry serve --tls-key=my\t": "chartroom registry serve --tls-key=my\\ chart",
        "chartroom chart push my\t": "chartroom chart push my",
        [`chartroom chart push ${host.slice(0, 5)}\t`]: `chartroom chart push ${host}`,
        [`chartroom chart push ${host}/b\t`]: `chartroom chart push ${host}/b/mychart:1`,
        [`chartroom chart push ${host}/a/mychart:\t`]: `chartroom chart push ${host}/a/mychart:3.0`,
        [`chartroom chart tag x ${host}/b\t`]: `chartroom chart tag x ${host}/b/mychart:`,
        [`chartroom chart pull ${host}/a/mychart:\t`]: `chartroom chart pull ${host}/a/mychart:2.7.0`,
        "chartroom chart pull 127.0.0.1:9/a/b:\t": "chartroom chart pull 127.0.0.1:9/a/b:",
        "chartroom help exit\t": "chartroom help exit-codes",
      };
      const lines = await completed(bench, shell, Object.keys(expected));
      expect(lines).toEqual([...Object.values(expected), ""]);
    },
  );
