import type { ChartCommand, ChartOfManifest } from "../charts.ts";
import type { Executors } from "../command.ts";
import { packDigest } from "./packed.ts";
import type { Sql } from "./sql.ts";

/** Commands about charts, over SQLite. What follows from them is done by triggers (`chartSchema.ts`). */
export const chartExecutors: Pick<Executors<Sql>, ChartCommand["kind"]> = {
  "put-facts": (sql, { content, facts }) => {
    const digest = packDigest(content);
    const fact = "unreadable" in facts ? { ...nothing, ...facts } : { ...facts, unreadable: undefined };
    const { name, version, unreadable, entry, images, readme, values, schema } = fact;
    const put = sql.run(
      `INSERT INTO fact (content, name, version, unreadable, json, yaml)
        SELECT id, ?2, ?3, ?4, ?5, ?6 FROM content
          WHERE digest = ?1 AND EXISTS (SELECT 1 FROM chart WHERE chart.content = content.id)
        ON CONFLICT DO NOTHING`,
      digest,
      name,
      version,
      unreadable ?? null,
      entry.json,
      entry.yaml,
    );
    if (put > 0 && unreadable === undefined)
      sql.run(
        `INSERT INTO fact_text (content, images, readme, "values", schema)
          SELECT id, ?2, ?3, ?4, ?5 FROM content WHERE digest = ?1`,
        digest,
        JSON.stringify(images),
        readme ?? null,
        values ?? null,
        schema ?? null,
      );
    return { done: true };
  },

  "begin-facts": (sql, { content }) => {
    const digest = packDigest(content);
    sql.run(`UPDATE unread SET attempts = attempts + 1 WHERE ${contentIs}`, digest);
    const row = sql.one<{ attempts: number }>(`SELECT attempts FROM unread WHERE ${contentIs}`, digest);
    return { done: true, attempts: row?.attempts ?? 0 };
  },

  "drop-unread": (sql, { content }) => {
    sql.run(`DELETE FROM unread WHERE ${contentIs}`, packDigest(content));
    return { done: true };
  },

  "forget-changes": (sql, { prefix, before }) => {
    sql.run(
      `DELETE FROM chart_change WHERE prefix = ? AND number < ? AND NOT EXISTS (
        SELECT 1 FROM repository
          JOIN tag ON tag.repository = repository.id
          JOIN chart ON chart.repository = tag.repository AND chart.manifest = tag.manifest
          WHERE repository.name = chart_change.prefix || chart_change.chart AND tag.name = chart_change.tag)`,
      prefix,
      before,
    );
    return { done: true };
  },
};

const contentIs = "content = (SELECT id FROM content WHERE digest = ?)";

const nothing = {
  name: "",
  version: "",
  entry: { json: "", yaml: "" },
  images: [],
  readme: undefined,
  values: undefined,
  schema: undefined,
};

/** Keep that a manifest is a chart's. Its archive is among the blobs that it names, and so has an id. */
export function storeChart(sql: Sql, repository: number, manifest: number, chart: ChartOfManifest): void {
  sql.run(
    "INSERT INTO chart (repository, manifest, content, created) SELECT ?1, ?2, id, ?4 FROM content WHERE digest = ?3",
    repository,
    manifest,
    packDigest(chart.content),
    chart.created,
  );
}

/** Forget that a manifest was a chart's, before it is put under another media type. */
export const forgetChart = (sql: Sql, repository: number, manifest: number): void =>
  void sql.run("DELETE FROM chart WHERE repository = ? AND manifest = ?", repository, manifest);
