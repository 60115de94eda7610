import { expect, test } from "bun:test";
import { play } from "../../testing/context.ts";

/** What `completion SHELL` prints. */
async function scriptOf(shell: string): Promise<string> {
  const { exitCode, stdout } = await play(["completion", shell], { cwd: "/" });
  expect(exitCode).toBe(0);
  return stdout;
}

for (const shell of ["bash", "zsh", "fish", "powershell"])
  test(`the script for ${shell} says where it goes, and asks for everything at the TAB`, async () => {
    const script = await scriptOf(shell);
    expect(script).toContain(`chartroom completion ${shell}`);
    expect(script).toContain("__complete");
    // No second list of commands: nothing in it names one.
    expect(script).not.toMatch(/\b(push|pull|login|--store)\b/);
  });

test("another shell is a usage error that names those there are", async () => {
  const { exitCode, stderr } = await play(["completion", "tcsh"], { cwd: "/" });
  expect(exitCode).toBe(2);
  expect(stderr).toContain("bash, zsh, fish, powershell");
});

// PowerShell is no Debian package: its script is not run here. What can be seen without it is.
test("PowerShell's script closes what it opens, and completes by the native completer's three parameters", async () => {
  const script = await scriptOf("powershell");
  const code = script.replace(/^\s*#.*$/gm, "").replace(/'[^']*'|"[^"]*"/g, "''");
  const open: string[] = [];
  const pairs: Record<string, string> = { ")": "(", "}": "{", "]": "[" };
  for (const [letter] of code.matchAll(/[(){}[\]]/g)) {
    if (letter in pairs) expect(open.pop()).toBe(pairs[letter]);
    else open.push(letter);
  }
  expect(open).toEqual([]);
  expect(code).toMatch(/Register-ArgumentCompleter -Native -CommandName '' -ScriptBlock \{\s+param\(/);
  expect(code).toContain("param($wordToComplete, $commandAst, $cursorPosition)");
  const assigned = new Set(
    [...code.matchAll(/\$(\w+)(?:, \$(\w+))? =|param\(([^)]*)|foreach \(\$(\w+)/g)].flatMap((match) =>
      match.slice(1).flatMap((names) => names?.match(/\w+/g) ?? []),
    ),
  );
  const used = [...code.matchAll(/\$(\w+)/g)].map(([, name = ""]) => name);
  expect(
    used.filter((name) => !assigned.has(name) && !["_", "null", "PSVersionTable"].includes(name)),
  ).toEqual([]);
});
