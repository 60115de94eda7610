import { addAbortSignal } from "node:stream";
import type { Context } from "./context.ts";
import { exitCodes, explain } from "./exit.ts";
import { listenToKeys } from "./keys.ts";

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
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that went away (`| head`) wanted no more: that is no failure. A full disk is one.
    if (error.code === "EPIPE") return;
    const { code, message } = explain(Object.assign(error, { path: "standard output" }));
    process.stderr.write(`Error: ${message}\n`);
    process.exit(exitCodes[code]);
  });
  process.stderr.on("error", () => {}); // nobody is left to be told, and a registry goes on without its log
  return {
    env: process.env,
    cwd: process.cwd(),
    platform: process.platform,
    write: (text) => void process.stdout.write(text),
    tell: (text) => void process.stderr.write(text),
    terminal: {
      stdin: process.stdin.isTTY === true,
      stdout: process.stdout.isTTY === true,
      stderr: process.stderr.isTTY === true,
    },
    columns: process.stdout.columns,
    readInput: async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of addAbortSignal(interrupted.signal, process.stdin)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    listenToKeys: (listener) => listenToKeys(process.stdin, listener),
    signal: interrupted.signal,
    now: () => Date.now(),
  };
}
