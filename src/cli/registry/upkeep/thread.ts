import { ChartroomError } from "../../../oci/errors.ts";
import type { Explanation } from "../../exit.ts";
import type { Answer, Job, Outcome, Question, Told } from "./job.ts";

// In a compiled binary a worker is an entry point of its own, found beside the first one and not beside this module.
const entry = import.meta.url.includes("$bunfs")
  ? "./cli/registry/upkeep/worker.ts"
  : new URL("./worker.ts", import.meta.url).href;

/**
 * Do a job in a thread of its own. When the signal is aborted it stops where it is and leaves what can be gone on with.
 * @throws what the job throws, as a ChartroomError; the signal's reason
 */
export async function inThread<J extends Job>(
  job: J,
  tell: (told: Told) => void,
  signal: AbortSignal,
): Promise<Outcome<J>> {
  signal.throwIfAborted();
  const worker = new Worker(entry);
  const ask = (question: Question) => worker.postMessage(question);
  const stop = () => ask({ kind: "stop" });
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<J>>();
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    if (data.kind === "told") tell(data.told);
    else if (data.kind === "done") resolve(data.done as Outcome<J>);
    else reject(errorOf(data.failure));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  worker.addEventListener("close", () => reject(new Error("the thread ended before it was through")));
  signal.addEventListener("abort", stop);
  try {
    ask({ kind: "job", job });
    return await promise;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    worker.terminate();
  }
}

/** A failure that came from elsewhere, as an error again. */
export const errorOf = ({ code, message, hint }: Explanation): ChartroomError =>
  new ChartroomError(code, message, hint === undefined ? {} : { hint });
