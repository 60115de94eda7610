import { momentOf } from "../chart/moment.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseTag, type RepositoryName, type Tag } from "../oci/reference.ts";
import { type Filters, wantedOf, wantsChart } from "./filters.ts";
import type { IndexRow } from "./indexRow.ts";
import type { BadEntry, IndexEntry } from "./readIndex.ts";
import { repositoryNameOf } from "./repositoryName.ts";

/** One version of a chart that is to be in the target, and what it is called there. */
export interface Step {
  readonly row: IndexRow;
  /** Below the target's prefix. */
  readonly repository: RepositoryName;
  readonly tag: Tag;
  /** The tag without a `v` in front, where it has one and no other row has that tag. */
  readonly plainTag?: Tag;
}

/** A row that is left where it is, and why: the end of a sentence that begins with it. */
export interface LeftOut {
  readonly row: IndexRow;
  readonly why: string;
}

/** What a chart's repository is called; undefined where it cannot have one. */
export type Naming = (chart: string) => RepositoryName | undefined;

export interface Planning {
  readonly naming?: Naming;
  /** Told each row that there is, wanted or not. */
  readonly met?: ((row: IndexRow) => void) | undefined;
}

/** What becomes of an entry. `filtered` counts those that nobody asked for. */
export type Planned =
  | { readonly step: Step }
  | { readonly leftOut: LeftOut }
  | { readonly bad: Pick<BadEntry, "chart" | "error"> }
  | { readonly filtered: number };

/**
 * The steps out of an index's entries, chart by chart as they come: the rows of one chart are held, and the names of those
 * that went before. Withdrawn rows are left out; of several rows of one version that differ the oldest stays.
 */
export async function* planOf(
  entries: AsyncIterable<IndexEntry>,
  filters: Filters,
  { naming = repositoryNameOf, met }: Planning = {},
): AsyncGenerator<Planned> {
  const names = new Map<string, string>();
  for await (const { chart, rows, bad } of byChart(entries)) {
    if (met !== undefined) for (const { row } of rows) met(row);
    if (!wantsChart(filters, chart)) {
      yield { filtered: rows.length + bad.length };
      continue;
    }
    for (const each of bad) yield { bad: each };
    const kept = rows.filter(({ row }) => whyLeft(row) === undefined);
    for (const { row } of rows) {
      const why = whyLeft(row);
      if (why !== undefined) yield { leftOut: { row, why } };
    }
    const wanted = wantedOf(filters, kept);
    if (wanted.length < kept.length) yield { filtered: kept.length - wanted.length };
    const versions = new Set(rows.map(({ row }) => row.version));
    const planned = wanted.map(({ row }) => row);
    for (const each of stepsOf(chart, planned, naming, names))
      yield "step" in each ? { step: { ...each.step, ...plainTagOf(each.step.tag, versions) } } : each;
  }
}

const whyLeft = ({ removed, left }: IndexRow): string | undefined =>
  left ?? (removed ? "is withdrawn" : undefined);

interface ChartRows {
  readonly chart: string;
  readonly rows: { readonly row: IndexRow }[];
  readonly bad: BadEntry[];
}

/** Entries in groups of one chart, which stand together in an index. */
async function* byChart(entries: AsyncIterable<IndexEntry>): AsyncGenerator<ChartRows> {
  let group: ChartRows | undefined;
  for await (const entry of entries) {
    const chart = "row" in entry ? entry.row.name : entry.chart;
    if (group !== undefined && group.chart !== chart) {
      yield group;
      group = undefined;
    }
    group ??= { chart, rows: [], bad: [] };
    if ("row" in entry) group.rows.push(entry);
    else group.bad.push(entry);
  }
  if (group !== undefined) yield group;
}

/** @param names of the repositories so far, with the chart that each is of */
function* stepsOf(
  chart: string,
  rows: readonly IndexRow[],
  naming: Naming,
  names: Map<string, string>,
): Generator<Planned> {
  const refuse = (why: string) => ({
    bad: { chart, error: new ChartroomError("invalid", `Cannot name a repository for ${chart}: ${why}`) },
  });
  const repository = naming(chart);
  if (repository === undefined) return yield refuse("no letter or digit is in its name");
  const other = names.get(repository) ?? chart;
  if (other !== chart) return yield refuse(`${repository} is what ${other} is called already`);
  names.set(repository, chart);
  const byTag = new Map<Tag, IndexRow>();
  for (const row of rows) {
    const tag = tagOf(row);
    if (tag instanceof ChartroomError) {
      yield { bad: { chart, error: tag } };
      continue;
    }
    const had = byTag.get(tag);
    if (had === undefined || isOlder(row, had)) byTag.set(tag, row);
    if (had !== undefined) yield { leftOut: duplicate(had, row) };
  }
  for (const [tag, row] of byTag) yield { step: { row, repository, tag } };
}

/** @param taken the versions that its chart's rows have */
function plainTagOf(tag: Tag, taken: ReadonlySet<string>): Pick<Step, "plainTag"> {
  const plain = /^v(\d.*)$/.exec(tag)?.[1];
  return plain === undefined || taken.has(plain.replace("_", "+")) ? {} : { plainTag: parseTag(plain) };
}

function tagOf({ version, name }: IndexRow): Tag | ChartroomError {
  try {
    return parseTag(version);
  } catch (error) {
    if (!(error instanceof ChartroomError)) throw error;
    return new ChartroomError("invalid", `Cannot name ${name} ${version}: ${error.message}`);
  }
}

function duplicate(had: IndexRow, row: IndexRow): LeftOut {
  const left = isOlder(row, had) ? had : row;
  const same = had.digest !== undefined && had.digest === row.digest;
  return { row: left, why: same ? "is there twice, the same" : "is there twice; the older one is taken" };
}

/** Of two rows alike in age the first stays; one that does not say comes last. */
const isOlder = (row: IndexRow, other: IndexRow): boolean =>
  (momentOf(row.created) ?? Number.POSITIVE_INFINITY) < (momentOf(other.created) ?? Number.POSITIVE_INFINITY);
