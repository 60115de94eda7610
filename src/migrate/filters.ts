import type { Glob } from "../chart/glob.ts";
import { momentOf } from "../chart/moment.ts";
import type { Range } from "../chart/range.ts";
import { compareVersions, tryVersion, type Version } from "../chart/version.ts";
import type { IndexRow } from "./indexRow.ts";

/** Which of an index's rows are wanted; what is left out lets all through. */
export interface Filters {
  /** One of them matches the chart's name. */
  readonly charts?: readonly Glob[];
  /** None of them does. */
  readonly exclude?: readonly Glob[];
  readonly range?: Range;
  /** In ms since 1970. A row that does not say when it came is wanted: it might be new. */
  readonly since?: number;
  /** So many versions of each chart, the highest ones. */
  readonly latest?: number;
  readonly skipPrerelease?: boolean;
  readonly skipDeprecated?: boolean;
}

/** Whether a chart is wanted at all. */
export const wantsChart = ({ charts, exclude = [] }: Filters, name: string): boolean =>
  (charts === undefined || charts.some((glob) => glob(name))) && !exclude.some((glob) => glob(name));

/** Of one chart's rows those that are wanted, in their order. */
export function wantedOf<Row extends { readonly row: IndexRow }>(
  filters: Filters,
  rows: readonly Row[],
): Row[] {
  const passed = rows.filter(({ row }) => wants(filters, row));
  const { latest } = filters;
  if (latest === undefined || passed.length <= latest) return passed;
  const highest = passed.toSorted((a, b) => compareVersions(versionOf(b.row), versionOf(a.row)));
  const kept = new Set(highest.slice(0, latest));
  return passed.filter((each) => kept.has(each));
}

function wants({ range, since, skipPrerelease, skipDeprecated }: Filters, row: IndexRow): boolean {
  const version = versionOf(row);
  if (range !== undefined && !range.allows(version)) return false;
  if (skipPrerelease && version.prerelease !== "") return false;
  if (skipDeprecated && row.deprecated) return false;
  return since === undefined || (momentOf(row.created) ?? since) >= since;
}

/** A row's version; its parser has seen to it that there is one. */
const versionOf = ({ version }: IndexRow): Version => tryVersion(version)!;
