import type { Failure, Status } from "../../migrate/outcome.ts";
import { countOf, sizeInWords } from "../words.ts";

/** What is said of a chart's version, whatever became of it. */
export interface Told {
  readonly chart: string;
  readonly version: string;
  readonly status: Status;
  readonly notes: readonly string[];
  readonly error?: Failure;
  readonly ref?: string;
  readonly digest?: string | undefined;
  readonly size?: number | undefined;
  readonly manifest?: string | undefined;
}

/** A whole migration, as its end tells it. */
export interface Summary {
  /** Without what may be secret in it. */
  readonly source: string;
  /** What the target's repositories begin with. */
  readonly target: string;
  readonly counts: Readonly<Partial<Record<Status, number>>>;
  /** How many versions nobody asked for. */
  readonly filtered: number;
  /** Of the archives that were moved, would be, or were compared. */
  readonly bytes: number;
  /** Charts whose repositories are called otherwise. */
  readonly renamed: Readonly<Record<string, string>>;
  /** By chart, how many of its tags begin with `v`: no range of Helm's finds them in a registry (helm#11107). */
  readonly unranged: Readonly<Record<string, number>>;
  /** By chart, how many of the versions that were read look for dependencies in the source. */
  readonly dependents: Readonly<Record<string, number>>;
  /** Where Artifact Hub's metadata went, or would go. */
  readonly metadata: readonly string[];
  /** Those that need attention. */
  readonly charts: readonly Told[];
  /** What to do about what failed. */
  readonly hints: readonly string[];
  /** The source had not changed since all of it was there, and nothing was looked at. */
  readonly unchanged?: true;
  /** The user ended it before its end. */
  readonly stopped?: true;
}

/** What becomes of a version, in words, in the order in which they are counted. */
export const words: Readonly<Record<Status, string>> = {
  moved: "migrated",
  planned: "to migrate",
  exists: "already there",
  verified: "verified",
  skipped: "left out",
  gone: "gone from the source",
  conflict: "in conflict",
  failed: "failed",
};

/** All that can become of a version. */
export const statuses = Object.keys(words) as readonly Status[];

/** How many became what, on one line. */
export function countsOf({
  counts,
  bytes,
  filtered,
}: Pick<Summary, "counts" | "bytes" | "filtered">): string {
  const counted = statuses
    .filter((status) => counts[status] !== undefined)
    .map((status) => `${counts[status]} ${words[status]}`);
  if (counted.length === 0) counted.push("no charts");
  const size = bytes > 0 ? ` (${sizeInWords(bytes)})` : "";
  return counted.join(", ") + size + (filtered > 0 ? `; ${countOf(filtered, "version")} not asked for` : "");
}

/** Whether a person should look at it. */
export const isTroubled = ({ status, notes }: Told): boolean =>
  ["failed", "conflict", "skipped", "gone"].includes(status) || notes.length > 0;

/** What a person should know of charts as a whole, a line each. */
export const remarksOf = ({
  renamed,
  unranged,
  dependents,
}: Pick<Summary, "renamed" | "unranged" | "dependents">): string[] => [
  ...Object.entries(renamed).map(([from, to]) => `${from} is called ${to}`),
  ...Object.entries(unranged).map(
    ([chart, count]) =>
      `${chart}: ${countOf(count, "tag")} with a v in front, which Helm finds by exact version alone; --plain-tags gives them another`,
  ),
  ...Object.entries(dependents).map(
    ([chart, count]) =>
      `${chart}: ${countOf(count, "version")} with dependencies in the source; --rewrite-dependencies names the target`,
  ),
];

/** Why it is so; empty where all is well. */
export const reasonOf = ({ error, notes }: Told): string => error?.message ?? notes.join("; ");

/** A version as `-o json` prints it. */
export const jsonRowOf = ({ error, ...each }: Told) => ({
  ...each,
  error: error === undefined ? null : { code: error.code, message: error.message, hint: error.hint ?? null },
});

/** A migration as the object that `-o json` prints. Keys are only ever added. */
export const jsonOf = ({ charts, hints: _, filtered, unchanged, ...summary }: Summary) => ({
  ...summary,
  counts: unchanged ? {} : { ...summary.counts, filtered },
  charts: charts.map(jsonRowOf),
  ...(unchanged && { unchanged }),
});
