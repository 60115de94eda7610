import { constants } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectory, replaceFile, syncDirectory } from "../files/durable.ts";
import { type FileSystem, ifThere } from "../files/filesystem.ts";
import { acquire, type Lock, LockBusyError } from "../files/lock.ts";
import { ChartroomError } from "../oci/errors.ts";
import { jsonBytes, parseJsonObject } from "../oci/json.ts";
import { type DataPaths, dataPathsOf, harmless } from "./dataPaths.ts";
import { networkFileSystems } from "./networkFileSystems.ts";

/** A data directory that this process owns until `release`, or until the process ends in any way. */
export interface DataDirectory extends DataPaths {
  release(): void;
}

export interface DataDirectoryOptions {
  readonly fs: FileSystem;
  /** The type that the system gives a path's file system; a parameter because no test can mount one. */
  readonly fileSystemType?: (path: string) => Promise<number>;
}

/** Says whose the directory is: `{"format": 1}`. */
const markerName = "chartroom.json";
const lockName = "lock";

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
 *   format or a broken marker, or lies on a network file system; `storage` when it is no directory or not writable;
 *   `not_verified` when its catalog is gone
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
 * @throws ChartroomError `not_found`, `invalid`, `not_verified` without its catalog; node's errors
 */
export async function requireData(fs: FileSystem, root: string): Promise<void> {
  const found = await formatOf(fs, root);
  if (found === 0) await refuseUnfinished(fs, root);
  if (found === 0)
    throw new ChartroomError("not_found", `There are no registry's data in ${root}`, {
      hint: "Name the directory that has them.",
    });
  refuseNewer(root, found);
  await refuseLost(fs, root);
}

/** Refuse blobs whose catalog is gone: whoever opened it would make an empty one, and every blob would be nobody's. */
async function refuseLost(fs: FileSystem, root: string): Promise<void> {
  const { catalog, blobs } = dataPathsOf(root);
  if ((await ifThere(fs.stat(catalog))) !== undefined) return;
  for (const algorithm of ["sha256", "sha512"])
    if (((await ifThere(fs.readdir(join(blobs, algorithm)))) ?? []).length > 0)
      throw new ChartroomError(
        "not_verified",
        `The registry's data in ${root} have no catalog: ${catalog} is missing`,
        { hint: "Restore a backup. Blobs alone do not say whose they are." },
      );
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
  if (found > 0) return refuseLost(fs, root);
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
