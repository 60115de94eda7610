// The one file that names how a registry is kept: rows in SQLite, blobs on the file system; or both in memory.
import { version } from "../../package.json";
import { FilesystemBlobs } from "../blobs/filesystem.ts";
import { MemoryBlobs } from "../blobs/memory.ts";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { snapshotSqlite } from "../catalog/sqlite/snapshot.ts";
import { openSqliteCatalog, openSqliteReader } from "../catalog/sqlite/sqlite.ts";
import { Notifications, type NotificationsOptions } from "../notify/notifications.ts";
import type { Catalogs } from "../registry/backup/copy.ts";
import { archiveThread } from "../registry/charts/archiveThread.ts";
import { leafFilesIn } from "../registry/classic/leafFile.ts";
import type { DataPaths } from "../registry/dataPaths.ts";
import type { MirrorSource } from "../registry/mirror/mirror.ts";
import { plainFiles } from "../registry/plainFiles.ts";
import { Registry, type Sweep } from "../registry/registry.ts";
import { Reserve } from "../registry/reserve.ts";
import type { Rules, Store } from "../registry/store.ts";
import { WriteStop } from "../registry/writeStop.ts";

/** How the catalog of a data directory is read beside its owner, and how it is copied. */
export const catalogs: Catalogs = { snapshot: snapshotSqlite, read: openSqliteReader };

/** A registry that is ready, and what ends it. */
export interface OpenRegistry {
  readonly registry: Registry;
  /** What it is kept in. */
  readonly store: Store;
  /** Whether it still writes. */
  readonly writes: WriteStop;
  /** Commands that wait for the catalog. */
  readonly waiting: () => number;
  /** Undefined where nobody is to be told of anything. */
  readonly notifications: Notifications | undefined;
  close(): Promise<void>;
}

/** What a registry needs beside a place. */
export interface RegistryNeeds {
  /** Now, ms since 1970. */
  readonly now: () => number;
  /** Is told what goes wrong in the background. */
  readonly report: (error: unknown) => void;
  readonly sweep: Sweep | "off";
  readonly rules: Rules;
  /** Who is told of what happens; unsaid, nobody now, and what waits for somebody goes on waiting. */
  readonly notifications?: NotificationsOptions;
  readonly mirrors: readonly MirrorSource[];
}

/**
 * Open the registry that is kept in a data directory, which this process owns; without one, in memory alone.
 * @throws what `openSqliteCatalog` throws; node's errors
 */
export async function openRegistry(
  paths: DataPaths | undefined,
  { now, report, sweep, rules, mirrors, notifications: told }: RegistryNeeds,
): Promise<OpenRegistry> {
  const writes = new WriteStop(report);
  const { catalog: stored, blobs } =
    paths === undefined
      ? { catalog: new MemoryCatalog(), blobs: new MemoryBlobs() }
      : await openStorage(paths, writes);
  const notifications = told && new Notifications(stored, told);
  const heard = told?.endpoints.length === 0 ? undefined : notifications;
  const catalog = heard?.catalog ?? stored;
  const reading = archiveThread();
  const leafFiles = paths && leafFilesIn(plainFiles, paths.indexes, version);
  const readers = { readFacts: reading.read, readTemplates: reading.templates };
  const store = { catalog, blobs, now, rules, ...readers, leafFiles };
  const registry = new Registry(store, mirrors, report);
  const close = async () => {
    await registry.close();
    reading.stop();
    await notifications?.close();
    await stored.close();
  };
  try {
    await registry.start(report, sweep);
    await notifications?.start();
  } catch (error) {
    await close();
    throw error;
  }
  const waiting = () => stored.waiting();
  return { registry, store, writes, waiting, notifications: heard, close };
}

/** Rows and blobs of a data directory, which this process owns. @throws as `openRegistry` */
export async function openStorage(paths: DataPaths, writes: WriteStop) {
  const rows = await openCatalog(paths.catalog);
  return {
    catalog: writes.catalog(new Reserve(plainFiles, paths.reserve).catalog(rows)),
    blobs: new FilesystemBlobs(writes.files(plainFiles), paths),
  };
}

/** Rows alone, in a file of their own. */
export const openCatalog = openSqliteCatalog;
