import { expect, test } from "bun:test";
import { blobOf, imageOf } from "../../testing/artifacts.ts";
import { here, linkBlob, occasion, one, putManifest, there } from "../../testing/commands.ts";
import * as charts from "./chartQuestions.ts";
import * as collection from "./collectionQuestions.ts";
import { loose } from "./loose.ts";
import * as questions from "./questions.ts";
import { scansOver } from "./scanQuestions.ts";
import { upgrade } from "./schema.ts";
import { Sql, type Value } from "./sql.ts";
import { unusedManifests } from "./use.ts";
import { applyBatch } from "./writer/batch.ts";

/** A connection that remembers the texts of its statements. */
class Remembering extends Sql {
  readonly texts = new Set<string>();

  override one<Row>(text: string, ...values: Value[]): Row | undefined {
    this.texts.add(text);
    return super.one(text, ...values);
  }
  override all<Row>(text: string, ...values: Value[]): Row[] {
    this.texts.add(text);
    return super.all(text, ...values);
  }
  override run(text: string, ...values: Value[]): number {
    this.texts.add(text);
    return super.run(text, ...values);
  }
  override insert(text: string, ...values: Value[]): number {
    this.texts.add(text);
    return super.insert(text, ...values);
  }
}

const facts = {
  name: "here",
  version: "2",
  entry: { json: "", yaml: "" },
  images: [],
  readme: undefined,
  values: undefined,
  schema: undefined,
};

/** A value for each place of a statement: `?` is a place each time, `?1` always the same. */
function placesOf(text: string): number[] {
  const places = [...text.matchAll(/\?(\d*)/g)].map(([, number], at) => number || `at ${at}`);
  return [...new Set(places)].map(() => 1);
}

test("every question and command finds its rows by an index: none scans a table or sorts", async () => {
  const sql = new Remembering(":memory:");
  upgrade(sql, ":memory:");
  sql.script("PRAGMA foreign_keys = ON");
  sql.texts.clear();
  const { digest } = one.descriptor;
  const blob = one.blobs[0]!.descriptor.digest;
  const referrer = imageOf([blobOf("one")], { subject: one.descriptor });
  applyBatch(sql, [
    { kind: "open-upload", id: "u", repository: here, user: undefined, at: 1 },
    { kind: "advance-upload", id: "u", offset: 1 },
    ...one.blobs.map((each) => linkBlob(here, each, "u")),
    putManifest(here, referrer, ["1"]),
    { kind: "mount-blob", repository: there, from: here, digest: blob, at: 1 },
    { kind: "renew-blob", repository: there, digest: blob, at: 1 },
    { kind: "unlink-blob", repository: there, digest: blob },
    { kind: "collect-blob", repository: here, digest: blobOf("one").descriptor.digest, before: 1 },
    { kind: "doom", digest: blob },
    { kind: "doom", digest: blobOf("none").descriptor.digest },
    { kind: "bury", digest: blob },
    { kind: "use-manifest", repository: here, digest: referrer.descriptor.digest, at: 1 },
    { kind: "untag", repository: here, tag: putManifest(here, one, ["1"]).tags[0]!, at: 1 },
    { kind: "open-endpoints", names: ["a"] },
    { kind: "delete-manifest", repository: here, digest: referrer.descriptor.digest, at: 1, occasion },
    { kind: "open-endpoints", names: ["b"] },
    { kind: "advance-endpoint", name: "b", event: 1 },
    { ...putManifest(here, one, ["2"]), chart: { content: blob, created: 1 } },
    { kind: "begin-facts", content: blob },
    { kind: "put-facts", content: blob, facts },
    { kind: "drop-unread", content: blob },
    { kind: "forget-changes", prefix: "charts/", before: 1 },
  ]);
  const page = { limit: 1 };
  questions.hasRepository(sql, here);
  questions.repositories(sql, page);
  questions.tags(sql, here, page);
  questions.tag(sql, here, putManifest(here, one, ["1"]).tags[0]!);
  questions.manifest(sql, here, digest);
  questions.blob(sql, here, blob);
  questions.repositoriesWithBlob(sql, blob, 1);
  questions.referrers(sql, here, digest, undefined, page);
  collection.unnamedSince(sql, here, blob);
  collection.unnamed(sql, 1, page);
  collection.countUnnamed(sql, 1);
  loose(sql, 1, page);
  collection.unheld(sql, page);
  collection.unheldBytes(sql, blob);
  collection.burials(sql, blob);
  unusedManifests(sql, here, 1, 1);
  questions.upload(sql, "u");
  questions.uploads(sql, page);
  questions.events(sql, 0, 1);
  questions.lastEvent(sql);
  charts.unreadCharts(sql, 1);
  charts.chartFacts(sql, blob);
  charts.chartEntries(sql, [blob], "json");
  charts.chartEntries(sql, [blob], "yaml");
  charts.chartChange(sql, "charts/");
  charts.chartTags(sql, "charts/", page);
  charts.taggedChart(sql, here, putManifest(here, one, ["2"]).tags[0]!);
  charts.chartPrefixes(sql, { limit: 9 });
  applyBatch(sql, [putManifest(there, referrer)]);
  const scans = scansOver(sql);
  await scans.blobs(page);
  await scans.manifests(page);
  await scans.manifestRows(referrer.descriptor.digest);
  applyBatch(sql, [
    { ...putManifest(there, referrer), named: [], kind: "restate-manifest" },
    { kind: "lose-blob", digest: blob },
  ]);

  const asked = [...sql.texts].filter((text) => /^(SELECT|INSERT|UPDATE|DELETE)/.test(text));
  const slow = asked.flatMap((text) =>
    sql
      .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...placesOf(text))
      .filter(({ detail }) => /^SCAN (?!CONSTANT ROW)|TEMP B-TREE/.test(detail))
      .map(({ detail }) => `${detail}: ${text}`),
  );
  expect(asked.length).toBeGreaterThan(30);
  expect(slow).toEqual([]);
  sql.close();
});
