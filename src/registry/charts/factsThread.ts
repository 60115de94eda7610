import type { ReadFacts } from "../../chart/facts.ts";
import type { FactsReply } from "./factsMessages.ts";

/** Archives read by a worker. */
export interface FactsThread {
  readonly read: ReadFacts;
  /** For good: what is being read fails, and so does all that follows. */
  stop(): void;
}

/** How long an archive may take to be read, and how long the worker waits for the next one before it ends, both in ms. */
export interface FactsTimes {
  readonly limit: number;
  readonly idle: number;
}

/** Real charts take a hundredth of a second; the largest that Helm opens, two. */
const usualTimes: FactsTimes = { limit: 30_000, idle: 30_000 };

// As for the catalog's writer: compiled, a worker is found beside the first entry point.
const usualEntry = import.meta.url.includes("$bunfs")
  ? "./registry/charts/factsWorker.ts"
  : new URL("./factsWorker.ts", import.meta.url).href;

/**
 * A thread that reads archives, started when there is one to read. An archive that takes too long, or on which the worker
 * dies, is unreadable; the next one gets another worker. Archives have their turns.
 */
export function factsThread(times: FactsTimes = usualTimes, entry: string = usualEntry): FactsThread {
  let worker: Worker | undefined;
  let resting: ReturnType<typeof setTimeout> | undefined;
  let abandon = () => {};
  const end = () => {
    clearTimeout(resting);
    worker?.terminate();
    worker = undefined;
  };

  let turn: Promise<unknown> = Promise.resolve();
  const ask = (bytes: Uint8Array): Promise<FactsReply> =>
    new Promise((resolve, reject) => {
      worker ??= new Worker(entry);
      const lost = (failed: string) => {
        clearTimeout(limit);
        end();
        resolve({ failed });
      };
      // It is told of no archive that the process ended: the limit's clock would hold that up besides.
      abandon = () => {
        clearTimeout(limit);
        reject(new Error("charts are read no longer"));
      };
      clearTimeout(resting);
      const limit = setTimeout(() => lost(`it took longer than ${times.limit} ms`), times.limit);
      worker.onmessage = ({ data }: MessageEvent<FactsReply>) => {
        clearTimeout(limit);
        resolve(data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        lost(event.message);
      };
      worker.postMessage(bytes);
    });

  return {
    async read(bytes) {
      const answered = turn.then(() => ask(bytes));
      turn = answered;
      const reply = await answered;
      clearTimeout(resting);
      resting = setTimeout(end, times.idle);
      resting.unref();
      return "failed" in reply ? { unreadable: `reading it failed: ${reply.failed}` } : reply;
    },
    stop() {
      end();
      abandon();
    },
  };
}
