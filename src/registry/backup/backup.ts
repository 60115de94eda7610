import { syncDirectory } from "../../files/durable.ts";
import { errorCode, type FileSystem, ifThere } from "../../files/filesystem.ts";
import type { Lock } from "../../files/lock.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { formatOf, lockDataDirectory, requireData } from "../dataDirectory.ts";
import type { DataPaths } from "../dataPaths.ts";
import { type Copied, type CopyOptions, copyData } from "./copy.ts";
import { takeTarget } from "./target.ts";

/**
 * Copy the data of a registry, which may serve, into `root`: a new or empty directory, or an older backup, which is brought up
 * to date. What comes of it is a data directory like any other.
 * @throws as `takeTarget` and `copyData`
 */
export async function backup(source: DataPaths, root: string, options: CopyOptions): Promise<Copied> {
  const target = await takeTarget(options.fs, root, source.root);
  try {
    return await copyData(source, target, options);
  } finally {
    target.lock.release();
  }
}

/**
 * Make of a backup, which nobody may use meanwhile, a registry's own data, in a new or empty directory; an interrupted
 * restore goes on.
 * @throws as `takeTarget` and `copyData`; ChartroomError `not_found` when there is no backup, or one that was not finished,
 *   `conflict` when there are a registry's data already
 */
export async function restore(source: DataPaths, root: string, options: CopyOptions): Promise<Copied> {
  const { fs } = options;
  await requireData(fs, source.root);
  if ((await formatOf(fs, root)) > 0)
    throw new ChartroomError("conflict", `Cannot restore into ${root}: it holds a registry's data already`, {
      hint: "Choose an empty or a new directory with --data DIR, or move that one away. Nothing was touched.",
    });
  const lock = await lockSource(source.root);
  try {
    const target = await takeTarget(fs, root, source.root);
    try {
      const copied = await copyData(source, target, { ...options, verify: true });
      await becomeOwn(fs, target.paths);
      return copied;
    } finally {
      target.lock.release();
    }
  } finally {
    lock?.release();
  }
}

/** Keep everybody off a backup. Where that cannot be, as on a read-only medium, nobody changes it either. */
async function lockSource(root: string): Promise<Lock | undefined> {
  try {
    return await lockDataDirectory(root);
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** Say that a directory is no backup: whoever serves it may change it, and no later backup may overwrite that. */
export async function becomeOwn(fs: FileSystem, { root, backup: mark }: DataPaths): Promise<void> {
  if ((await ifThere(fs.stat(mark))) === undefined) return;
  await fs.rm(mark, { force: true });
  await syncDirectory(fs, root);
}
