import { ChartroomError } from "../../oci/errors.ts";
import { eachInParallel, inParallel } from "../../oci/parallel.ts";
import type { Context } from "../context.ts";
import { print, warn } from "../output.ts";
import { tableOf } from "../words.ts";
import { type Candidate, type FoundChart, limitOf, newestFirst } from "./candidate.ts";
import { cellsOf, columns, describe, jsonOf, type Row } from "./described.ts";
import { chartsOf, type FindOptions } from "./place.ts";

interface SearchOptions extends FindOptions {
  readonly in: string;
  readonly versions?: boolean;
  readonly limit?: string;
}

/** Charts looked at side by side; what is asked of a registry is held to fewer. */
const parallel = 32;

interface Hit {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** `search [TERM] --in PLACE`: the charts of a place that all words of the term are found in. */
export async function search([term = ""]: string[], options: SearchOptions, context: Context): Promise<void> {
  const limit = limitOf(options.limit);
  const words = term.toLowerCase().split(/\s+/);
  const hits: Hit[] = [];
  await eachInParallel(chartsOf(options.in, options, context), parallel, async (chart) => {
    const chosen = newestFirst(await candidatesOf(chart, context), options);
    const described = await inParallel(options.versions ? chosen : chosen.slice(0, 1), parallel, describe);
    const rows = described.filter((row) => matches(chart, row, words));
    if (rows.length > 0) hits.push({ name: chart.name, rows });
  });
  if (hits.length === 0)
    throw new ChartroomError(
      "not_found",
      `No chart was found${term === "" ? "" : ` for "${term}"`} in ${options.in}`,
      {
        hint: "Names, descriptions and keywords were searched; --devel finds charts that are pre-releases alone.",
      },
    );
  const found = hits.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit);
  const lines = found.flatMap(({ name, rows }) => rows.map((row) => ({ name, row })));
  print(context, options, {
    text: tableOf([["NAME", ...columns], ...lines.map(({ name, row }) => [name, ...cellsOf(row)])]),
    json: lines.map(({ row }) => jsonOf(row)),
    quiet: lines.map(({ row }) => row.candidate.ref).join("\n"),
  });
}

/** A repository that may not be read hides none of the others. */
async function candidatesOf(chart: FoundChart, context: Context): Promise<readonly Candidate[]> {
  try {
    return await chart.candidates();
  } catch (error) {
    if (!(error instanceof ChartroomError)) throw error;
    if (!["not_allowed", "not_found", "invalid"].includes(error.code)) throw error;
    warn(context, `${chart.name} is left out: ${error.message}`);
    return [];
  }
}

/** What is no chart is not found. */
function matches({ name }: FoundChart, { described }: Row, words: readonly string[]): boolean {
  if (described instanceof ChartroomError) return false;
  const { description, keywords } = described;
  const text = [name, described.name, description, ...keywords].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}
