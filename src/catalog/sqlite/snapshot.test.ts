import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { applyAll, here, one, pushCommands, putManifest, there, two } from "../../testing/commands.ts";
import { failureOf } from "../../testing/errors.ts";
import { freshCatalogs } from "../fresh.suite.ts";
import { snapshotSqlite } from "./snapshot.ts";
import { openSqliteCatalog, openSqliteReader } from "./sqlite.ts";

const fresh = freshCatalogs();

test("a snapshot has what was told before it, while the catalog is written to, and nothing of uploads", async () => {
  const path = await fresh();
  const catalog = await openSqliteCatalog(path);
  await applyAll(catalog, pushCommands(here, one, ["1.0.0"]));
  const session = { kind: "open-upload", id: "u", user: undefined, at: 1 } as const;
  await applyAll(catalog, [
    { ...session, repository: here },
    { ...session, id: "v", repository: there },
  ]);
  const busy = applyAll(catalog, pushCommands(here, two, ["2.0.0"]));
  snapshotSqlite(path, `${path}.copy`);
  await busy;
  expect((await catalog.uploads({ limit: 9 })).items).toHaveLength(2);
  await catalog.close();

  const copy = await openSqliteCatalog(`${path}.copy`);
  expect((await copy.tags(here, { limit: 9 }))?.items[0]).toBe(putManifest(here, one, ["1.0.0"]).tags[0]!);
  expect((await copy.manifest(here, one.descriptor.digest))?.bytes).toEqual(new Uint8Array(one.bytes));
  expect((await copy.uploads({ limit: 9 })).items).toEqual([]);
  expect(await copy.hasRepository(there)).toBe(false);
  expect(await copy.faults(true)).toEqual([]);
  await copy.close();
});

test("what cannot be copied is told as what it is", async () => {
  const path = await fresh();
  await writeFile(`${path}.taken`, "something else");
  const taken = () => snapshotSqlite(path, `${path}.taken`);
  expect(await failureOf(taken)).toMatchObject({ code: "storage", message: expect.stringContaining(path) });
  const none = () => snapshotSqlite(`${path}.taken`, `${path}.copy`);
  expect(await failureOf(none)).toMatchObject({
    code: "storage",
    message: expect.stringContaining("not a database"),
  });
  expect(await readFile(`${path}.taken`, "utf8")).toBe("something else");
});

test("a reader sees what is written meanwhile, and finds what is wrong with the rows", async () => {
  const path = await fresh();
  const catalog = await openSqliteCatalog(path);
  const reader = openSqliteReader(path);
  for (const artifact of [one, two]) {
    await applyAll(catalog, pushCommands(here, artifact));
    expect((await reader.manifestRows(artifact.descriptor.digest))?.held).toHaveLength(1);
  }
  reader.close();
  await catalog.close();

  const spoil = new Database(path);
  spoil.run("PRAGMA foreign_keys = OFF");
  spoil.run("DELETE FROM manifest");
  spoil.run("INSERT INTO tag (repository, name, manifest) VALUES (1, 'x', 99)");
  spoil.close();
  const spoiled = openSqliteReader(path);
  expect(await spoiled.faults(true)).toContain("a row of tag refers to a row of manifest that is not there");
  spoiled.close();
});
