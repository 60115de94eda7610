import { dirname } from "node:path";
import { errorCode, type FileSystem, type OpenFile } from "./filesystem.ts";
import { Rounds } from "./rounds.ts";

/** Codes by which a system says that it cannot sync directories (Windows, some network file systems). */
export const cannotSync = new Set(["EPERM", "EISDIR", "EINVAL"]);

/** The syncs of each file system, by directory. */
const syncs = new WeakMap<FileSystem, Rounds>();

/**
 * Make a directory's entries survive power loss: files created, linked, renamed or removed in it. Where the system cannot
 * sync a directory, nothing is done. Many who come while one sync is under way share the next.
 * @throws node's error when the sync fails
 */
export function syncDirectory(fs: FileSystem, directory: string): Promise<void> {
  const rounds = syncs.get(fs) ?? new Rounds();
  syncs.set(fs, rounds);
  return rounds.wait(directory, async () => {
    try {
      await syncFile(fs, directory);
    } catch (error) {
      if (!cannotSync.has(errorCode(error) ?? "")) throw error;
    }
  });
}

/** Make what a file, or a directory, holds survive power loss, whoever wrote it. @throws node's error */
export async function syncFile(fs: FileSystem, path: string): Promise<void> {
  const file = await fs.open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Make a directory and the parents it lacks, durably: each new entry is synced before anything is made below it. A
 * directory that is there is no proof that its entry was synced (another process may just have made it), so the parent
 * is synced in every case.
 * @throws node's error
 */
export async function makeDirectory(fs: FileSystem, path: string): Promise<void> {
  try {
    await makeEntry(fs, path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT" || dirname(path) === path) throw error;
    await makeDirectory(fs, dirname(path));
    // Once: some file systems say so of a directory whose parent is there, since nothing can be made in it (proc).
    await makeEntry(fs, path);
  }
}

/** As `makeDirectory`, the parent being there. */
async function makeEntry(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.mkdir(path);
  } catch (error) {
    if (errorCode(error) !== "EEXIST" || !(await fs.stat(path)).isDirectory()) throw error;
  }
  await syncDirectory(fs, dirname(path));
}

/** How `replaceFile` writes. */
export interface ReplaceOptions {
  /** Permission bits of the new file, before the umask; 0644 unless told. */
  readonly mode?: number;
  /** A path for the bytes while they are written: in the same file system, not taken, best with a random part. */
  readonly temporary: string;
}

/**
 * Put `bytes` at `path`, whole or not at all: readers, crashes and power loss see the old file or the new one. Durable
 * once it resolves. The temporary file is taken away when a step fails.
 * @throws node's error; the target is then as it was, or, when only the last sync failed, whole and new
 */
export async function replaceFile(
  fs: FileSystem,
  path: string,
  bytes: Uint8Array,
  { mode = 0o644, temporary }: ReplaceOptions,
): Promise<void> {
  const file = await fs.open(temporary, "wx", mode);
  try {
    try {
      await writeAll(file, [bytes], 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(temporary, path);
  } catch (error) {
    // The first error is the one to tell.
    await fs.rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncDirectory(fs, dirname(path));
}

/**
 * Write all of `buffers` at `position` (bytes from the start), going on after short writes: a disk that is nearly full
 * takes a part first, and names the error only at the next call.
 * @throws node's error
 */
export async function writeAll(
  file: OpenFile,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = buffers;
  let at = position;
  while (rest.some((buffer) => buffer.byteLength > 0)) {
    const { bytesWritten } = await file.writev(rest, at);
    at += bytesWritten;
    rest = behind(rest, bytesWritten);
  }
}

/** The buffers without their first `count` bytes. */
function behind(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  return buffers.flatMap((buffer) => {
    const cut = Math.min(skip, buffer.byteLength);
    skip -= cut;
    return cut === buffer.byteLength ? [] : [buffer.subarray(cut)];
  });
}
