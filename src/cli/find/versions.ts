import { ChartroomError } from "../../oci/errors.ts";
import { inParallel } from "../../oci/parallel.ts";
import { isAboutCharts } from "../aboutCharts.ts";
import type { Context } from "../context.ts";
import { print } from "../output.ts";
import { tagsNamed } from "../store.ts";
import { countOf, printable, tableOf } from "../words.ts";
import { type Candidate, type FoundChart, limitOf, newestFirst, noneWanted } from "./candidate.ts";
import { cellsOf, columns, describe, jsonOf } from "./described.ts";
import { chartOfRepo, type FindOptions, openFinding, parseOne } from "./place.ts";
import { chartsIn } from "./stored.ts";

interface VersionsOptions extends FindOptions {
  readonly limit?: string;
  readonly all?: boolean;
}

/** Rows under way at once; what is asked of a registry is held to fewer. */
const parallel = 32;

/** `versions REF [RANGE]`: the versions of one chart, newest first. Of a registry only manifests and configs are fetched. */
export async function versions(
  [text = "", range]: string[],
  options: VersionsOptions,
  context: Context,
): Promise<void> {
  const limit = limitOf(options.limit);
  const wanted = { ...options, range };
  newestFirst([], wanted); // a range that does not parse is said before anything is asked
  const { name, candidates } = await chartNamed(text, options, context);
  const there = await candidates();
  const chosen = newestFirst(there, wanted);
  if (chosen.length === 0) throw noneWanted(name, there, wanted);
  if (!options.quiet && !options.all) tellOthers(there, context);
  const shown = chosen.slice(0, limit);
  if (options.quiet && options.output !== "json")
    return print(context, options, { text: "", json: [], quiet: shown.map(({ ref }) => ref).join("\n") });
  const rows = await inParallel(shown, parallel, describe);
  print(context, options, {
    text: tableOf([columns, ...rows.map(cellsOf)]),
    json: rows.map(jsonOf),
    quiet: undefined,
  });
}

async function chartNamed(text: string, options: FindOptions, context: Context): Promise<FoundChart> {
  if (options.repo !== undefined) return chartOfRepo(text, options.repo, options, context);
  const { place, one } = parseOne(text);
  if ((one.tag ?? one.digest) !== undefined)
    throw new ChartroomError("usage", `Cannot list versions of "${text}": expected a repository alone`);
  const finding = await openFinding(place, options, context);
  for await (const chart of chartsIn(finding, one)) return chart;
  return { name: one.repository, candidates: async () => [] };
}

/** Nothing is left out in silence that could be a chart. */
function tellOthers(candidates: readonly Candidate[], context: Context): void {
  const others = candidates
    .filter(({ version, named }) => version === undefined && !isAboutCharts(named))
    .map(({ named }) => named);
  if (others.length === 0) return;
  const list = others.slice(0, tagsNamed).join(", ") + (others.length > tagsNamed ? ", …" : "");
  const are = others.length === 1 ? "is no version" : "are no versions";
  context.tell(printable(`${countOf(others.length, "tag")} ${are}: ${list}; --all lists all\n`));
}
