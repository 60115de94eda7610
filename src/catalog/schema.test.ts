import { expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { here, linkBlob, one, pushCommands } from "../testing/commands.ts";
import { codeOf } from "../testing/errors.ts";
import { applyBatch } from "./batch.ts";
import { freshCatalogs } from "./fresh.suite.ts";
import { migrations, upgrade } from "./schema.ts";
import { Sql } from "./sql.ts";
import { openSqliteCatalog } from "./sqlite.ts";

const fresh = freshCatalogs();
const steps = ["CREATE TABLE a (x INTEGER)", "INSERT INTO a VALUES (1); CREATE TABLE b (y INTEGER)"];
const version = (sql: Sql) => sql.one<{ user_version: number }>("PRAGMA user_version")?.user_version;
const tables = (sql: Sql) =>
  sql.all<{ name: string }>("SELECT name FROM sqlite_schema").map(({ name }) => name);

test("an empty database takes every step, an older one only those that it lacks", () => {
  const sql = new Sql(":memory:");
  upgrade(sql, "db", steps.slice(0, 1));
  expect([version(sql), tables(sql)]).toEqual([1, ["a"]]);
  for (let times = 0; times < 2; times++) upgrade(sql, "db", steps);
  expect([version(sql), tables(sql)]).toEqual([2, ["a", "b"]]);
  expect(sql.all<{ x: number }>("SELECT x FROM a")).toEqual([{ x: 1 }]);
  sql.close();
});

test("a step that fails leaves the database as it was", () => {
  const sql = new Sql(":memory:");
  upgrade(sql, "db", steps.slice(0, 1));
  expect(() => upgrade(sql, "db", [...steps, "CREATE TABLE a (x INTEGER)"])).toThrow("already exists");
  expect([version(sql), tables(sql), sql.inTransaction]).toEqual([1, ["a"], false]);
  sql.close();
});

test("what holds a blob in its repository outlives the upgrade to today's schema", () => {
  const sql = new Sql(":memory:");
  upgrade(sql, "db", migrations.slice(0, 1));
  applyBatch(sql, pushCommands(here, one));
  upgrade(sql, "db");
  const digest = one.blobs[1]!.descriptor.digest;
  const [unlinked] = applyBatch(sql, [{ kind: "unlink-blob", repository: here, digest }]);
  expect(unlinked).toEqual({ outcome: { done: false, why: "in-use" } });
  sql.close();
});

test("what was written is there when it is opened again", async () => {
  const path = await fresh();
  const link = linkBlob(here, one.blobs[1]!);
  const first = await openSqliteCatalog(path);
  await first.apply(link);
  await first.close();
  const again = await openSqliteCatalog(path);
  expect(await again.blob(here, link.digest)).toBe(link.size);
  await again.close();
});

test("a database of a newer chartroom is refused and left alone", async () => {
  const path = await fresh();
  const sql = new Sql(path);
  upgrade(sql, path, [...migrations, "CREATE TABLE later (x INTEGER)"]);
  sql.close();
  const before = await readFile(path);
  const opening = openSqliteCatalog(path);
  expect(await codeOf(opening)).toBe("storage");
  await expect(opening).rejects.toThrow(
    `Cannot open catalog ${path}: its schema is version ${migrations.length + 1}, and this chartroom knows none above ${migrations.length}`,
  );
  expect(await readFile(path)).toEqual(before);
});

test("another program's database, and a file that is none, are refused and left alone", async () => {
  const path = await fresh();
  const foreign = `${path}.foreign`;
  const sql = new Sql(foreign);
  sql.script("CREATE TABLE theirs (x INTEGER)");
  sql.close();
  await writeFile(path, "not a database, but long enough to be taken for one".repeat(100));
  for (const each of [foreign, path]) {
    const before = await readFile(each);
    expect(await codeOf(openSqliteCatalog(each))).toBe("invalid");
    expect(await readFile(each)).toEqual(before);
  }
});

test("a path that cannot be opened is told", async () => {
  const opening = openSqliteCatalog(`${await fresh()}/below-a-file/catalog.db`);
  expect(await codeOf(opening)).toBe("storage");
  await expect(opening).rejects.toThrow("Cannot open catalog");
});
