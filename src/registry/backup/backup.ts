import { syncDirectory } from "../../files/durable.ts";
import type { FileSystem } from "../../files/filesystem.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { type DataPaths, formatOf } from "../dataDirectory.ts";
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
 * Make of a backup a registry's own data, in a new or empty directory; an interrupted restore goes on. The backup is the
 * caller's alone meanwhile.
 * @throws as `takeTarget` and `copyData`; ChartroomError `conflict` when there are a registry's data already
 */
export async function restore(source: DataPaths, root: string, options: CopyOptions): Promise<Copied> {
  const { fs } = options;
  if ((await formatOf(fs, root)) > 0)
    throw new ChartroomError("conflict", `Cannot restore into ${root}: it holds a registry's data already`, {
      hint: "Choose an empty or a new directory with --data DIR, or move that one away. Nothing was touched.",
    });
  const target = await takeTarget(fs, root, source.root);
  try {
    const copied = await copyData(source, target, { ...options, verify: true });
    await becomeOwn(fs, target.paths);
    return copied;
  } finally {
    target.lock.release();
  }
}

/** Say that a directory is no backup: whoever serves it may change it, and no later backup may overwrite that. */
export async function becomeOwn(fs: FileSystem, { root, backup: mark }: DataPaths): Promise<void> {
  await fs.rm(mark, { force: true });
  await syncDirectory(fs, root);
}
