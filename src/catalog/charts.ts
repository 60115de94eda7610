import type { ChartFacts, Unreadable } from "../chart/facts.ts";
import type { Digest } from "../oci/digest.ts";
import type { Eventual } from "../oci/eventual.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import type { Page, PageRequest } from "./page.ts";

/** What a manifest says of itself when it is a chart's. */
export interface ChartOfManifest {
  /** The archive: a blob that the manifest names. */
  readonly content: Digest;
  /** When the chart came, ms since 1970: as the manifest says, else when it was pushed. */
  readonly created: number;
}

/** Keep what was read of an archive; every index that lists it changes. Nothing is kept when no chart has it any more. */
export interface PutFacts {
  readonly kind: "put-facts";
  readonly content: Digest;
  readonly facts: ChartFacts | Unreadable;
}

/** Count an attempt to read an archive, before it is made. */
export interface BeginFacts {
  readonly kind: "begin-facts";
  readonly content: Digest;
}

/** Do not read an archive that is not there; linked later, it is to be read again. */
export interface DropUnread {
  readonly kind: "drop-unread";
  readonly content: Digest;
}

/** Forget tags below a prefix that name no chart any more, as far as whoever follows has seen them. */
export interface ForgetChanges {
  readonly kind: "forget-changes";
  readonly prefix: Prefix;
  /** Changes with a smaller number. */
  readonly before: number;
}

export type ChartCommand = PutFacts | BeginFacts | DropUnread | ForgetChanges;

/** What becomes of a chart command. */
export interface ChartOutcomes {
  "put-facts": { done: true };
  /** `attempts`: with this one. */
  "begin-facts": { done: true; attempts: number };
  "drop-unread": { done: true };
  "forget-changes": { done: true };
}

/** A chart that a tag names. */
export interface TaggedChart {
  readonly manifest: Digest;
  readonly content: Digest;
  /** Whether the repository has the archive: a sparse manifest may name another's. */
  readonly present: boolean;
  /** ms since 1970 */
  readonly created: number;
  /** Who it says it is; undefined before it was read. */
  readonly read: { readonly name: string; readonly version: string } | Unreadable | undefined;
}

/** A tag that names a chart, or did: `chart` is undefined then. */
export interface ChartTag {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  /** Of all changes below its prefix, the number of its last one. */
  readonly change: number;
  readonly chart: TaggedChart | undefined;
}

/** Where charts stand: all of a repository's name but its last part, with the slash; empty at the top. */
export type Prefix = string;

/** What can be asked about charts. */
export interface ChartQuestions {
  /** Archives that were not read yet, some of them. */
  unreadCharts(limit: number): Promise<readonly Digest[]>;
  /** What was read of an archive; undefined before it was. */
  chartFacts(content: Digest): Promise<ChartFacts | Unreadable | undefined>;
  /** Entries of archives as an index lists them, in the order asked for; empty for one that has none. */
  chartEntries(contents: readonly Digest[], form: "json" | "yaml"): Promise<readonly string[]>;
  /** The number of the last change below a prefix; 0 where there was none. */
  chartChange(prefix: Prefix): Eventual<number>;
  /** Tags of the repositories one level below a prefix that changed after `after`, in order of their changes. */
  chartTags(prefix: Prefix, page: PageRequest<number>): Promise<Page<ChartTag>>;
  /** The chart that a tag names. */
  taggedChart(repository: RepositoryName, tag: Tag): Promise<TaggedChart | undefined>;
  /** Prefixes below which charts are or were, in ASCII order. */
  chartPrefixes(page: PageRequest<Prefix>): Promise<Page<Prefix>>;
}
