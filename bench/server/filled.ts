import { FilesystemBlobs } from "../../src/blobs/filesystem.ts";
import type { Catalog } from "../../src/catalog/catalog.ts";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite.ts";
import { nodeFileSystem as fs } from "../../src/files/filesystem.ts";
import { openDataDirectory } from "../../src/registry/dataDirectory.ts";
import type { Bench, Registry } from "../../tests/bench.ts";

/** The writer takes what comes. */
const limits = { commands: 10_000, bytes: 1024 * 1024 * 1024 };

/**
 * Fill a data directory with rows and blobs, by the commands of pushes but without their HTTP, and serve it.
 * @param logs whether each request is logged
 */
export async function filled(
  bench: Bench,
  fill: (catalog: Catalog, blobs: FilesystemBlobs) => Promise<void>,
  logs = false,
): Promise<Registry> {
  const root = bench.path(`filled-${crypto.randomUUID()}`);
  const paths = await openDataDirectory(root, { fs });
  const catalog = await openSqliteCatalog(paths.catalog, limits);
  await fill(catalog, new FilesystemBlobs(fs, paths));
  await catalog.close();
  paths.release();
  return bench.configured("chartroom", (host) => ({
    version: 0.1,
    log: { accesslog: { disabled: !logs } },
    storage: { filesystem: { rootdirectory: root } },
    http: { addr: host },
  }));
}
