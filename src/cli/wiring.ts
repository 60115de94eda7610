// The one file that names how a registry is kept: rows in SQLite, blobs on the file system.
import { FilesystemBlobs } from "../blobs/filesystem.ts";
import { openSqliteCatalog } from "../catalog/sqlite.ts";
import { nodeFileSystem } from "../files/filesystem.ts";
import type { DataPaths } from "../registry/dataDirectory.ts";
import { Registry } from "../registry/registry.ts";
import type { Rules } from "../registry/store.ts";

/** A registry that is ready, and what ends it. */
export interface OpenRegistry {
  readonly registry: Registry;
  close(): Promise<void>;
}

/**
 * Open the registry that is kept in a data directory, which this process owns.
 * @param now ms since 1970
 * @param report is told what goes wrong in the background
 * @throws what `openSqliteCatalog` throws; node's errors
 */
export async function openRegistry(
  { catalog: database, blobs, ingest }: DataPaths,
  now: () => number,
  rules: Rules,
  report: (error: unknown) => void,
): Promise<OpenRegistry> {
  const catalog = await openSqliteCatalog(database);
  const registry = new Registry({
    catalog,
    blobs: new FilesystemBlobs(nodeFileSystem, { blobs, ingest }),
    now,
    rules,
  });
  const close = async () => {
    await registry.close();
    await catalog.close();
  };
  try {
    await registry.start(report);
  } catch (error) {
    await close();
    throw error;
  }
  return { registry, close };
}
