import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { ChartroomError } from "../oci/errors.ts";
import type { Context } from "./context.ts";
import type { KeyListener } from "./keys.ts";
import { ask } from "./prompt.ts";

const user = { label: "Username: ", secret: false };
const password = { label: "Password: ", secret: true };

/** Ask, and type these chunks, which become keys. */
async function play(
  questions: { label: string; secret: boolean }[],
  ...chunks: (string | "END" | "ABORT")[]
) {
  let shown = "";
  let listening = false;
  let keys: KeyListener | undefined;
  const stop = new AbortController();
  const context = {
    terminal: { stdin: true, stdout: true, stderr: true },
    tell: (text: string) => {
      shown += text;
    },
    listenToKeys: (listener: KeyListener) => {
      keys = listener;
      listening = true;
      return () => {
        listening = false;
      };
    },
    signal: stop.signal,
  } as unknown as Context;
  const asked = ask(questions, "Use flags.", {}, context).catch((error: ChartroomError) => error.code);
  for (const chunk of chunks) {
    if (chunk === "END") keys?.ended();
    else if (chunk === "ABORT") stop.abort();
    else keys?.typed(chunk);
  }
  return { answers: await asked, shown, listening };
}

test.each([
  ["plain", ["secret\r"], "secret"],
  ["letter by letter", [..."sécret", "\n"], "sécret"],
  ["backspace", ["\x7fsex\x7f\bcret\r"], "scret"],
  ["backspace over more than a byte", ["a😀\x7fb\r"], "ab"],
  ["Ctrl-U", ["wrong\x15right\r"], "right"],
  ["Ctrl-D after text", ["text\x04"], "text"],
  ["arrows, function keys and other control characters", ["a\x1b[A\x1b[1;5Cb\x1bOP\x01\x1a\tc\x1b\r"], "abc"],
  ["nothing", ["\r"], ""],
])("a password with %s", async (_, chunks, answer) => {
  expect(await play([password], ...chunks)).toEqual({
    answers: [answer],
    shown: "Password: \n",
    listening: false,
  });
});

test("a name is shown as it is typed, a password never; what is typed ahead counts", async () => {
  const { answers, shown } = await play([user, password], "anna\x7f\x7fb", "\rsecret\rmore");
  expect(answers).toEqual(["anb", "secret"]);
  expect(shown).toBe("Username: anna\b \b\b \bb\nPassword: \n");
});

test.each([
  ["Ctrl-C", "\x03", "interrupted"],
  ["a signal", "ABORT", "interrupted"],
  ["Ctrl-D on an empty line", "\x04", "usage"],
  ["the end of the input", "END", "usage"],
])("%s stops it, and the terminal is let go", async (_, chunk, code) => {
  const typed = chunk === "\x04" ? [] : ["sec"];
  expect(await play([password], ...typed, chunk)).toEqual({
    answers: code as never,
    shown: "Password: \n",
    listening: false,
  });
});

test("without a terminal, and with -o json, nobody is asked and the flag is named", async () => {
  for (const [stdin, stderr, output] of [
    [false, true, "table"],
    [true, false, "table"],
    [true, true, "json"],
  ] as const) {
    const context = { terminal: { stdin, stderr, stdout: true } } as Context;
    const error = await ask([user, password], "Use flags.", { output }, context).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ChartroomError);
    expect(error).toMatchObject({ code: "usage", hint: "Use flags." });
    expect(error.message).toStartWith("Cannot ask for username and password: ");
  }
});

// The same on a real terminal: a program that asks, with its terminal's settings told before, while and after.
const script = `
import { ask } from ${JSON.stringify(join(import.meta.dir, "prompt.ts"))};
import { processContext } from ${JSON.stringify(join(import.meta.dir, "process.ts"))};
console.log("pid " + process.pid);
const answers = await ask([{ label: "Password: ", secret: true }], "", {}, processContext()).catch((e) => e.code);
console.log("got", JSON.stringify(answers));
if (answers === "interrupted") process.exitCode = 130;
`;
const stty = process.platform === "win32" ? null : Bun.which("stty");

test.if(stty !== null)(
  "on a real terminal nothing is echoed, and it is set back however it ends",
  async () => {
    // The shell shares the terminal and lives on: it tells whether echo is back.
    const shell = `"$0" -e "$1"; code=$?; stty -a | grep -o -- '-\\?echo\\b'; echo "code $code"; read line; echo "line $line"`;
    for (const [keys, signal, expected] of [
      ["sesame\r", undefined, ['got ["sesame"]', "echo", "code 0"]],
      ["ses\x03", undefined, ['got "interrupted"', "echo", "code 130"]],
      // Without keys: those that were not read when the signal comes are the shell's, and echoed by it.
      ["", "SIGTERM", ['got "interrupted"', "echo", "code 130"]],
      ["", "SIGHUP", ["echo", "code 129"]],
    ] as const) {
      let screen = "";
      let told: () => void = () => {};
      const until = async (text: string) => {
        while (!screen.includes(text)) await new Promise<void>((resolve) => (told = resolve));
      };
      const child = Bun.spawn(["sh", "-c", shell, process.execPath, script], {
        cwd: dirname(import.meta.dir),
        terminal: {
          data: (_terminal, bytes) => {
            screen += new TextDecoder().decode(bytes);
            told();
          },
        },
      });
      try {
        await until("Password: ");
        if (keys !== "") child.terminal?.write(keys);
        if (signal !== undefined) process.kill(Number(/pid (\d+)/.exec(screen)?.[1]), signal);
        await until("code ");
        child.terminal?.write("\r");
        await until("\nline ");
        const lines = screen.split(/\r?\n/);
        for (const line of expected) expect(lines).toContain(line);
        expect(screen).not.toContain("Password: s");
      } finally {
        child.kill();
        child.terminal?.close();
      }
    }
  },
);
