import { constants, readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { errorCode, type FileSystem, nodeFileSystem, openFile } from "../files/filesystem.ts";
import { ChartroomError } from "../oci/errors.ts";

/** Windows has no such flags, and lets nobody but administrators make links. */
const [noFollow, noWait] = [constants.O_NOFOLLOW ?? 0, constants.O_NONBLOCK ?? 0];
/** A pipe in a file's place gives nothing or an error at once, where it would be waited for without end (open(2), O_NONBLOCK). */
const reading = { flag: constants.O_RDONLY | noFollow | noWait };

/** Flags that would follow a link; those that make a file new do not (open(2), O_EXCL). */
const following: Readonly<Record<string, number>> = {
  r: reading.flag,
  "r+": constants.O_RDWR,
  w: constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
};

/**
 * The machine's file system, where a file that is opened is no link. In a data directory that was restored from somewhere a
 * link could give any file of the machine under a blob's digest, or have it written over. Directories may be links: so
 * people put blobs on another disk.
 * @throws ChartroomError `storage` from `open` where a link leads to anything but a directory, from what reads a file for any link
 */
export const plainFiles: FileSystem = {
  ...nodeFileSystem,
  async open(path, flags, mode) {
    const own = following[flags];
    if (own === undefined) return nodeFileSystem.open(path, flags, mode);
    try {
      return await openFile(path, own | noFollow, mode);
    } catch (error) {
      if (errorCode(error) !== "ELOOP") throw error;
      if ((await stat(path).catch(() => undefined))?.isDirectory()) return nodeFileSystem.open(path, flags);
      throw naming(path, error);
    }
  },
  async readFile(path) {
    try {
      return await readFile(path, reading);
    } catch (error) {
      throw naming(path, error);
    }
  },
  readFileSync(path) {
    try {
      return readFileSync(path, reading);
    } catch (error) {
      throw naming(path, error);
    }
  },
};

/** The error of a call on `path`, which says so where that is a link. */
const naming = (path: string, cause: unknown): unknown =>
  errorCode(cause) === "ELOOP"
    ? new ChartroomError("storage", `Cannot open ${path}: it is a link, and only files are kept there`, {
        cause,
      })
    : cause;
