import { errorCode, type FileSystem } from "../files/filesystem.ts";

/** How a file system says that it has no hard links (FAT, SMB, some FUSE), none across these places, or no more of them. */
export const cannotLink: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EXDEV",
  "EMLINK",
]);

/**
 * Give the file `path` the name `target` too. What stands there already is replaced, never trusted: it may be corrupt, or
 * another process's rename may not be on the disk yet. Where there are no hard links the file moves. Nothing is synced.
 * @param spare a free name beside `path`
 * @returns whether `path` is still there
 * @throws node's error
 */
export async function placeFile(
  fs: FileSystem,
  path: string,
  target: string,
  spare: string,
): Promise<"linked" | "moved"> {
  try {
    await fs.link(path, target);
    return "linked";
  } catch (error) {
    if (cannotLink.has(errorCode(error) ?? "")) {
      await fs.rename(path, target);
      return "moved";
    }
    if (errorCode(error) !== "EEXIST") throw error;
  }
  await fs.rm(spare, { force: true });
  await fs.link(path, spare);
  try {
    await fs.rename(spare, target);
  } finally {
    // Between two names of one inode, as at a second commit, rename does nothing and leaves both (rename(2)).
    await fs.rm(spare, { force: true });
  }
  return "linked";
}
