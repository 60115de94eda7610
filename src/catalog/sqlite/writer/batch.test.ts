import { afterEach, beforeEach, expect, test } from "bun:test";
import { here, linkBlob, occasion, one, putManifest, there } from "../../../testing/commands.ts";
import { noise } from "../../../testing/streams.ts";
import type { Command } from "../../command.ts";
import { FailingSql } from "../failing.suite.ts";
import * as questions from "../questions.ts";
import { upgrade } from "../schema.ts";
import { applyBatch } from "./batch.ts";

let sql: FailingSql;
beforeEach(() => {
  sql = new FailingSql(":memory:");
  upgrade(sql, ":memory:");
  sql.script("PRAGMA foreign_keys = ON");
});
afterEach(() => sql.close());

const link = linkBlob(here, one.blobs[0]!);
const held = () => questions.blob(sql, here, link.digest);
/** A command that no parser would let through: SQLite refuses a size that is no number. */
const poison = { ...link, repository: there, size: "much" } as unknown as Command;

test("outcomes and refusals of a batch rest on what came before in it", () => {
  const put = putManifest(here, one);
  const rest = linkBlob(here, one.blobs[1]!);
  expect(applyBatch(sql, [link, put, rest, put])).toEqual([
    { outcome: { done: true } },
    { outcome: { done: false, why: "missing", missing: [rest.digest] } },
    { outcome: { done: true } },
    { outcome: { done: true, existed: false } },
  ]);
});

test("what cannot be told is not done, and what is not done is not told", () => {
  Object.assign(sql, { fails: "INSERT INTO event", code: "SQLITE_CONSTRAINT" });
  const told = { ...link, occasion };
  expect(applyBatch(sql, [told])).toMatchObject([{ failure: { code: "SQLITE_CONSTRAINT" } }]);
  expect([held(), questions.lastEvent(sql)]).toEqual([undefined, 0]);
  sql.fails = "";
  applyBatch(sql, [{ ...told, ...poison, repository: there } as Command, told]);
  expect(questions.events(sql, 0, 9).map(({ body }) => JSON.parse(body).target.repository)).toEqual([here]);
});

test("a command that throws is undone alone", () => {
  const [failed, done] = applyBatch(sql, [poison, link]);
  expect(failed).toMatchObject({ failure: { code: "SQLITE_CONSTRAINT_DATATYPE" } });
  expect(done).toEqual({ outcome: { done: true } });
  expect(held()).toBe(link.size);
  expect(questions.hasRepository(sql, there)).toBe(false);
});

test("a commit that fails undoes the whole batch", () => {
  sql.fails = "COMMIT";
  expect(() => applyBatch(sql, [link])).toThrow("disk I/O error");
  expect([sql.inTransaction, held()]).toEqual([false, undefined]);
});

test("a fault of the disk inside a command undoes the whole batch", () => {
  sql.fails = "INSERT INTO tag";
  const commands = [...one.blobs.map((blob) => linkBlob(here, blob)), putManifest(here, one, ["1"])];
  expect(() => applyBatch(sql, commands)).toThrow("disk I/O error");
  expect([sql.inTransaction, held()]).toEqual([false, undefined]);
});

test("a full disk undoes the whole batch, and the next one that fits is done", () => {
  const pages = sql.one<{ page_count: number }>("PRAGMA page_count")!.page_count;
  sql.script(`PRAGMA max_page_count = ${pages + 4}`);
  const large = { ...putManifest(here, one), bytes: noise(100_000), blobs: [] };
  expect(() => applyBatch(sql, [link, large])).toThrow("full");
  expect([sql.inTransaction, held()]).toEqual([false, undefined]);
  expect(applyBatch(sql, [link])).toEqual([{ outcome: { done: true } }]);
});

test("nothing of a deleted manifest is left but its digests", () => {
  const put = putManifest(here, one, ["1"]);
  const { digest } = one.descriptor;
  applyBatch(sql, [
    ...one.blobs.map((blob) => linkBlob(here, blob)),
    { ...put, subject: digest },
    { kind: "delete-manifest", repository: here, digest, at: 1 },
    ...one.blobs.map((blob) => ({
      kind: "unlink-blob" as const,
      repository: here,
      digest: blob.descriptor.digest,
    })),
  ]);
  const rows = (table: string) => sql.one<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)!.n;
  const tables = ["repository", "blob", "body", "manifest", "edge", "referrer", "tag", "upload"];
  expect(tables.map(rows)).toEqual(tables.map(() => 0));
  expect(rows("content")).toBe(3);
});
