import type { Context } from "../cli/context.ts";
import { run } from "../cli/run.ts";
import { type FileSystem, nodeFileSystem } from "../files/filesystem.ts";

/** What a test gives a command of the world. */
export interface TestWorld {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on standard input, which is no terminal. */
  readonly input?: string | Uint8Array;
  /** What is typed on standard input, which is a terminal then, like standard error. */
  readonly keys?: string;
  readonly signal?: AbortSignal;
  /** The machine's unless told. */
  readonly fs?: FileSystem;
}

/** What a command line did. */
export interface Played {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run one command line of ours in this process, with nothing of the user's in its world. */
export async function play(argv: readonly string[], world: TestWorld): Promise<Played> {
  const said = { stdout: "", stderr: "" };
  const terminal = world.keys !== undefined;
  const context: Context = {
    env: { HOME: world.cwd, ...world.env },
    cwd: world.cwd,
    platform: "linux",
    fs: world.fs ?? nodeFileSystem,
    write: (text) => {
      said.stdout += text;
    },
    tell: (text) => {
      said.stderr += text;
    },
    terminal: { stdin: terminal, stdout: false, stderr: terminal },
    readInput: async () =>
      typeof world.input === "string" ? Buffer.from(world.input) : (world.input ?? new Uint8Array()),
    listenToKeys: ({ typed }) => {
      queueMicrotask(() => typed(world.keys ?? ""));
      return () => {};
    },
    signal: world.signal ?? new AbortController().signal,
    now: () => Date.now(),
  };
  return { exitCode: await run(argv, context), ...said };
}
