import { constants } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectory, replaceFile, syncDirectory } from "../files/durable.ts";
import { type FileSystem, ifThere } from "../files/filesystem.ts";
import { acquire, type Lock, LockBusyError } from "../files/lock.ts";
import { ChartroomError } from "../oci/errors.ts";
import { jsonBytes, parseJsonObject } from "../oci/json.ts";

/** Where a registry keeps what. */
export interface DataPaths {
  /** The directory itself. */
  readonly root: string;
  /** The catalog's database. */
  readonly catalog: string;
  /** Whole blobs, by algorithm and digest. */
  readonly blobs: string;
  /** Blobs on their way in. */
  readonly ingest: string;
  /** Room that is kept for deletes on a full disk. */
  readonly reserve: string;
  /** Who may enter, when that is kept here. */
  readonly htpasswd: string;
  /** Where its owner is asked for something. */
  readonly control: string;
  /** What a repair has put aside. */
  readonly quarantine: string;
  /** Says that the directory is a backup. */
  readonly backup: string;
}

/** A data directory that this process owns until `release`, or until the process ends in any way. */
export interface DataDirectory extends DataPaths {
  release(): void;
}

export interface DataDirectoryOptions {
  readonly fs: FileSystem;
  /** The type that the system gives a path's file system; a parameter because no test can mount one. */
  readonly fileSystemType?: (path: string) => Promise<number>;
}

/** The paths of a data directory; nothing is looked at or made. */
export function dataPathsOf(root: string): DataPaths {
  return {
    root,
    catalog: join(root, "catalog.db"),
    blobs: join(root, "blobs"),
    ingest: join(root, "ingest"),
    reserve: join(root, "reserve"),
    htpasswd: join(root, "htpasswd"),
    control: join(root, "control.sock"),
    quarantine: join(root, "quarantine"),
    backup: join(root, "backup.json"),
  };
}

/** Says whose the directory is: `{"format": 1}`. */
const markerName = "chartroom.json";
const lockName = "lock";

/**
 * What may stand in a directory before it is ours: an ext4 file system's own directory, a list of users made beforehand,
 * and what a start leaves that was cut short.
 */
const harmless = /^(?:lost\+found|htpasswd(?:\..*)?|lock|chartroom\.json\..*)$/;

/** Whether a name in a data directory is that of something a registry keeps there, or leaves when it is killed. */
export const isOwnName = (name: string): boolean =>
  harmless.test(name) ||
  /^(?:chartroom\.json|catalog\.db(?:-wal|-shm|\.new|\.new-journal)?|backup\.json(?:\.new)?)$/.test(name) ||
  /^(?:blobs|ingest|reserve|control\.sock|quarantine)$/.test(name);

/**
 * From each format to the next, the first from nothing. A catalog has a schema version of its own; this is about which
 * files there are.
 */
const upgrades: readonly ((fs: FileSystem, paths: DataPaths) => Promise<void>)[] = [
  (fs, { blobs }) => makeDirectory(fs, blobs),
];
const format = upgrades.length;

/**
 * Own the data directory `root`: it is made when absent, upgraded when older, and nobody else's until released. Where it
 * is refused nothing was touched.
 * @throws ChartroomError `conflict` when a running process owns it; `invalid` when it holds something foreign, a newer
 *   format or a broken marker, or lies on a network file system; `storage` when it is no directory or not writable
 */
export async function openDataDirectory(root: string, options: DataDirectoryOptions): Promise<DataDirectory> {
  const { fs } = options;
  await makeDataDirectory(root, options);
  const paths = dataPathsOf(root);
  const lock = await lockDataDirectory(root);
  try {
    for (let from = await formatOf(fs, root); from < format; from++) {
      await upgrades[from]?.(fs, paths);
      await markDataDirectory(fs, root, from + 1);
    }
  } catch (error) {
    lock.release();
    throw error;
  }
  return { ...paths, release: () => lock.release() };
}

/**
 * Keep everybody else out of a directory, until released or until the process ends in any way.
 * @throws ChartroomError `conflict` when a running process owns it; node's errors
 */
export const lockDataDirectory = (root: string): Promise<Lock> =>
  acquire(join(root, lockName), "exclusive", { wait: 0 }).catch((cause) => {
    if (!(cause instanceof LockBusyError)) throw cause;
    throw refusal("conflict", root, "another chartroom process is using it", {
      hint: "Stop that one first, or choose another directory with --data DIR.",
      cause,
    });
  });

/** Say, durably, that a directory is a registry's: it is whole from then on. */
export async function markDataDirectory(fs: FileSystem, root: string, as: number = format): Promise<void> {
  const marker = join(root, markerName);
  const temporary = `${marker}.new`;
  await fs.rm(temporary, { force: true });
  await replaceFile(fs, marker, jsonBytes({ format: as }), { temporary });
}

/** Say no longer that a directory is a registry's. */
export async function unmarkDataDirectory(fs: FileSystem, root: string): Promise<void> {
  await fs.rm(join(root, markerName), { force: true });
  await syncDirectory(fs, root);
}

/**
 * Make `root` a directory that a registry's data could live in, if it is not: to keep users there beforehand.
 * @throws ChartroomError as `openDataDirectory`, but for the owner
 */
export async function makeDataDirectory(root: string, options: DataDirectoryOptions): Promise<void> {
  const { fs } = options;
  await check(root, options);
  if ((await ifThere(fs.stat(root))) !== undefined) return;
  await makeDirectory(fs, root);
  await fs.chmod(root, 0o700); // charts may be private, and so are users
}

/**
 * See that a directory holds a registry's data, of a format that this program knows.
 * @throws ChartroomError `not_found`, `invalid`; node's errors
 */
export async function requireData(fs: FileSystem, root: string): Promise<void> {
  const found = await formatOf(fs, root);
  if (found === 0) await refuseUnfinished(fs, root);
  if (found === 0)
    throw new ChartroomError("not_found", `There are no registry's data in ${root}`, {
      hint: "Name the directory that has them.",
    });
  refuseNewer(root, found);
}

/** Refuse a copy of a registry's data that has no marker yet. */
async function refuseUnfinished(fs: FileSystem, root: string): Promise<void> {
  if ((await ifThere(fs.stat(dataPathsOf(root).backup))) !== undefined)
    throw refusal("invalid", root, "it is a backup, or a restore, that was not finished", {
      hint: "Run that again: it goes on where it was.",
    });
}

function refuseNewer(root: string, found: number): void {
  if (found > format)
    throw refusal("invalid", root, `it has format ${found}, and this program knows up to ${format}`, {
      hint: "Use the newer chartroom that wrote it.",
    });
}

/** Whether a directory is one of ours already. @throws ChartroomError `invalid` for a broken marker */
export const isDataDirectory = async (fs: FileSystem, root: string): Promise<boolean> =>
  (await formatOf(fs, root)) > 0;

/** Refuse a place that no registry's data could live in; it need not exist yet. Changes nothing. */
async function check(
  root: string,
  { fs, fileSystemType = async (path) => (await statfs(path)).type }: DataDirectoryOptions,
): Promise<void> {
  const elsewhere = { hint: "Choose another directory with --data DIR." };
  const there = await nearest(fs, root);
  const stats = await fs.stat(there);
  if (!stats.isDirectory())
    throw refusal("storage", root, `${there === root ? "it" : there} is a file`, elsewhere);
  const network = networkFileSystems.get(await fileSystemType(there));
  if (network !== undefined)
    throw refusal("invalid", root, `it lies on ${network}, where the catalog would not be safe`, {
      hint: "Choose a directory on a local disk with --data DIR.",
    });
  try {
    await fs.access(there, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const why = there === root ? "it is not writable" : `${there} is not writable`;
    throw refusal("storage", root, why, { ...elsewhere, cause });
  }
  if (there !== root) return;
  const found = await formatOf(fs, root);
  refuseNewer(root, found);
  if (found > 0) return;
  await refuseUnfinished(fs, root);
  const foreign = (await fs.readdir(root, { withFileTypes: true })).find(({ name }) => !harmless.test(name));
  if (foreign !== undefined)
    throw refusal("invalid", root, `it holds "${foreign.name}", which is not chartroom's`, {
      hint: "Choose an empty or a new directory with --data DIR.",
    });
}

const refusal = (
  code: "conflict" | "invalid" | "storage",
  root: string,
  why: string,
  more: { hint: string; cause?: unknown },
) => new ChartroomError(code, `Cannot use data directory ${root}: ${why}`, more);

/** The format that the marker tells; 0 when there is none. @throws ChartroomError `invalid` when it is broken */
export async function formatOf(fs: FileSystem, root: string): Promise<number> {
  const path = join(root, markerName);
  const bytes = await ifThere(fs.readFile(path));
  if (bytes === undefined) return 0;
  const { format: found } = parseJsonObject(bytes, path);
  if (typeof found === "number" && Number.isSafeInteger(found) && found > 0) return found;
  throw new ChartroomError("invalid", `Cannot parse ${path}: format is no number`);
}

/** The path itself, or the nearest directory above it that is there. */
async function nearest(fs: FileSystem, path: string): Promise<string> {
  const stats = await fs.stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
  });
  return stats !== undefined || dirname(path) === path ? path : nearest(fs, dirname(path));
}

/**
 * By the number in statfs(2), of linux/magic.h where no other source is named. SQLite's write-ahead log needs shared memory,
 * which these do not have across machines (sqlite.org/wal.html), and neither their locks nor their syncs are to be relied
 * on. FUSE and 9P are not among them: by the same numbers go disks of this machine (NTFS, mergerfs, the volumes of a
 * sandbox or a virtual machine).
 */
const networkFileSystems = new Map([
  [0x6969, "NFS"], // Amazon EFS too
  [0x517b, "SMB"],
  [0xfe534d42, "SMB2"],
  [0xff534d42, "CIFS"],
  [0x00c36400, "CephFS"],
  [0x0bd00bd0, "Lustre"], // LL_SUPER_MAGIC of Lustre itself
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x73757245, "Coda"],
  [0x564c, "NCP"],
  [0x01161970, "GFS2"], // gfs2_ondisk.h
  [0x7461636f, "OCFS2"],
]);
