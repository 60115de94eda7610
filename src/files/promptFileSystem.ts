import * as node from "node:fs";
import { type FileSystem, type OpenFile, statIfThere } from "./filesystem.ts";

/**
 * The file system of the machine, for a program that does one thing. By way of node's threads a call costs 40 µs and more, most
 * of it waking up, and a pull makes a hundred; so what the kernel answers from memory is asked here and now. What waits for
 * the disk goes by a thread, so that two blobs still wait at once: syncs, and bytes in bulk.
 */
export const promptFileSystem: FileSystem = {
  open: async (path, flags, mode) => new PromptFile(node.openSync(path, flags, mode)),
  readFile: async (path) => node.readFileSync(path),
  readFileSync: (path) => node.readFileSync(path),
  rename: async (from, to) => node.renameSync(from, to),
  link: async (existing, path) => node.linkSync(existing, path),
  copyFile: async (from, to) =>
    node.copyFileSync(from, to, node.constants.COPYFILE_FICLONE | node.constants.COPYFILE_EXCL),
  unlink: async (path) => node.unlinkSync(path),
  rm: async (path, options) => node.rmSync(path, options),
  mkdir: async (path) => node.mkdirSync(path),
  readdir: (async (path: string, options?: { withFileTypes: true }) =>
    options === undefined
      ? node.readdirSync(path)
      : node.readdirSync(path, options)) as FileSystem["readdir"],
  stat: async (path) => node.statSync(path),
  lstat: async (path) => node.lstatSync(path),
  statSync: statIfThere,
  chmod: async (path, mode) => node.chmodSync(path, mode),
  access: async (path, mode) => node.accessSync(path, mode),
};

/** Bytes from which a read or a write is worth a thread's waking up. */
const bulk = 64 * 1024;

/** A call that node tells of when it is done. */
const told = <T>(call: (done: (error: Error | null, value: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => call((error, value) => (error === null ? resolve(value) : reject(error))));

class PromptFile implements OpenFile {
  /** -1 once it is closed: the number may be another file's by then. */
  #fd: number;
  constructor(fd: number) {
    this.#fd = fd;
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number) {
    const bytesRead =
      length < bulk
        ? this.readSync(buffer, offset, length, position)
        : await told<number>((done) => node.read(this.#fd, buffer, offset, length, position, done));
    return { bytesRead };
  }

  readSync = (buffer: Uint8Array, offset: number, length: number, position: number) =>
    node.readSync(this.#fd, buffer, offset, length, position);

  async writev(buffers: readonly Uint8Array[], position: number) {
    const size = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const bytesWritten =
      size < bulk
        ? node.writevSync(this.#fd, buffers, position)
        : await told<number>((done) => node.writev(this.#fd, buffers, position, done));
    return { bytesWritten };
  }

  datasync = () => told<void>((done) => node.fdatasync(this.#fd, done as node.NoParamCallback));
  sync = () => told<void>((done) => node.fsync(this.#fd, done as node.NoParamCallback));
  truncate = async (size: number) => node.ftruncateSync(this.#fd, size);
  stat = async () => node.fstatSync(this.#fd);
  chmod = async (mode: number) => node.fchmodSync(this.#fd, mode);
  close = async () => {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd >= 0) node.closeSync(fd);
  };
}
