import { parseGlob } from "../../chart/archive/glob.ts";
import { momentOf } from "../../chart/moment.ts";
import { parseRange } from "../../chart/range.ts";
import type { Filters } from "../../migrate/filters.ts";
import type { ConflictPolicy } from "../../migrate/migrate.ts";
import type { MismatchPolicy } from "../../migrate/take.ts";
import { parseSite, type Rewriting } from "../../migrate/urls.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { StoreOptions } from "../store.ts";

/** The options of `migrate`, as typed. */
export interface MigrateOptions extends StoreOptions {
  readonly chart?: readonly string[];
  readonly exclude?: readonly string[];
  readonly versions?: string;
  readonly since?: string;
  readonly latest?: string;
  readonly skipPrerelease?: boolean;
  readonly skipDeprecated?: boolean;
  readonly onConflict: ConflictPolicy;
  readonly onDigestMismatch: MismatchPolicy;
  readonly lateProvenance?: boolean;
  readonly baseUrl?: string;
  readonly rewriteUrls?: string;
  readonly sourceUsername?: string;
  readonly sourcePasswordStdin?: boolean;
  readonly fromPlainHttp?: boolean;
  readonly toPlainHttp?: boolean;
  readonly dryRun?: boolean;
  readonly journal?: string;
  readonly report?: string;
  readonly rewriteDependencies?: boolean;
  readonly plainTags?: boolean;
}

const refuse = (option: string, value: string, expected: string): ChartroomError =>
  new ChartroomError("usage", `Cannot use --${option} "${value}": expected ${expected}`);

/** @throws ChartroomError `usage` for a value that does not parse */
export function filtersOf(options: MigrateOptions): Filters {
  const { chart, exclude, versions, since, latest, skipPrerelease = false, skipDeprecated = false } = options;
  const globs = (option: string, patterns: readonly string[]) =>
    patterns.map((pattern) => {
      const glob = parseGlob(pattern);
      if (glob === undefined) throw refuse(option, pattern, "a pattern such as keda*");
      return glob;
    });
  return {
    ...(chart !== undefined && { charts: globs("chart", chart) }),
    ...(exclude !== undefined && { exclude: globs("exclude", exclude) }),
    ...(versions !== undefined && { range: parseRange(versions) }),
    ...(since !== undefined && { since: sinceOf(since) }),
    ...(latest !== undefined && { latest: countOf(latest) }),
    skipPrerelease,
    skipDeprecated,
  };
}

function sinceOf(text: string): number {
  const moment = momentOf(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (moment === undefined) throw refuse("since", text, "a day such as 2026-01-31");
  return moment;
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw refuse("latest", text, "a number, 1 at least");
}

/** @throws ChartroomError `usage` */
export function rewritingOf({ baseUrl, rewriteUrls }: MigrateOptions): Rewriting {
  if (baseUrl !== undefined && rewriteUrls !== undefined)
    throw new ChartroomError("usage", "--base-url and --rewrite-urls exclude each other");
  if (baseUrl !== undefined) return { base: parseSite(baseUrl) };
  if (rewriteUrls === undefined) return {};
  const [, from = "", to = ""] = /^(.+?)=(https?:\/\/.+)$/i.exec(rewriteUrls) ?? [];
  const url = URL.parse(to);
  if (from === "" || url === null) throw refuse("rewrite-urls", rewriteUrls, "FROM=http[s]://TO");
  return { rewrite: { from, to: url } };
}
