import type { ChartFacts, Unreadable } from "../../chart/facts.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName, Tag } from "../../oci/reference.ts";
import type { ChartTag, Prefix, TaggedChart } from "../charts.ts";
import type { Page, PageRequest } from "../page.ts";
import { packDigest, unpackDigest } from "./packed.ts";
import { pageOf } from "./questions.ts";
import type { Sql } from "./sql.ts";

// What a `Catalog` can be asked about charts, over SQLite; as in questions.ts.

/** Archives that were not read yet, some of them. */
export const unreadCharts = (sql: Sql, limit: number): Digest[] =>
  sql
    .all<{ digest: Uint8Array }>(
      `SELECT digest FROM unread JOIN content ON content.id = unread.content
        WHERE unread.content > 0 ORDER BY unread.content LIMIT ?`,
      limit,
    )
    .map(({ digest }) => unpackDigest(digest));

interface FactRow {
  readonly name: string;
  readonly version: string;
  readonly unreadable: string | null;
  readonly json: string;
  readonly yaml: string;
  readonly images: string | null;
  readonly readme: string | null;
  readonly values: string | null;
  readonly schema: string | null;
}

/** What was read of an archive. */
export function chartFacts(sql: Sql, content: Digest): ChartFacts | Unreadable | undefined {
  const row = sql.one<FactRow>(
    `SELECT name, version, unreadable, json, yaml, images, readme, "values", schema FROM content
      JOIN fact ON fact.content = content.id
      LEFT JOIN fact_text ON fact_text.content = content.id
      WHERE digest = ?`,
    packDigest(content),
  );
  if (row === undefined) return undefined;
  if (row.unreadable !== null) return { unreadable: row.unreadable };
  return {
    name: row.name,
    version: row.version,
    entry: { json: row.json, yaml: row.yaml },
    images: JSON.parse(row.images ?? "[]"),
    readme: row.readme ?? undefined,
    values: row.values ?? undefined,
    schema: row.schema ?? undefined,
  };
}

/** Entries asked for at once: half the time of asking for each (measured, 3.7 for 8 µs). */
const entriesAtOnce = 64;

/** Entries of archives, in the order asked for. */
export function chartEntries(sql: Sql, contents: readonly Digest[], form: "json" | "yaml"): string[] {
  const found = new Map<Digest, string>();
  for (let at = 0; at < contents.length; at += entriesAtOnce) {
    const some = contents.slice(at, at + entriesAtOnce).map(packDigest);
    // One statement for any number: what is missing is nobody's digest.
    const values = [...some, ...Array<null>(entriesAtOnce - some.length).fill(null)];
    for (const { digest, entry } of sql.all<{ digest: Uint8Array; entry: string }>(entryAs[form], ...values))
      found.set(unpackDigest(digest), entry);
  }
  return contents.map((content) => found.get(content) ?? "");
}

const entriesBy = (column: string): string =>
  `SELECT digest, ${column} AS entry FROM content JOIN fact ON fact.content = content.id
    WHERE digest IN (${Array<string>(entriesAtOnce).fill("?").join(", ")})`;
const entryAs = { json: entriesBy("json"), yaml: entriesBy("yaml") };

/** The number of the last change below a prefix. */
export const chartChange = (sql: Sql, prefix: Prefix): number =>
  sql.one<{ number: number | null }>(
    "SELECT max(number) AS number FROM chart_change WHERE prefix = ?",
    prefix,
  )?.number ?? 0;

interface ChartRow {
  readonly manifest: Uint8Array | null;
  readonly content: Uint8Array | null;
  readonly created: number;
  readonly present: number;
  readonly name: string | null;
  readonly version: string | null;
  readonly unreadable: string | null;
}
interface ChangeRow extends ChartRow {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly number: number;
}

const chartColumns = `manifest.digest AS manifest, archive.digest AS content, chart.created,
  blob.size IS NOT NULL AS present, fact.name, fact.version, fact.unreadable`;
const chartJoins = `
  LEFT JOIN chart ON chart.repository = repository.id AND chart.manifest = tag.manifest
  LEFT JOIN content AS manifest ON manifest.id = chart.manifest
  LEFT JOIN content AS archive ON archive.id = chart.content
  LEFT JOIN blob ON blob.repository = repository.id AND blob.content = chart.content
  LEFT JOIN fact INDEXED BY fact_by_content ON fact.content = chart.content`;

/** Tags that changed below a prefix, in order of their changes. */
export function chartTags(
  sql: Sql,
  prefix: Prefix,
  { after = 0, limit }: PageRequest<number>,
): Page<ChartTag> {
  const rows = sql.all<ChangeRow>(
    `SELECT chart_change.prefix || chart_change.chart AS repository, chart_change.tag, number, ${chartColumns}
      FROM chart_change
      LEFT JOIN repository ON repository.name = chart_change.prefix || chart_change.chart
      LEFT JOIN tag ON tag.repository = repository.id AND tag.name = chart_change.tag ${chartJoins}
      WHERE chart_change.prefix = ? AND number > ? ORDER BY number LIMIT ?`,
    prefix,
    after,
    limit + 1,
  );
  return pageOf(rows, limit, (row) => ({
    repository: row.repository,
    tag: row.tag,
    change: row.number,
    chart: asChart(row),
  }));
}

/** The chart that a tag names. */
export function taggedChart(sql: Sql, repository: RepositoryName, tag: Tag): TaggedChart | undefined {
  const row = sql.one<ChartRow>(
    `SELECT ${chartColumns} FROM repository
      JOIN tag ON tag.repository = repository.id ${chartJoins}
      WHERE repository.name = ? AND tag.name = ?`,
    repository,
    tag,
  );
  return row && asChart(row);
}

function asChart({ manifest, content, created, present, ...fact }: ChartRow): TaggedChart | undefined {
  if (manifest === null || content === null) return undefined;
  const { name, version, unreadable } = fact;
  const read =
    unreadable !== null ? { unreadable } : name === null || version === null ? undefined : { name, version };
  return {
    manifest: unpackDigest(manifest),
    content: unpackDigest(content),
    present: present === 1,
    created,
    read,
  };
}

/** Prefixes below which charts are or were, each found by a step over the changes of the last. */
export function chartPrefixes(sql: Sql, { after, limit }: PageRequest<Prefix>): Page<Prefix> {
  const found: Prefix[] = [];
  let last = after;
  while (found.length <= limit) {
    const row =
      last === undefined
        ? sql.one<{ prefix: string | null }>("SELECT min(prefix) AS prefix FROM chart_change")
        : sql.one<{ prefix: string | null }>(
            "SELECT min(prefix) AS prefix FROM chart_change WHERE prefix > ?",
            last,
          );
    if (row?.prefix === null || row?.prefix === undefined) break;
    last = row.prefix;
    found.push(last);
  }
  return pageOf(found, limit, (prefix) => prefix);
}
