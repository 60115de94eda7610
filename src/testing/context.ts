import type { Context } from "../cli/context.ts";
import { run } from "../cli/run.ts";
import { type FileSystem, nodeFileSystem } from "../files/filesystem.ts";

// Commander takes options' twins from the process's environment, past the context: the user's own must not reach a test.
for (const twin of ["STORE", "ADDR", "DATA", "HTPASSWD", "TLS_CERT", "TLS_KEY"])
  delete process.env[`CHARTROOM_${twin}`];
delete process.env.HELM_REGISTRY_CONFIG;

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
  /** How wide the terminal on standard output is; else it is none. */
  readonly columns?: number | undefined;
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
  const exitCode = await run(argv, contextOf(world, said));
  return { exitCode, ...said };
}

/** A world for commands that a test runs in this process; what they write is added to `said`. */
export function contextOf(world: TestWorld, said = { stdout: "", stderr: "" }): Context {
  const terminal = world.keys !== undefined;
  return {
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
    terminal: { stdin: terminal, stdout: world.columns !== undefined, stderr: terminal },
    columns: world.columns,
    readInput: async () =>
      typeof world.input === "string" ? Buffer.from(world.input) : (world.input ?? new Uint8Array()),
    listenToKeys: ({ typed }) => {
      queueMicrotask(() => typed(world.keys ?? ""));
      return () => {};
    },
    restart: () => {},
    signal: world.signal ?? new AbortController().signal,
    now: () => Date.now(),
  };
}
