import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Blobs } from "../blobs/blobs.ts";
import { blobPathIn, FilesystemBlobs } from "../blobs/filesystem.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { openSqliteCatalog } from "../catalog/sqlite/sqlite.ts";
import { type FileSystem, nodeFileSystem } from "../files/filesystem.ts";
import type { Digest } from "../oci/digest.ts";
import { parseTag } from "../oci/reference.ts";
import { type DataDirectory, openDataDirectory } from "../registry/dataDirectory.ts";
import { Registry } from "../registry/registry.ts";
import { type Artifact, pushArtifact } from "./artifacts.ts";
import { nameOf } from "./commands.ts";

/** A data directory of a registry that runs, without a socket. */
export interface TestData extends AsyncDisposable {
  readonly data: DataDirectory;
  readonly blobs: Blobs;
  readonly catalog: Catalog;
  readonly registry: Registry;
  /** The file of a blob. */
  blobPath(digest: Digest): string;
  /** Push an artifact whole, under these tags. */
  push(repository: string, artifact: Artifact, ...tags: string[]): Promise<void>;
  /** Let go of the directory, which stays. */
  close(): Promise<void>;
}

/** Open a data directory: of its own, which goes with it, unless told. */
export async function testData(root?: string, fs: FileSystem = nodeFileSystem): Promise<TestData> {
  const own = root ?? (await mkdtemp(join(tmpdir(), "chartroom-data-")));
  const data = await openDataDirectory(own, { fs });
  const blobs = new FilesystemBlobs(fs, data);
  const catalog = await openSqliteCatalog(data.catalog);
  const registry = new Registry({ blobs, catalog, now: Date.now });
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await registry.close();
    await catalog.close();
    data.release();
  };
  return {
    ...{ data, blobs, catalog, registry, close },
    blobPath: (digest) => blobPathIn(data.blobs, digest),
    push: (repository, artifact, ...tags) =>
      pushArtifact(registry.repository(nameOf(repository)), artifact, {
        tags: tags.map(parseTag),
        expect: "any",
      }),
    [Symbol.asyncDispose]: async () => {
      await close();
      if (root === undefined) await rm(own, { recursive: true });
    },
  };
}
