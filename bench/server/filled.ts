import { FilesystemBlobs } from "../../src/blobs/filesystem.ts";
import type { Catalog } from "../../src/catalog/catalog.ts";
import { openSqliteCatalog } from "../../src/catalog/sqlite.ts";
import { nodeFileSystem as fs } from "../../src/files/filesystem.ts";
import { openDataDirectory } from "../../src/registry/dataDirectory.ts";
import type { Bench, Registry } from "../../tests/bench.ts";

/** Fill a data directory with rows and blobs, by the commands of pushes but without their HTTP, and serve it. */
export async function filled(
  bench: Bench,
  fill: (catalog: Catalog, blobs: FilesystemBlobs) => Promise<void>,
): Promise<Registry> {
  const root = bench.path("filled");
  const paths = await openDataDirectory(root, { fs });
  const catalog = await openSqliteCatalog(paths.catalog);
  await fill(catalog, new FilesystemBlobs(fs, paths));
  await catalog.close();
  paths.release();
  return bench.configured("chartroom", (host) => ({
    version: 0.1,
    storage: { filesystem: { rootdirectory: root } },
    http: { addr: host },
  }));
}
