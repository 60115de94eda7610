import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { version } from "../../../package.json";
import { ifThere } from "../../files/filesystem.ts";
import { Learnings } from "../../migrate/journal.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { limiter } from "../../oci/limiter.ts";
import type { Context } from "../context.ts";
import { compileEagerly } from "../jit.ts";
import { stateDirectory } from "../state.ts";
import { type Ends, openEnds } from "./ends.ts";
import { filtersOf, type MigrateOptions } from "./options.ts";
import type { How } from "./works.ts";

/** Archives that are unpacked at once, for memory's sake: it is one thread that unpacks. */
const openings = 4;

/** All that a migration goes by, before anything of its source was asked for. */
export interface Prepared {
  readonly ends: Ends;
  readonly how: How;
  readonly learnings: Learnings;
  readonly options: MigrateOptions;
  readonly context: Context;
  /** The source, without what may be secret in it. */
  readonly shown: string;
  readonly journalPath: string;
  /** Where the page about it goes. */
  readonly reportPath: string | undefined;
  /** Stands for what is migrated, and how. */
  readonly what: string;
}

/** @throws ChartroomError `usage` for words that make no sense; node's error where nothing can be written */
export async function prepared(
  [source = "", target = ""]: readonly string[],
  options: MigrateOptions,
  context: Context,
): Promise<Prepared> {
  compileEagerly();
  filtersOf(options); // wrong words are told before anything is asked
  const ends = await openEnds(source, target, options, context);
  const journalPath =
    options.journal === undefined
      ? join(stateDirectory(context), "migrations", `${hashed(ends.key, ends.prefix).slice(0, 16)}.jsonl`)
      : resolve(context.cwd, options.journal);
  const reportPath = options.report === undefined ? undefined : resolve(context.cwd, options.report);
  // Not told after hours of work.
  if (reportPath !== undefined) await context.fs.access(dirname(reportPath), constants.W_OK);
  await expectNoDirectory("report", options.report, context);
  await expectNoDirectory("journal", options.journal, context);
  const learnings = await Learnings.read(context.fs, journalPath);
  const how: How = {
    learnings,
    onConflict: options.onConflict,
    onMismatch: options.onDigestMismatch,
    lateProvenance: options.lateProvenance ?? false,
    openings: limiter(openings),
    signal: context.signal,
  };
  const { chart, exclude, versions, since, latest, skipPrerelease, skipDeprecated, ...rest } = options;
  const filters = [chart, exclude, versions, since, latest, skipPrerelease, skipDeprecated];
  const policies = [
    rest.onConflict,
    rest.onDigestMismatch,
    rest.baseUrl,
    rest.rewriteUrls,
    rest.store,
    rest.rewriteDependencies,
    rest.plainTags,
  ];
  const what = hashed(version, ends.key, ends.prefix, filters, policies);
  const shown = withoutSecrets(source);
  return { ends, how, learnings, options, context, shown, journalPath, reportPath, what };
}

/** @throws ChartroomError `usage` */
async function expectNoDirectory(
  option: string,
  path: string | undefined,
  { fs, cwd }: Context,
): Promise<void> {
  if (path !== undefined && (await ifThere(fs.stat(resolve(cwd, path))))?.isDirectory())
    throw new ChartroomError("usage", `Cannot write to --${option} ${path}: it is a directory`);
}

/** What stands for some words in files and their names, which need not tell a URL's secrets. */
const hashed = (...words: unknown[]): string =>
  createHash("sha256").update(JSON.stringify(words)).digest("hex");

/** A query may be what signs a repository's URLs. */
const withoutSecrets = (source: string): string =>
  /^https?:/i.test(source) ? source.replace(/[?#].*$/s, "") : source;
