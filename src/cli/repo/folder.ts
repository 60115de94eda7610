import type { Dirent } from "node:fs";
import { join } from "node:path";
import { openArchive } from "../../chart/archive/archive.ts";
import { partLimits } from "../../chart/archive/limits.ts";
import { entryOf, urlPath } from "../../chart/indexEntry.ts";
import { tryVersion } from "../../chart/version.ts";
import { errorCode, type FileSystem } from "../../files/filesystem.ts";
import { readAtMost } from "../../migrate/directory.ts";
import type { Admit } from "../../migrate/room.ts";
import { digestOf, hexOf } from "../../oci/digest.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { SiteRow } from "./rows.ts";

/**
 * The archives in a folder and in those right below it, where `helm repo index` looks, relative to it.
 * @param unread told of each below that cannot be read, which Helm passes over in silence: a disk has its `lost+found`
 * @throws node's error where the folder itself cannot be read
 */
export async function archivesIn(
  fs: FileSystem,
  folder: string,
  unread: (folder: string) => void,
): Promise<string[]> {
  const here = await fs.readdir(folder, { withFileTypes: true });
  const filesOf = (name: string) =>
    fs.readdir(join(folder, name)).catch((error: unknown) => {
      if (!/^(?:EACCES|EPERM)$/.test(errorCode(error) ?? "")) throw error; // the latter on other systems than Linux
      unread(name);
      return [];
    });
  const found = here.map(async (each) =>
    (await isFolder(fs, folder, each))
      ? (await filesOf(each.name)).map((file) => `${each.name}/${file}`)
      : [each.name],
  );
  return (await Promise.all(found))
    .flat()
    .filter((file) => file.endsWith(".tgz"))
    .sort();
}

/** A link to a folder is one, as for Helm. One that leads nowhere is a file, which cannot be read. */
const isFolder = async (fs: FileSystem, folder: string, entry: Dirent): Promise<boolean> =>
  entry.isDirectory() ||
  (entry.isSymbolicLink() &&
    (await fs.stat(join(folder, entry.name)).then(
      (stats) => stats.isDirectory(),
      () => false,
    )));

/**
 * The row of an archive in a folder, dated by its file: `helm repo index` dates it by its own run, and no two of them are alike.
 * @param base what its URL begins with, or nothing
 * @param admit asked for room before the archive is held
 * @throws ChartroomError `invalid` for what is no chart; node's error
 */
export async function archiveRow(
  fs: FileSystem,
  folder: string,
  file: string,
  base: string,
  admit: Admit,
): Promise<SiteRow> {
  const path = join(folder, file);
  const archive = await readAtMost(fs, path, partLimits.content, admit);
  if (archive === undefined) throw new ChartroomError("invalid", `Cannot read ${path}: it is gone`);
  const { metadata } = await openArchive(archive);
  const digest = digestOf(archive);
  return {
    ref: file,
    name: metadata.name,
    version: metadata.version,
    parsed: tryVersion(metadata.version)!,
    digest,
    created: (await fs.stat(path)).mtimeMs,
    ...entryOf(metadata, { urls: [base + urlPath(file)], digest: hexOf(digest) }),
    files: [],
  };
}
