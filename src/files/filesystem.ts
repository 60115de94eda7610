import { constants, type Dirent, readFileSync, readSync, type Stats, statSync } from "node:fs";
import {
  access,
  chmod,
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
} from "node:fs/promises";

/** The calls on an open file that we use, a part of node's `FileHandle` but for `readSync`. */
export interface OpenFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  /** The same here and now. @returns how many bytes it read */
  readSync(buffer: Uint8Array, offset: number, length: number, position: number): number;
  writev(buffers: readonly Uint8Array[], position: number): Promise<{ bytesWritten: number }>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  stat(): Promise<Stats>;
  chmod(mode: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * The file system, as a parameter: all durable work goes through here, so that a test can record each call, make it fail,
 * or cut it short (`testing/filesystem.ts`). The functions are those of `node:fs/promises`, with their errors.
 */
export interface FileSystem {
  open(path: string, flags: string, mode?: number): Promise<OpenFile>;
  readFile(path: string): Promise<Uint8Array>;
  /** The same here and now. */
  readFileSync(path: string): Uint8Array;
  rename(from: string, to: string): Promise<void>;
  link(existing: string, path: string): Promise<void>;
  /** A new file with another's bytes, which share their place on the disk where the file system can do that. */
  copyFile(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  rm(path: string, options: { recursive?: boolean; force?: boolean }): Promise<void>;
  mkdir(path: string): Promise<void>;
  readdir(path: string): Promise<string[]>;
  readdir(path: string, options: { withFileTypes: true }): Promise<Dirent[]>;
  stat(path: string): Promise<Stats>;
  lstat(path: string): Promise<Stats>;
  /**
   * `stat` here and now, undefined where nothing is: for the thousands of a list, each of which takes 2 µs, and by way of a
   * thread three times that.
   */
  statSync(path: string): Stats | undefined;
  chmod(path: string, mode: number): Promise<void>;
  access(path: string, mode?: number): Promise<void>;
}

/** `statSync` of `FileSystem`, of the machine: node's own option for what is not there costs a tenth more of every call. */
export function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** `open` of `FileSystem`, of the machine. @param flags node's letters, or the bits of `constants` */
export async function openFile(path: string, flags: string | number, mode?: number): Promise<OpenFile> {
  const handle = await open(path, flags, mode);
  const here: OpenFile["readSync"] = (...into) => readSync(handle.fd, ...into);
  return Object.assign(handle, { readSync: here }) as OpenFile;
}

/** The file system of the machine. */
export const nodeFileSystem: FileSystem = {
  open: openFile,
  readFile: (path) => readFile(path),
  readFileSync: (path) => readFileSync(path),
  rename,
  link,
  copyFile: (from, to) => copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL),
  unlink,
  rm,
  mkdir: (path) => mkdir(path),
  readdir,
  stat,
  lstat,
  statSync: statIfThere,
  chmod,
  access,
};

/** The code of one of node's errors, like `ENOENT`; undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/**
 * What a call gives, or undefined when its file is not there.
 * @throws node's error for any other reason
 */
export async function ifThere<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
