import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { link, lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FileSystem, nodeFileSystem, type OpenFile } from "../files/filesystem.ts";

/** A call that was made: a function of `FileSystem` or of `OpenFile`, and the path it was about. */
export interface Call {
  readonly name: keyof FileSystem | keyof OpenFile;
  readonly path: string;
}

/** What befalls a call. */
export interface Fault {
  /** The error it throws, like `ENOSPC`; without one, only `short` counts. */
  readonly code?: string;
  /** A `writev` gets half of its bytes down first, one at least. */
  readonly short?: boolean;
}

type Inode = number;

/**
 * The machine's file system below `root`, for tests: it keeps a record of each call, lets a test fail any of them, and
 * knows what a power loss would leave. It takes the system at its word and no further: of a file, the content at its last
 * sync is kept; of a directory, the entries at its last sync. What stood below `root` at the start is kept.
 */
export class TestFileSystem implements FileSystem {
  readonly calls: Call[] = [];
  /** Files that are open now. */
  openFiles = 0;
  /** Asked before each call, with the number of calls before it. */
  fault: (index: number, call: Call) => Fault | undefined = () => undefined;

  readonly #root: string;
  readonly #content = new Map<Inode, Uint8Array>();
  readonly #entries = new Map<Inode, ReadonlyMap<string, Inode>>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** @param root a directory that is there; only what is below it survives `afterPowerLoss` */
  static async over(root: string): Promise<TestFileSystem> {
    const fs = new TestFileSystem(root);
    await fs.#keepTree(root);
    return fs;
  }

  /**
   * Make in `into`, a new directory, what would be found after the power failed now.
   * @param entries `synced`: nothing reached the disk but what was synced. `all`: the disk happened to have every directory
   *   entry already, but of files only what was synced. A system may leave either, or a mixture.
   */
  async afterPowerLoss(into: string, entries: "synced" | "all"): Promise<void> {
    const files = new Map<Inode, string>();
    const rebuild = async (from: Inode, path: string | undefined, to: string): Promise<void> => {
      await mkdir(to);
      const found =
        path === undefined ? (this.#entries.get(from) ?? new Map<string, Inode>()) : entriesOf(path);
      for (const [name, inode] of found) {
        const target = join(to, name);
        const twin = files.get(inode);
        if (this.#entries.has(inode)) await rebuild(inode, path && join(path, name), target);
        else if (twin !== undefined) await link(twin, target);
        else {
          await writeFile(target, this.#content.get(inode) ?? new Uint8Array());
          files.set(inode, target);
        }
      }
    };
    const { ino } = await lstat(this.#root);
    await rebuild(ino, entries === "all" ? this.#root : undefined, into);
  }

  async open(path: string, flags: string, mode?: number): Promise<OpenFile> {
    const before = inodeAt(path);
    // Readable too, so that a sync can look at what it syncs.
    const readable = flags === "wx" ? "wx+" : flags;
    const file = await this.#call({ name: "open", path }, () => nodeFileSystem.open(path, readable, mode));
    this.openFiles++;
    const { ino } = await file.stat();
    if (before !== ino) this.#forget(ino);
    return this.#opened(path, file, ino);
  }

  #opened(path: string, file: OpenFile, ino: Inode): OpenFile {
    const call = <T>(name: keyof OpenFile, work: () => Promise<T>) => this.#call({ name, path }, work);
    // As it is when asked; the real disk need not be kept busy for that.
    const sync = async () => {
      const kept = (await contentOf(file)) ?? entriesOf(path);
      if (kept instanceof Uint8Array) this.#content.set(ino, kept);
      else this.#entries.set(ino, kept);
    };
    return {
      read: (buffer, offset, length, position) =>
        call("read", () => file.read(buffer, offset, length, position)),
      readSync: (...into) => {
        this.#throwIfAsked({ name: "readSync", path });
        return file.readSync(...into);
      },
      writev: async (buffers, position) => {
        const fault = this.#ask({ name: "writev", path });
        if (fault?.short) {
          const whole = new Uint8Array(await new Blob(buffers as Uint8Array<ArrayBuffer>[]).arrayBuffer());
          const result = await file.writev([whole.subarray(0, Math.ceil(whole.byteLength / 2))], position);
          if (fault.code === undefined) return result;
        }
        if (fault?.code !== undefined) throw failure(fault.code, "writev", path);
        return file.writev(buffers, position);
      },
      datasync: () => call("datasync", sync),
      sync: () => call("sync", sync),
      truncate: (size) => call("truncate", () => file.truncate(size)),
      stat: () => call("stat", () => file.stat()),
      chmod: (mode) => call("chmod", () => file.chmod(mode)),
      // Like the system's, a close that fails has closed.
      close: async () => {
        await file.close();
        this.openFiles--;
        await call("close", async () => {});
      },
    };
  }

  async mkdir(path: string): Promise<void> {
    await this.#call({ name: "mkdir", path }, () => nodeFileSystem.mkdir(path));
    const { ino } = await lstat(path);
    this.#forget(ino);
    this.#entries.set(ino, new Map());
  }

  readFile: FileSystem["readFile"] = (path) =>
    this.#call({ name: "readFile", path }, () => nodeFileSystem.readFile(path));
  readFileSync: FileSystem["readFileSync"] = (path) => {
    this.#throwIfAsked({ name: "readFileSync", path });
    return nodeFileSystem.readFileSync(path);
  };
  rename: FileSystem["rename"] = (from, to) =>
    this.#call({ name: "rename", path: to }, () => nodeFileSystem.rename(from, to));
  link: FileSystem["link"] = (existing, path) =>
    this.#call({ name: "link", path }, () => nodeFileSystem.link(existing, path));
  copyFile: FileSystem["copyFile"] = async (from, to) => {
    await this.#call({ name: "copyFile", path: to }, () => nodeFileSystem.copyFile(from, to));
    this.#forget((await lstat(to)).ino);
  };
  unlink: FileSystem["unlink"] = (path) =>
    this.#call({ name: "unlink", path }, () => nodeFileSystem.unlink(path));
  rm: FileSystem["rm"] = (path, options) =>
    this.#call({ name: "rm", path }, () => nodeFileSystem.rm(path, options));
  readdir(path: string): Promise<string[]>;
  readdir(path: string, options: { withFileTypes: true }): Promise<Dirent[]>;
  readdir(path: string, options?: { withFileTypes: true }): Promise<string[] | Dirent[]> {
    return this.#call<string[] | Dirent[]>({ name: "readdir", path }, () =>
      options === undefined ? nodeFileSystem.readdir(path) : nodeFileSystem.readdir(path, options),
    );
  }
  stat: FileSystem["stat"] = (path) => this.#call({ name: "stat", path }, () => nodeFileSystem.stat(path));
  lstat: FileSystem["lstat"] = (path) =>
    this.#call({ name: "lstat", path }, () => nodeFileSystem.lstat(path));
  statSync: FileSystem["statSync"] = (path) => {
    this.#throwIfAsked({ name: "statSync", path });
    return nodeFileSystem.statSync(path);
  };
  chmod: FileSystem["chmod"] = (path, mode) =>
    this.#call({ name: "chmod", path }, () => nodeFileSystem.chmod(path, mode));
  access: FileSystem["access"] = (path, mode) =>
    this.#call({ name: "access", path }, () => nodeFileSystem.access(path, mode));

  async #call<T>(call: Call, work: () => Promise<T>): Promise<T> {
    this.#throwIfAsked(call);
    return work();
  }

  #throwIfAsked(call: Call): void {
    const code = this.#ask(call)?.code;
    if (code !== undefined) throw failure(code, call.name, call.path);
  }

  #ask(call: Call): Fault | undefined {
    return this.fault(this.calls.push(call) - 1, call);
  }

  /** A new file may get the number of one that was removed. */
  #forget(inode: Inode): void {
    this.#content.delete(inode);
    this.#entries.delete(inode);
  }

  async #keepTree(path: string): Promise<void> {
    const stats = await lstat(path);
    if (!stats.isDirectory()) return void this.#content.set(stats.ino, await readFile(path));
    const entries = entriesOf(path);
    this.#entries.set(stats.ino, entries);
    for (const name of entries.keys()) await this.#keepTree(join(path, name));
  }
}

function failure(code: string, name: string, path: string): Error {
  return Object.assign(new Error(`${code}: made to fail, ${name} '${path}'`), { code, syscall: name, path });
}

// Here and now, so that what is kept is what was there at one moment, and cheap: each open and each sync asks.

function inodeAt(path: string): Inode | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}

function entriesOf(path: string): Map<string, Inode> {
  const entries = new Map<string, Inode>();
  for (const name of readdirSync(path)) {
    const inode = inodeAt(join(path, name));
    if (inode !== undefined) entries.set(name, inode);
  }
  return entries;
}

/** All bytes of an open file; undefined for a directory. */
async function contentOf(file: OpenFile): Promise<Uint8Array | undefined> {
  const stats = await file.stat();
  if (stats.isDirectory()) return undefined;
  const content = new Uint8Array(stats.size);
  await file.read(content, 0, content.byteLength, 0);
  return content;
}
