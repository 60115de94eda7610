import type { Dirent } from "node:fs";
import { join, relative } from "node:path";
import { isIngestName } from "../../blobs/name.ts";
import { type FileSystem, ifThere } from "../../files/filesystem.ts";
import { tryDigest } from "../../oci/digest.ts";
import { type DataPaths, isOwnName } from "../dataPaths.ts";
import type { Finding } from "./finding.ts";

/**
 * Files of a data directory that are none of a registry's. They do no harm, and somebody may miss them.
 * @throws node's error
 */
export async function checkFiles(
  fs: FileSystem,
  { root, blobs, ingest, quarantine }: DataPaths,
  tell: (finding: Finding) => void,
): Promise<void> {
  const foreign = (directory: string, { name }: Dirent) =>
    tell({
      level: "warning",
      where: relative(root, join(directory, name)),
      message: "is none of a registry's files",
    });
  const entries = async (directory: string) =>
    (await ifThere(fs.readdir(directory, { withFileTypes: true }))) ?? [];

  // A directory may be a link to another disk, a file may not (plainFiles.ts).
  const isDirectory = async (directory: string, { name }: Dirent) =>
    (await ifThere(fs.stat(join(directory, name))))?.isDirectory() ?? false;

  for (const entry of await entries(root))
    if (!isOwnName(entry.name) || (entry.isSymbolicLink() && !(await isDirectory(root, entry))))
      foreign(root, entry);
  for (const algorithm of await entries(blobs)) {
    if (!(await isDirectory(blobs, algorithm)) || !["sha256", "sha512"].includes(algorithm.name)) {
      foreign(blobs, algorithm);
      continue;
    }
    const directory = join(blobs, algorithm.name);
    for (const entry of await entries(directory))
      if (!entry.isFile() || tryDigest(`${algorithm.name}:${entry.name}`) === undefined)
        foreign(directory, entry);
  }
  for (const entry of await entries(ingest))
    if (!entry.isFile() || !isIngestName(entry.name.replace(/\.spare$/, ""))) foreign(ingest, entry);
  let aside = 0;
  for (const { name } of await entries(quarantine)) aside += (await entries(join(quarantine, name))).length;
  if (aside > 0)
    tell({
      level: "waste",
      where: relative(root, quarantine),
      message: `holds blobs that a repair has put aside, ${aside} in number; delete it when nobody needs them`,
    });
}
