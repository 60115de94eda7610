import { expect, test } from "bun:test";
import { manualPages } from "../../tools/man.ts";
import { type Bench, interop, lines } from "./support.ts";

const pages = manualPages("2026-01-31");

/** The pages as files, for a program that reads those. */
async function written(bench: Bench): Promise<string[]> {
  await Promise.all([...pages].map(([name, text]) => Bun.write(bench.path(name), text)));
  return [...pages.keys()];
}

test("every command has a page, and the same definitions give the same bytes", () => {
  expect([...pages.keys()]).toContain("chartroom.1");
  expect([...pages.keys()]).toContain("chartroom-registry-user-add.1");
  expect([...pages.keys()].filter((name) => name.includes("exit-codes"))).toEqual([]);
  expect(manualPages("2026-01-31")).toEqual(pages);
});

test("hyphens that are typed are ASCII's, wherever roff would print a typographic one", () => {
  for (const text of pages.values()) {
    expect(text.match(/^\\fB.*[^\\]-.*/gm)).toBeNull(); // terms and usage
    expect(text.match(/^ {4}.*[^\\]-.*/gm)).toBeNull(); // examples
    expect(text.match(/(?<![\w\\-])-+\w.*/g)).toBeNull(); // options in sentences
  }
});

interop("mandoc has nothing to say against the manual pages", ["mandoc"], async (bench) => {
  const { stdout, stderr, exitCode } = await bench.run("mandoc", ["-Tlint", ...(await written(bench))]);
  expect({ said: lines(stdout + stderr), exitCode }).toEqual({ said: [], exitCode: 0 });
});

interop("groff neither, and shows what help shows", ["groff"], async (bench) => {
  for (const name of await written(bench)) {
    const { stdout, stderr } = await bench.run("groff", ["-ww", "-man", "-Tascii", "-P-cbou", name]);
    expect([name, stderr]).toEqual([name, ""]);
    // Of all commands one has a hyphen of its own.
    const words = name
      .slice(0, -".1".length)
      .split(/-(?!collect)/)
      .slice(1);
    const help = await bench.done("chartroom", ["help", ...words]);
    const squeezed = stdout.replace(/\s+/g, " ");
    const [, usage = "?"] = /^Usage: (.*)$/m.exec(help) ?? [];
    expect(squeezed).toContain(` SYNOPSIS ${usage} `);
    for (const [option] of help.split("Global Options:")[0]?.matchAll(/--[a-z-]+/g) ?? [])
      expect(squeezed).toContain(option);
    for (const [, example = ""] of help.matchAll(/^ {2}\$ (.*[^\\])$/gm))
      expect(stdout).toContain(`${example}\n`);
  }
});

interop("an example is copied from a page as it was typed", ["mandoc"], async (bench) => {
  await written(bench);
  for (const [page, example] of [
    ["completion", "completion bash > ~/.local/share/bash-completion/completions/chartroom"],
    ["chart-list", "chart list --filter 'localhost:5000/*' -o json"],
  ]) {
    const shown = await bench.done("mandoc", ["-Tutf8", `chartroom-${page}.1`]);
    expect(shown).toContain(`  chartroom ${example}\n`);
  }
});
