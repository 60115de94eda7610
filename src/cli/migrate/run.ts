import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { version } from "../../../package.json";
import { Journal, Learnings } from "../../migrate/journal.ts";
import type { Outcome } from "../../migrate/outcome.ts";
import { type Planned, planOf, type Step } from "../../migrate/plan.ts";
import { rememberedIndex, rememberIndex } from "../../migrate/remembered.ts";
import type { OpenIndex } from "../../migrate/source.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { limiter } from "../../oci/limiter.ts";
import { eachInParallel } from "../../oci/parallel.ts";
import type { Context } from "../context.ts";
import { explain } from "../exit.ts";
import { compileEagerly } from "../jit.ts";
import { print } from "../output.ts";
import { stateDirectory } from "../state.ts";
import { countOf } from "../words.ts";
import { type Ends, openEnds } from "./ends.ts";
import { filtersOf, type MigrateOptions } from "./options.ts";
import { Report } from "./report.ts";

/** Charts on their way at once: a chart is small, and most of its time is waiting for answers. */
const parallel = 32;
/** Archives that are unpacked at once, for memory's sake: it is one thread that unpacks. */
const openings = 4;

type Words = readonly string[];

/** `migrate [run] SOURCE TARGET`: each version of an index into the target. */
export async function runMigration(words: Words, options: MigrateOptions, context: Context): Promise<void> {
  if (options.dryRun) return planMigration(words, options, context);
  const { works, learnings, ends, journalPath, remembered, what } = await prepared(words, options, context);
  const index = await ends.source.index(await rememberedIndex(context.fs, remembered, what));
  if (index === undefined) return unchanged(words, ends, options, context);
  const journal = await Journal.open(context.fs, journalPath);
  try {
    const keep = (outcome: Outcome) => {
      const { status, archive, step } = outcome;
      const isKnown = archive === step.row.digest || learnings.find(step) !== undefined;
      if (status !== "exists" || !isKnown) journal.write(outcome, context.now());
    };
    await each(words, ends, index, options, context, works.run, keep);
  } finally {
    await journal.close();
  }
  if (index.version !== undefined) await rememberIndex(context.fs, remembered, what, index.version);
}

/** `migrate plan SOURCE TARGET`: what `run` would do; nothing is written. */
export async function planMigration(words: Words, options: MigrateOptions, context: Context): Promise<void> {
  const { works, ends } = await prepared(words, options, context);
  const index = await ends.source.index();
  if (index !== undefined) await each(words, ends, index, options, context, works.plan);
}

/** `migrate verify SOURCE TARGET`: each version of an index against what the target has. */
export async function verifyMigration(
  words: Words,
  options: MigrateOptions,
  context: Context,
): Promise<void> {
  const { works, ends } = await prepared(words, options, context);
  const index = await ends.source.index();
  if (index !== undefined) await each(words, ends, index, options, context, works.verify);
}

async function prepared([source = "", target = ""]: Words, options: MigrateOptions, context: Context) {
  compileEagerly();
  filtersOf(options); // wrong words are told before anything is asked
  const ends = await openEnds(source, target, options, context);
  const key = hashed(source, ends.prefix).slice(0, 16);
  const journalPath =
    options.journal === undefined
      ? join(stateDirectory(context), "migrations", `${key}.jsonl`)
      : resolve(context.cwd, options.journal);
  const learnings = await Learnings.read(context.fs, journalPath);
  const works = ends.works({
    learnings,
    onConflict: options.onConflict,
    onMismatch: options.onDigestMismatch,
    openings: limiter(openings),
    signal: context.signal,
  });
  const { chart, exclude, versions, since, latest, skipPrerelease, skipDeprecated, ...rest } = options;
  const filters = [chart, exclude, versions, since, latest, skipPrerelease, skipDeprecated];
  const how = [rest.onConflict, rest.onDigestMismatch, rest.baseUrl, rest.rewriteUrls, rest.store];
  const what = hashed(version, source, ends.prefix, filters, how);
  return { works, learnings, ends, journalPath, remembered: `${journalPath}.index`, what };
}

/**
 * Do `work` on each step of an index, and tell what became of it, `keep` first.
 * @throws ChartroomError `invalid` at the end when some failed; at once what breaks the index, or the user's stop
 */
async function each(
  [source = ""]: Words,
  { prefix, naming, hint }: Ends,
  { entries }: OpenIndex,
  options: MigrateOptions,
  context: Context,
  work: (step: Step) => Promise<Outcome>,
  keep: (outcome: Outcome) => void = () => {},
): Promise<void> {
  const report = new Report(prefix, options, context);
  const one = async (planned: Planned): Promise<void> => {
    if ("filtered" in planned) return report.filtered(planned.filtered);
    if ("leftOut" in planned) return report.leftOut(planned.leftOut);
    if ("bad" in planned) return report.failed(planned.bad.chart, planned.bad.error);
    const { step } = planned;
    const outcome = await work(step).catch((error: unknown) => {
      context.signal.throwIfAborted();
      return { step, tag: step.tag, status: "failed" as const, error: explain(error), notes: [] };
    });
    keep(outcome);
    report.outcome(outcome);
  };
  let broken: { error: unknown } | undefined;
  try {
    await eachInParallel(planOf(entries, filtersOf(options), naming), parallel, one);
  } catch (error) {
    broken = { error };
  } finally {
    report.close();
  }
  context.signal.throwIfAborted();
  const { failed, all } = report.end(withoutSecrets(source));
  if (broken !== undefined) throw broken.error;
  if (all === 0)
    throw new ChartroomError("not_found", "Nothing to migrate: the source has no charts", { hint });
  if (failed > 0)
    throw new ChartroomError("invalid", `${failed} of ${countOf(all, "chart version")} failed`, {
      hint: "What is there is not moved again: mend what is named, and run it again.",
    });
}

function unchanged([source = ""]: Words, { prefix }: Ends, options: MigrateOptions, context: Context): void {
  print(context, options, {
    text: "the index has not changed since all of it was migrated\n",
    json: {
      source: withoutSecrets(source),
      target: prefix,
      counts: {},
      bytes: 0,
      renamed: {},
      charts: [],
      unchanged: true,
    },
    quiet: undefined,
  });
}

/** What stands for some words in files and their names, which need not tell a URL's secrets. */
const hashed = (...words: unknown[]): string =>
  createHash("sha256").update(JSON.stringify(words)).digest("hex");

/** A query may be what signs a repository's URLs. */
const withoutSecrets = (source: string): string =>
  /^https?:/i.test(source) ? source.replace(/[?#].*$/s, "") : source;
