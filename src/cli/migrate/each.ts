import { replaceFile } from "../../files/durable.ts";
import type { Outcome } from "../../migrate/outcome.ts";
import { type Planned, planOf, type Step } from "../../migrate/plan.ts";
import type { OpenIndex } from "../../migrate/source.ts";
import { Ahead } from "../../oci/ahead.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { eachInParallel } from "../../oci/parallel.ts";
import { explain } from "../exit.ts";
import { countOf } from "../words.ts";
import { filtersOf } from "./options.ts";
import { pageOf, type Verb } from "./page.ts";
import { PageCharts } from "./pageCharts.ts";
import { withPlainTags } from "./plainTags.ts";
import type { Prepared } from "./prepared.ts";
import { Report } from "./report.ts";
import type { Summary } from "./told.ts";

/** Charts on their way at once: a chart is small, and most of its time is waiting for answers. */
const parallel = 32;
/** Steps that wait at most: of an index that has no more it is known how long it takes. */
const held = 10_000;

/**
 * Do what `verb` says with each step of an index, and tell what became of it, `keep` first.
 * @throws ChartroomError `invalid` at the end when some failed; at once what breaks the index, or the user's stop
 */
export async function each(
  verb: Verb,
  prepared: Prepared,
  { entries }: OpenIndex,
  keep: (outcome: Outcome) => void = () => {},
): Promise<void> {
  const { ends, how, learnings, options, context, shown } = prepared;
  const planning = { naming: ends.naming, met: learnings.met.bind(learnings) };
  // What a filter leaves out costs nothing, and says nothing of how long the rest takes.
  const isStep = (planned: Planned): boolean => "step" in planned;
  const plan = new Ahead(planOf(entries, filtersOf(options), planning), held, isStep);
  let done = 0;
  const advance = () => ({ done, all: plan.count });
  const report = new Report(shown, ends.prefix, options, context, advance);
  const accompany = async ({ repository, row }: Step): Promise<void> => {
    try {
      if (await ends.metadata?.bring(repository, verb === "plan")) report.metadata(repository);
    } catch (error) {
      context.signal.throwIfAborted();
      report.withoutMetadata(row.name, explain(error));
    }
  };
  const plain = ends.works({ ...how, accompany });
  const works = options.plainTags ? withPlainTags(plain, ends.target) : plain;
  const work = (step: Step): Promise<Outcome> =>
    works[verb](step).catch((error: unknown) => {
      context.signal.throwIfAborted();
      return { step, tag: step.tag, status: "failed", error: explain(error), notes: [] };
    });
  const one = async (planned: Planned): Promise<void> => {
    if ("filtered" in planned) return report.filtered(planned.filtered);
    if ("leftOut" in planned) return report.leftOut(planned.leftOut);
    if ("bad" in planned) return report.failed(planned.bad.chart, planned.bad.error);
    const outcome = await work(planned.step);
    keep(outcome);
    report.outcome(outcome);
    if (outcome.status === "planned") await accompany(outcome.step);
  };
  let broken: { error: unknown } | undefined;
  try {
    await eachInParallel(plan, parallel, async (planned) => {
      await one(planned);
      if (isStep(planned)) done++;
    });
    for (const brought of learnings.unmet()) report.gone(brought);
  } catch (error) {
    broken = { error };
  } finally {
    report.close();
  }
  if (context.signal.aborted) report.stop();
  context.signal.throwIfAborted();
  const summary = report.summary();
  const { gone = 0, failed = 0, conflict = 0, ...rest } = summary.counts;
  const there = Object.values(rest).reduce((sum, count) => sum + count, summary.filtered);
  const all = there + failed + conflict;
  if (all + gone > 0) report.print();
  await writePage(verb, prepared, summary, report.page);
  if (broken !== undefined) throw broken.error;
  if (all === 0)
    throw new ChartroomError("not_found", "Nothing to migrate: the source has no charts", {
      hint: ends.hint,
    });
  if (failed + conflict > 0)
    throw new ChartroomError("invalid", `${failed + conflict} of ${countOf(all, "chart version")} failed`, {
      hint: "What is there is not moved again: mend what is named, and run it again.",
    });
}

/** Write the page about it where one is wanted. @throws node's error */
export async function writePage(
  verb: Verb,
  { reportPath, context }: Prepared,
  summary: Summary,
  charts = new PageCharts(),
): Promise<void> {
  if (reportPath === undefined) return;
  const page = new TextEncoder().encode(pageOf(summary, charts, verb, context.now()));
  await replaceFile(context.fs, reportPath, page, { temporary: `${reportPath}.${crypto.randomUUID()}` });
}
