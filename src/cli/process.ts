import { promptFileSystem } from "../files/promptFileSystem.ts";
import type { Context } from "./context.ts";
import { listenToKeys } from "./keys.ts";
import { isTerminal, writeStandard } from "./standardStreams.ts";

/**
 * The real world as a `Context`. The first Ctrl-C or SIGTERM aborts the command, which then leaves a state that can be
 * gone on with; a second one ends the process at once.
 */
export function processContext(): Context {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(130);
      interrupted.abort();
    });
  return {
    env: process.env,
    cwd: process.cwd(),
    platform: process.platform,
    fs: promptFileSystem,
    write: (text) => writeStandard(1, text),
    tell: (text) => writeStandard(2, text),
    terminal: {
      get stdin() {
        return isTerminal(0);
      },
      get stdout() {
        return isTerminal(1);
      },
      get stderr() {
        return isTerminal(2);
      },
    },
    get columns() {
      return (isTerminal(1) && process.stdout.columns) || undefined; // 0 where a terminal does not know
    },
    readInput: async () => {
      const { addAbortSignal } = await import("node:stream");
      const chunks: Uint8Array[] = [];
      for await (const chunk of addAbortSignal(interrupted.signal, process.stdin)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    listenToKeys: (listener) => listenToKeys(process.stdin, listener),
    restart,
    signal: interrupted.signal,
    now: () => Date.now(),
  };
}

/** A name of an open file that is none of the standard streams, as a shell's `<(…)` is. */
const openFile = /\/(dev|proc\/\w+)\/fd\/(?![012]\b)/;

/**
 * The binary alone: Bun with a script takes other arguments, and Windows has no such call. Bun closes what is open (1.4.5), so nothing is done
 * where something names it; and where the call fails, since the binary went away or may not be run, the process goes on as it is.
 */
function restart(env: Context["env"]): void {
  if (!import.meta.url.includes("$bunfs")) return;
  if ([...process.argv, ...Object.values(env)].some((each) => openFile.test(each ?? ""))) return;
  try {
    process.execve?.(process.execPath, [process.argv0, ...process.argv.slice(2)], { ...env });
  } catch {
    return;
  }
}
