import { expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { mediaTypes } from "../../oci/mediaTypes.ts";
import { blobOf, type Content, indexOf } from "../../testing/artifacts.ts";
import { here, linkBlob, one } from "../../testing/commands.ts";
import { codeOf } from "../../testing/errors.ts";
import { freshCatalogs } from "../fresh.suite.ts";
import * as collection from "./collectionQuestions.ts";
import { loose } from "./loose.ts";
import { looseManifests } from "./looseSchema.ts";
import { packDigest, unpackDigest } from "./packed.ts";
import { migrations, upgrade } from "./schema.ts";
import { Sql } from "./sql.ts";
import { openSqliteCatalog } from "./sqlite.ts";
import { applyBatch } from "./writer/batch.ts";

const fresh = freshCatalogs();
const steps = ["CREATE TABLE a (x INTEGER)", "INSERT INTO a VALUES (1); CREATE TABLE b (y INTEGER)"];
const version = (sql: Sql) => sql.one<{ user_version: number }>("PRAGMA user_version")?.user_version;
const tables = (sql: Sql) =>
  sql.all<{ name: string }>("SELECT name FROM sqlite_schema").map(({ name }) => name);

const [manifest, named, unnamed, forsaken] = ["manifest", "named", "unnamed", "forsaken"].map((text) =>
  blobOf(text),
) as [Content, Content, Content, Content];

/** A repository with a manifest, the blob that it names, one that nothing names; and a blob that it had once. */
function fillFirst(sql: Sql): void {
  sql.run("INSERT INTO repository (id, name) VALUES (1, ?)", here);
  for (const [at, { descriptor }] of [manifest, named, unnamed, forsaken].entries())
    sql.run("INSERT INTO content (id, digest) VALUES (?, ?)", at + 1, packDigest(descriptor.digest));
  sql.run("INSERT INTO body (content, bytes) VALUES (1, x'7b7d')");
  sql.run(
    "INSERT INTO manifest (repository, content, media_type, pushed) VALUES (1, 1, 'application/json', 1)",
  );
  sql.run("INSERT INTO blob (repository, content, size, linked) VALUES (1, 2, 5, 1), (1, 3, 7, 1)");
  sql.run("INSERT INTO edge (repository, manifest, blob) VALUES (1, 1, 2)");
}

/** Manifests of the first repository, from id 10 on. */
function addManifests(sql: Sql, added: readonly Content[]): void {
  for (const [at, { descriptor, bytes }] of added.entries()) {
    const id = 10 + at;
    sql.run("INSERT INTO content (id, digest) VALUES (?, ?)", id, packDigest(descriptor.digest));
    sql.run("INSERT INTO body (content, bytes) VALUES (?, ?)", id, bytes);
    sql.run(
      "INSERT INTO manifest (repository, content, media_type, pushed) VALUES (1, ?, ?, 1)",
      id,
      descriptor.mediaType,
    );
  }
}

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
  fillFirst(sql);
  upgrade(sql, "db");
  const { digest } = named.descriptor;
  const [unlinked] = applyBatch(sql, [{ kind: "unlink-blob", repository: here, digest }]);
  expect(unlinked).toEqual({ outcome: { done: false, why: "in-use" } });
  sql.close();
});

test("an older database's blobs that nothing names wait from the upgrade on, and its forsaken bytes are unheld", async () => {
  const sql = new Sql(":memory:");
  upgrade(sql, "db", migrations.slice(0, 2));
  fillFirst(sql);
  const before = Date.now();
  upgrade(sql, "db");
  const { items } = collection.unnamed(sql, Date.now(), { limit: 10 });
  expect(items.map(({ digest }) => digest)).toEqual([unnamed.descriptor.digest]);
  expect(items[0]!.since).toBeGreaterThanOrEqual(before);
  const unheld = collection.unheld(sql, { limit: 10 });
  expect(unheld.items).toEqual([{ digest: forsaken.descriptor.digest, doomed: false }]);
  sql.close();
});

test("an older database's indexes hold what they name, and what nothing holds is loose from the upgrade on", () => {
  const sql = new Sql(":memory:");
  upgrade(sql, "db", migrations.slice(0, migrations.indexOf(looseManifests)));
  fillFirst(sql);
  const [child, far] = [blobOf("child", mediaTypes.manifest), blobOf("far", mediaTypes.manifest, "sha512")];
  const index = indexOf([], {}, [child.descriptor, far.descriptor]);
  addManifests(sql, [child, index]);
  sql.run("INSERT INTO tag (repository, name, manifest) VALUES (1, 'v1', 1)");
  upgrade(sql, "db");
  const waiting = loose(sql, Date.now(), { limit: 10 });
  expect(waiting.items.map(({ digest }) => digest)).toEqual([index.descriptor.digest]);
  const edges = sql.all<{ digest: Uint8Array }>(
    "SELECT digest FROM edge JOIN content ON content.id = edge.blob WHERE manifest = 11",
  );
  expect(edges.map(({ digest }) => unpackDigest(digest)).toSorted()).toEqual(
    [child, far].map(({ descriptor }) => descriptor.digest).toSorted(),
  );
  sql.close();
});

test("an index that SQLite reads otherwise, or not at all, is read at the upgrade as it was when it came", () => {
  const sql = new Sql(":memory:");
  upgrade(sql, "db", migrations.slice(0, migrations.indexOf(looseManifests)));
  fillFirst(sql);
  const child = blobOf("child", mediaTypes.manifest);
  const list = `"manifests":[${JSON.stringify(child.descriptor)}]`;
  const deep = `${"[".repeat(2000)}${"]".repeat(2000)}`;
  const texts = [`{"manifests":["none"],${list}}`, `\ufeff{${list}}`, `{"x":${deep},${list}}`, "broken"];
  const indexes = texts.map((text) => blobOf(text.replace("{", `{"schemaVersion":2,`), mediaTypes.index));
  addManifests(sql, [child, ...indexes]);
  upgrade(sql, "db");
  const edges = sql.all<{ manifest: number; blob: number }>(
    "SELECT manifest, blob FROM edge WHERE manifest > 1 ORDER BY manifest",
  );
  expect(edges).toEqual([11, 12, 13].map((id) => ({ manifest: id, blob: 10 })));
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
