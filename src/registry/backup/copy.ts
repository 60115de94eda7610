import { join } from "node:path";
import { FilesystemBlobs } from "../../blobs/filesystem.ts";
import type { Questions } from "../../catalog/catalog.ts";
import { makeDirectory, replaceFile, syncDirectory, syncFile } from "../../files/durable.ts";
import { type FileSystem, ifThere } from "../../files/filesystem.ts";
import type { Digest } from "../../oci/digest.ts";
import { eachInParallel } from "../../oci/parallel.ts";
import { markDataDirectory, unmarkDataDirectory } from "../dataDirectory.ts";
import type { DataPaths } from "../dataPaths.ts";
import { blobRows } from "../scans.ts";
import { type BlobPlaces, placeBlob } from "./blob.ts";
import { refuseShrunk } from "./shrunk.ts";
import type { Target } from "./target.ts";

/** How a catalog is copied, and how the copy is read: which database it is, is not this room's to say. */
export interface Catalogs {
  /** Copy the catalog at `from` as it stands at one moment to `to`, where nothing is. Need not sync it. */
  snapshot(from: string, to: string): void;
  read(path: string): Questions & { close(): void };
}

/** A blob that the catalog names and that could not be copied. */
export interface Lost {
  readonly digest: Digest;
  readonly message: string;
}

/** What a copy came to. */
export interface Copied {
  readonly blobs: number;
  /** Bytes of all blobs. */
  readonly bytes: number;
  /** Blobs that were there from before; that got a second name; whose bytes were copied; that were taken out of it. */
  readonly kept: number;
  readonly linked: number;
  readonly copied: number;
  readonly removed: number;
}

/** What a copy needs. */
export interface CopyOptions {
  readonly fs: FileSystem;
  readonly catalogs: Catalogs;
  /** Read what is linked, too. What is copied is verified in every case. */
  readonly verify: boolean;
  readonly signal: AbortSignal;
  tell(lost: Lost): void;
  progress(copied: Copied): void;
}

/** Blobs under way at once. */
const parallel = 16;

/**
 * Copy a registry's data, as it stands at one moment, into a directory that is a registry's data then. Nothing may be
 * collected from `source` meanwhile; it may serve and grow. The order is the promise: the catalog's snapshot first, then every
 * blob that it names, and only when all of them are on the disk the snapshot takes its place and the marker is set. An older
 * copy that is there is whole until that moment; what only that one needed goes afterwards.
 * @throws ChartroomError, `conflict` when the older copy has more than twice as many blobs; node's errors; the signal's
 *   reason. The same again goes on
 */
export async function copyData(
  source: DataPaths,
  { paths, complete }: Target,
  options: CopyOptions,
): Promise<Copied> {
  const { fs, catalogs, signal } = options;
  const fresh = `${paths.catalog}.new`;
  for (const left of [fresh, `${fresh}-journal`]) await fs.rm(left, { force: true });
  signal.throwIfAborted();
  const places = {
    fs,
    from: new FilesystemBlobs(fs, source),
    fromDirectory: source.blobs,
    to: new FilesystemBlobs(fs, paths),
    toDirectory: paths.blobs,
  };
  if (complete) {
    const reader = catalogs.read(source.catalog);
    await refuseShrunk(reader, places.to, paths.root).finally(() => reader.close());
  }
  catalogs.snapshot(source.catalog, fresh);
  const copied = await copyBlobs(places, fresh, options);
  await syncFile(fs, fresh);
  await copyUsers(fs, source, paths);
  signal.throwIfAborted();
  await replaceCatalog(fs, paths, fresh, complete);
  await markDataDirectory(fs, paths.root);
  return { ...copied, removed: await removeOthers(places, paths, options) };
}

async function copyBlobs(
  places: BlobPlaces,
  catalog: string,
  { fs, catalogs, verify, signal, tell, progress }: CopyOptions,
): Promise<Copied> {
  const directories = ["sha256", "sha512"].map((algorithm) => join(places.toDirectory, algorithm));
  for (const directory of directories) await makeDirectory(fs, directory);
  const counts = { blobs: 0, bytes: 0, kept: 0, linked: 0, copied: 0, removed: 0 };
  const reader = catalogs.read(catalog);
  try {
    await eachInParallel(blobRows(reader), parallel, async (row) => {
      signal.throwIfAborted();
      const placed = await placeBlob(places, row, verify, signal);
      if (typeof placed === "object") return tell({ digest: row.digest, message: placed.lost });
      counts[placed]++;
      counts.blobs++;
      counts.bytes += row.size;
      progress({ ...counts });
    });
  } finally {
    reader.close();
  }
  for (const directory of directories) await syncDirectory(fs, directory);
  return counts;
}

/** Users that are kept in the data go along; where there are none any more, none stay. */
async function copyUsers(fs: FileSystem, source: DataPaths, paths: DataPaths): Promise<void> {
  const users = await ifThere(fs.readFile(source.htpasswd));
  const temporary = `${paths.htpasswd}.new`;
  await fs.rm(temporary, { force: true });
  if (users === undefined) await fs.rm(paths.htpasswd, { force: true });
  else await replaceFile(fs, paths.htpasswd, users, { temporary, mode: 0o600 });
}

/** The new catalog in the old one's place. */
async function replaceCatalog(
  fs: FileSystem,
  { root, catalog }: DataPaths,
  fresh: string,
  complete: boolean,
): Promise<void> {
  const log = `${catalog}-wal`;
  if ((await ifThere(fs.stat(log))) !== undefined) {
    // Left by who was killed while he looked into the older copy. Beside the new catalog it would be taken for its own, and
    // without it the old one may not be whole.
    if (complete) await unmarkDataDirectory(fs, root);
    await fs.rm(log, { force: true });
  }
  await fs.rm(`${catalog}-shm`, { force: true });
  await syncDirectory(fs, root);
  await fs.rename(fresh, catalog);
  await syncDirectory(fs, root);
}

/** Free what the catalog of a copy does not name. */
async function removeOthers(
  { to }: BlobPlaces,
  { catalog, ingest }: DataPaths,
  { fs, catalogs }: CopyOptions,
): Promise<number> {
  let removed = 0;
  const reader = catalogs.read(catalog);
  try {
    for await (const { digest } of to.list()) {
      if ((await reader.repositoriesWithBlob(digest, 1)).length > 0) continue;
      await to.remove(digest);
      removed++;
    }
  } finally {
    reader.close();
  }
  await fs.rm(ingest, { recursive: true, force: true });
  return removed;
}
