import { chown, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { makeDirectory, replaceFile } from "./durable.ts";
import { type FileSystem, ifThere } from "./filesystem.ts";
import { acquire } from "./lock.ts";

/**
 * Change a small file that other processes may be changing too: read, change, replace, one at a time under a lock beside
 * it, `<path>.lock`. Readers see the old file or the new one. A link is followed; mode and owner stay as they are; a new
 * file is its owner's alone (0600), and the directories it lacks are made.
 * @param change is given the file's bytes, undefined when there is none, and gives the new ones, undefined to leave all as
 *   it is
 * @throws what `change` throws, LockBusyError, the signal's reason, node's error; the file is then as it was
 */
export async function editFile(
  fs: FileSystem,
  path: string,
  change: (bytes: Uint8Array | undefined) => Uint8Array | undefined,
  signal?: AbortSignal,
): Promise<void> {
  await makeDirectory(fs, dirname(path));
  const target = (await ifThere(realpath(path))) ?? path;
  await using _lock = await acquire(`${target}.lock`, "exclusive", { signal });
  const before = await ifThere(fs.stat(target));
  const bytes = change(before && (await fs.readFile(target)));
  if (bytes === undefined) return;
  // Whoever writes here holds the lock: what stands under this name was left by a process that was killed.
  const temporary = `${target}.new`;
  await fs.rm(temporary, { force: true });
  await replaceFile(fs, target, bytes, {
    temporary,
    mode: before === undefined ? 0o600 : before.mode & 0o777,
  });
  // Root who edits a service's file must not lock the service out of it.
  if (before !== undefined && process.getuid?.() === 0) await chown(target, before.uid, before.gid);
}
