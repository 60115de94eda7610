import { Journal } from "../../migrate/journal.ts";
import type { Outcome } from "../../migrate/outcome.ts";
import { forgetIndex, rememberedIndex, rememberIndex } from "../../migrate/remembered.ts";
import type { Context } from "../context.ts";
import { print } from "../output.ts";
import { each, writePage } from "./each.ts";
import type { MigrateOptions } from "./options.ts";
import type { Verb } from "./page.ts";
import { type Prepared, prepared } from "./prepared.ts";
import { jsonOf, type Summary } from "./told.ts";

type Words = readonly string[];

/** `migrate [run] SOURCE TARGET`: each version of an index into the target. */
export async function runMigration(words: Words, options: MigrateOptions, context: Context): Promise<void> {
  if (options.dryRun) return planMigration(words, options, context);
  const migration = await prepared(words, options, context);
  const { ends, learnings, journalPath, what } = migration;
  const remembered = rememberedBeside(journalPath);
  // A provenance file comes without a word in the index.
  const known = options.lateProvenance ? undefined : await rememberedIndex(context.fs, remembered, what);
  const index = await ends.source.index(known);
  if (index === undefined) return unchanged(migration);
  const journal = await Journal.open(context.fs, journalPath);
  try {
    const keep = (outcome: Outcome) => {
      const { status, archive, step } = outcome;
      const isLearned = archive === step.row.digest || learnings.find(step) !== undefined;
      if (status !== "exists" || !isLearned || !learnings.hasBrought(step.row))
        journal.write(outcome, context.now());
    };
    await each("run", migration, index, keep);
  } finally {
    await journal.close();
  }
  if (index.version !== undefined) await rememberIndex(context.fs, remembered, what, index.version);
}

/** `migrate plan SOURCE TARGET`: what `run` would do; nothing is written. */
export const planMigration = async (words: Words, options: MigrateOptions, context: Context): Promise<void> =>
  look("plan", await prepared(words, options, context));

/**
 * `migrate verify SOURCE TARGET`: each version of an index against what the target has. When it misses something, the next
 * run reads the index again, changed or not, and brings that.
 */
export async function verifyMigration(
  words: Words,
  options: MigrateOptions,
  context: Context,
): Promise<void> {
  const migration = await prepared(words, options, context);
  try {
    await look("verify", migration);
  } catch (error) {
    await forgetIndex(context.fs, rememberedBeside(migration.journalPath));
    throw error;
  }
}

async function look(verb: Verb, migration: Prepared): Promise<void> {
  const index = await migration.ends.source.index();
  if (index !== undefined) await each(verb, migration, index);
}

const rememberedBeside = (journalPath: string): string => `${journalPath}.index`;

async function unchanged(migration: Prepared): Promise<void> {
  const { ends, options, context, shown } = migration;
  const nothing = {
    counts: {},
    filtered: 0,
    bytes: 0,
    renamed: {},
    unranged: {},
    dependents: {},
    metadata: [],
    charts: [],
    hints: [],
  };
  const summary: Summary = { source: shown, target: ends.prefix, ...nothing, unchanged: true };
  print(context, options, {
    text: "the index has not changed since all of it was migrated\n",
    json: jsonOf(summary),
    quiet: undefined,
  });
  await writePage("run", migration, summary);
}
