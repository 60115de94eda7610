import { join } from "node:path";
import type { BlobInfo } from "../blobs/blobs.ts";
import { ifThere } from "../files/filesystem.ts";
import { acquire } from "../files/lock.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { Layout } from "./layout.ts";
import { mark } from "./mark.ts";
import { splitName } from "./name.ts";

/** What a prune freed, or would free. */
export interface Pruned {
  /** Blobs that nothing refers to. */
  readonly blobs: readonly BlobInfo[];
  /** Bytes of blobs on their way in whose process is gone. */
  readonly unfinished: number;
  /** All of it, in bytes. */
  readonly freed: number;
}

/**
 * Free what nothing in index.json leads to. The lock is held exclusively, so nothing is on its way in meanwhile; how old a
 * blob is decides nothing.
 * @throws ChartroomError `not_verified` when what a name needs cannot be told; nothing is freed then
 */
export async function prune(
  layout: Layout,
  { dryRun = false, signal }: { dryRun?: boolean | undefined; signal?: AbortSignal },
): Promise<Pruned> {
  if ((await ifThere(layout.fs.stat(layout.directory))) === undefined)
    return { blobs: [], unfinished: 0, freed: 0 };
  await using _lock = await acquire(layout.lockPath, "exclusive", { signal });
  const reached = await mark(layout, await layout.index());
  const blobs: BlobInfo[] = [];
  for await (const blob of layout.blobs.list()) if (!reached.has(blob.digest)) blobs.push(blob);
  if (blobs.length > 0 && (await layout.lacksIndex()))
    throw new ChartroomError("not_verified", `Cannot tell what is needed: ${layout.indexPath} is missing`, {
      hint: "Put back a good copy, or `chartroom chart check --repair` rebuilds what it can. Nothing was freed.",
    });
  if (!dryRun) for (const { digest } of blobs) await layout.blobs.remove(digest);
  const unfinished = await clearIngest(layout, dryRun);
  return { blobs, unfinished, freed: blobs.reduce((sum, { size }) => sum + size, unfinished) };
}

/** Free the files of the ingest directory; other tools' directories in it stay. Gives their size in bytes. */
async function clearIngest(layout: Layout, dryRun: boolean): Promise<number> {
  const entries = (await ifThere(layout.fs.readdir(layout.ingestPath, { withFileTypes: true }))) ?? [];
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(layout.ingestPath, entry.name);
    const { size, nlink } = await layout.fs.stat(path);
    if (nlink === 1) bytes += size; // with a second name it is a blob, counted there
    if (!dryRun) await layout.fs.rm(path, { force: true });
  }
  return bytes;
}

/**
 * Take a manifest away, with every name of `host/repository` that points at it, and its bytes unless something else leads
 * to them.
 * @returns false when the repository has no such manifest
 */
export async function deleteManifest(
  layout: Layout,
  prefix: string,
  digest: Digest,
  signal?: AbortSignal,
): Promise<boolean> {
  if ((await layout.manifest(digest)) === undefined) return false;
  await using _lock = await acquire(layout.lockPath, "exclusive", { signal });
  const index = await layout.index();
  const rest = index.without(
    ({ name, descriptor }) =>
      descriptor?.digest === digest && (name === undefined || splitName(name)?.repository === prefix),
  );
  const reached = await mark(layout, rest);
  if (rest !== index) await layout.replaceIndex(rest);
  if (!reached.has(digest)) await layout.blobs.remove(digest);
  return true;
}
