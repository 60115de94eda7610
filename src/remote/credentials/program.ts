import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

/** What is read of a program's output, in bytes. */
const outputLimit = 64 * 1024;

/** The world that a program is run in. */
export interface ProgramOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** In ms. */
  readonly timeout: number;
}

/** A program that could not be run to its end; the message says why, as it follows the program's name. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
}

/** A program's path, looked for in the absolute directories of PATH alone: no working directory runs anything of its own. */
export async function findProgram(name: string, env: ProgramOptions["env"]): Promise<string | undefined> {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  for (const directory of (env.PATH ?? env.Path ?? "").split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    const path = join(directory, file);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}

/**
 * Run a program, without a shell. Its standard error is its own business: nothing of it is shown.
 * @returns its exit code, null when a signal ended it, and what it printed
 * @throws ProgramError when it cannot be started, takes too long or prints too much; the signal's reason
 */
export function runProgram(
  path: string,
  args: readonly string[],
  input: string,
  { env, signal, timeout }: ProgramOptions,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const chunks: Buffer[] = [];
    let size = 0;
    // Few have a helper, and the module takes 2 ms to load.
    const { spawn } = process.getBuiltinModule("node:child_process");
    const child = spawn(path, args, { env: { ...env }, stdio: ["pipe", "pipe", "ignore"] });
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", interrupt);
      act();
    };
    const stop = (reason: unknown) => {
      // Children of its own may live on and hold the pipe: nobody waits for them.
      child.kill("SIGKILL");
      child.stdout.destroy();
      child.unref();
      settle(() => reject(reason));
    };
    const interrupt = () => stop(signal?.reason);
    const timer = setTimeout(() => stop(new ProgramError(`no answer within ${timeout / 1000} s`)), timeout);
    signal?.addEventListener("abort", interrupt, { once: true });
    child.on("error", (cause) => stop(new ProgramError(cause.message)));
    child.stdout.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > outputLimit) stop(new ProgramError(`it printed more than ${outputLimit / 1024} KiB`));
    });
    child.on("close", (code) => settle(() => resolve({ code, output: Buffer.concat(chunks).toString() })));
    child.stdin.on("error", () => {}); // it need not read what it is told
    child.stdin.end(input);
  });
}
