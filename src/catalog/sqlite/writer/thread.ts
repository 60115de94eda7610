import type { Failure, Reply, Request } from "./messages.ts";

/** The writer's worker, seen from outside: one question at a time, each answered once. */
export interface Writer {
  /** @param transfer buffers that the request gives away instead of copying */
  ask(request: Request, transfer?: ArrayBuffer[]): Promise<Reply>;
  stop(): void;
}

// In a compiled binary a worker is an entry point of its own, found beside the first one and not beside this module.
const entry = import.meta.url.includes("$bunfs")
  ? "./catalog/sqlite/writer/writer.ts"
  : new URL("./writer.ts", import.meta.url).href;

/** Start the writer. A worker that dies answers `failed` to the question it was at, and to all that follow. */
export function startWriter(): Writer {
  // A heap that begins small: what a batch leaves behind is collected at 1 MiB, in place of 8.
  const worker = new Worker(entry, { smol: true });
  let waiting: ((reply: Reply) => void) | undefined;
  let died: Failure | undefined;

  const answer = (reply: Reply) => {
    waiting?.(reply);
    waiting = undefined;
  };
  const die = (message: string) => {
    died ??= { message, code: undefined };
    answer({ kind: "failed", failure: died });
  };
  worker.onmessage = ({ data }: MessageEvent<Reply>) => answer(data);
  worker.onerror = (event) => {
    event.preventDefault();
    die(`the writer failed: ${event.message}`);
  };
  worker.addEventListener("close", () => die("the writer ended"));

  return {
    ask: (request, transfer = []) =>
      new Promise((resolve) => {
        if (died !== undefined) return resolve({ kind: "failed", failure: died });
        waiting = resolve;
        worker.postMessage(request, transfer);
      }),
    stop: () => worker.terminate(),
  };
}
