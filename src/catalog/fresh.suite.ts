import { afterAll, beforeAll } from "bun:test";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteCatalog } from "./sqlite/sqlite.ts";

/** Give paths of empty catalogs, in a directory that goes with the tests: copies of one, so that a disk syncs but once. */
export function freshCatalogs(): () => Promise<string> {
  let directory: string;
  let count = 0;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "catalog-"));
    await (await openSqliteCatalog(join(directory, "empty.db"))).close();
  });
  afterAll(() => rm(directory, { recursive: true }));
  return async () => {
    const path = join(directory, `${count++}.db`);
    await copyFile(join(directory, "empty.db"), path);
    return path;
  };
}
