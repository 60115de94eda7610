import { ChartroomError } from "../oci/errors.ts";
import { limiter } from "../oci/limiter.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { explain } from "./exit.ts";
import { forPeople, print } from "./output.ts";
import { formatOne, isBelow, namedIn, targetIn, type What } from "./place.ts";
import { type Job, type Transferred, type Transfers, transfer } from "./transfer.ts";
import { jsonOf, lineOf, quietOf } from "./transferred.ts";
import { countOf, printable } from "./words.ts";

/** References on their way at once: a chart is small, and most of its time is waiting for answers. */
const parallel = 4;

/** One of many that could not be copied. */
interface Failed extends Job {
  readonly error: unknown;
}

/** Every reference of the source as a job, or why a repository's cannot be told. */
export async function* jobsOf(
  { source }: Transfers,
  src: string,
  from: What,
  to: What,
): AsyncGenerator<Job | Failed> {
  if (from === undefined || (!isBelow(from) && (from.tag ?? from.digest) !== undefined))
    throw new ChartroomError("usage", `Cannot copy all tags of "${src}": expected a repository alone`);
  const prefix = isBelow(from) ? from.prefix : "";
  const job = (one: Job["source"]): Job => ({ source: one, target: targetIn(to, one, prefix) });
  for await (const { repository, names } of source.list(from))
    try {
      for (const named of await names()) yield job(namedIn(repository, named));
    } catch (error) {
      yield { ...job({ repository }), error };
    }
}

/** Copy all, tell of each in their order, and count. Gives how many there were. */
export async function copyMany(
  transfers: Transfers,
  jobs: AsyncIterable<Job | Failed>,
  options: GlobalOptions,
  context: Context,
): Promise<number> {
  const limit = limiter(parallel);
  const under: Promise<Transferred | Failed>[] = [];
  for await (const job of jobs)
    under.push(
      "error" in job
        ? Promise.resolve(job)
        : limit(() => transfer(transfers, job).catch((error: unknown) => ({ ...job, error }))),
    );
  const ended: (Transferred | Failed)[] = [];
  const say = (write: (text: string) => void, line: string) => {
    transfers.progress.clear();
    write(printable(line));
  };
  for (const each of under) {
    const one = await each;
    context.signal.throwIfAborted();
    ended.push(one);
    if (!("error" in one)) {
      if (forPeople(options)) say(context.write, lineOf(one));
    } else if (options.output !== "json")
      say(context.tell, `Error: ${formatOne(one.source)}: ${explain(one.error).message}\n`);
  }
  if (ended.length === 0) return 0;
  const counts = new Map<string, number>();
  for (const one of ended) {
    const status = "error" in one ? "failed" : one.status;
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  const words = { copied: "copied", "dry-run": "to copy", exists: "already there", failed: "failed" };
  const summary = Object.entries(words).flatMap(([status, says]) =>
    counts.has(status) ? [`${counts.get(status)} ${says}`] : [],
  );
  transfers.progress.clear();
  print(context, options, {
    text: `${summary.join(", ")}\n`,
    json: ended.map((one) => ("error" in one ? failureOf(one) : jsonOf(one))),
    quiet: ended.flatMap((one) => ("error" in one ? [] : [quietOf(one)])).join("\n") || undefined,
  });
  const failed = counts.get("failed") ?? 0;
  if (failed > 0)
    throw new ChartroomError(
      "invalid",
      `${failed} of ${countOf(ended.length, "reference")} could not be copied`,
      {
        hint: "Run it again to go on: what is there is not sent again.",
      },
    );
  return ended.length;
}

const failureOf = ({ source, error }: Failed) => {
  const { code, message } = explain(error);
  return { source: formatOne(source), error: { code, message } };
};
