import { dirname } from "node:path";
import { makeDirectory, replaceFile } from "../files/durable.ts";
import type { FileSystem } from "../files/filesystem.ts";
import { jsonBytes, parseJsonObject } from "../oci/json.ts";
import type { IndexVersion } from "./source.ts";

/**
 * The index that a migration has brought over whole, so that the next one need only ask whether it is still that.
 * @param path of the file that `rememberIndex` wrote
 * @param what was migrated, and how: of another migration nothing is remembered
 */
export async function rememberedIndex(
  fs: FileSystem,
  path: string,
  what: string,
): Promise<IndexVersion | undefined> {
  try {
    const { what: kept, etag, lastModified } = parseJsonObject(await fs.readFile(path), path);
    if (kept !== what) return undefined;
    return {
      ...(typeof etag === "string" && { etag }),
      ...(typeof lastModified === "string" && { lastModified }),
    };
  } catch {
    return undefined; // none, or none that can be read: the index is read
  }
}

/** Remember an index, all of whose rows are there. @throws node's error */
export async function rememberIndex(
  fs: FileSystem,
  path: string,
  what: string,
  version: IndexVersion,
): Promise<void> {
  await makeDirectory(fs, dirname(path));
  // Two migrations of the same may end at once.
  const temporary = `${path}.${crypto.randomUUID()}`;
  await replaceFile(fs, path, jsonBytes({ what, ...version }), { mode: 0o600, temporary });
}

/** The target has not all of it any more. @throws node's error */
export const forgetIndex = (fs: FileSystem, path: string): Promise<void> => fs.rm(path, { force: true });
