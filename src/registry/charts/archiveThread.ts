import type { ReadFacts } from "../../chart/facts.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { ArchiveReply, ArchiveRequest } from "./archiveMessages.ts";

/** Archives read by a worker. */
export interface ArchiveThread {
  readonly read: ReadFacts;
  /** As `chart/templates.ts`. @throws ChartroomError `invalid` */
  templates(bytes: Uint8Array): Promise<string>;
  /** For good: what is being read fails, and so does all that follows. */
  stop(): void;
}

/** How long an archive may take to be read, and how long the worker waits for the next one before it ends, both in ms. */
export interface ArchiveTimes {
  readonly limit: number;
  readonly idle: number;
}

/** Real charts take a hundredth of a second; the largest that Helm opens, two. */
const usualTimes: ArchiveTimes = { limit: 30_000, idle: 30_000 };

// As for the catalog's writer: compiled, a worker is found beside the first entry point.
const usualEntry = import.meta.url.includes("$bunfs")
  ? "./registry/charts/archiveWorker.ts"
  : new URL("./archiveWorker.ts", import.meta.url).href;

/** What came of an archive, or that the worker did not end with it in time. */
type Outcome = ArchiveReply | { readonly failed: string; readonly late: true };

/**
 * A thread that reads archives, started when there is one to read. An archive that takes too long twice, or on which the worker
 * dies, is unreadable; the next one gets another worker. Archives have their turns.
 */
export function archiveThread(times: ArchiveTimes = usualTimes, entry: string = usualEntry): ArchiveThread {
  let worker: Worker | undefined;
  let resting: ReturnType<typeof setTimeout> | undefined;
  let abandon = () => {};
  const end = () => {
    clearTimeout(resting);
    worker?.terminate();
    worker = undefined;
  };

  let turn: Promise<unknown> = Promise.resolve();
  const ask = (request: ArchiveRequest): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      worker ??= new Worker(entry);
      const lost = (outcome: Outcome) => {
        clearTimeout(limit);
        end();
        resolve(outcome);
      };
      // It is told of no archive that the process ended: the limit's clock would hold that up besides.
      abandon = () => {
        clearTimeout(limit);
        reject(new Error("charts are read no longer"));
      };
      clearTimeout(resting);
      const late = { failed: `it took longer than ${times.limit} ms`, late: true } as const;
      const limit = setTimeout(() => lost(late), times.limit);
      worker.onmessage = ({ data }: MessageEvent<ArchiveReply>) => {
        clearTimeout(limit);
        resolve(data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        lost({ failed: event.message });
      };
      worker.postMessage(request);
    });

  const inTurn = async (request: ArchiveRequest): Promise<Outcome> => {
    const answered = turn.then(() => ask(request));
    turn = answered;
    const reply = await answered;
    clearTimeout(resting);
    resting = setTimeout(end, times.idle);
    resting.unref();
    return reply;
  };

  return {
    async read(bytes) {
      const first = await inTurn({ want: "facts", bytes });
      // It is marked for good: that the machine slept meanwhile, or had no time for us, is no archive's fault.
      const reply = "late" in first ? await inTurn({ want: "facts", bytes }) : first;
      if ("facts" in reply) return reply.facts;
      return { unreadable: `reading it failed: ${"failed" in reply ? reply.failed : "it has no facts"}` };
    },
    async templates(bytes) {
      const reply = await inTurn({ want: "templates", bytes });
      if ("json" in reply) return reply.json;
      throw new ChartroomError("invalid", "failed" in reply ? reply.failed : "it has no templates");
    },
    stop() {
      end();
      abandon();
    },
  };
}
