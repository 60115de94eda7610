import type { Glob } from "../chart/archive/glob.ts";
import { momentOf } from "../chart/moment.ts";
import type { Range } from "../chart/range.ts";
import { compareVersions, tryVersion } from "../chart/version.ts";
import type { IndexRow } from "./indexRow.ts";

/**
 * Which rows are wanted; what is left out lets all through. A tag of a registry may be no version: no range holds it, and it is
 * none of the latest.
 */
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

/** Whether a chart is wanted at all: by its name, which may have a path in front of it. */
export function wantsChart({ charts, exclude = [] }: Filters, path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const isOf = (globs: readonly Glob[]) => globs.some((glob) => glob(name) || glob(path));
  return (charts === undefined || isOf(charts)) && !isOf(exclude);
}

/** Of one chart's rows those that are wanted, in their order. */
export function wantedOf<Row extends { readonly row: IndexRow }>(
  filters: Filters,
  rows: readonly Row[],
): Row[] {
  const passed = rows.filter(({ row }) => wants(filters, row));
  const { latest } = filters;
  if (latest === undefined) return passed;
  const highest = passed
    .flatMap((each) => {
      const version = tryVersion(each.row.version);
      return version === undefined ? [] : [{ each, version }];
    })
    .sort((a, b) => compareVersions(b.version, a.version));
  const kept = new Set(highest.slice(0, latest).map(({ each }) => each));
  return passed.filter((each) => kept.has(each));
}

function wants({ range, since, skipPrerelease, skipDeprecated }: Filters, row: IndexRow): boolean {
  const version = tryVersion(row.version);
  if (range !== undefined && !(version && range.allows(version))) return false;
  if (skipPrerelease && version && version.prerelease !== "") return false;
  if (skipDeprecated && row.deprecated) return false;
  return since === undefined || (momentOf(row.created) ?? since) >= since;
}
