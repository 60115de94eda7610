import { realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { makeDirectory, replaceFile } from "../../files/durable.ts";
import { type FileSystem, ifThere } from "../../files/filesystem.ts";
import type { Lock } from "../../files/lock.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { jsonBytes } from "../../oci/json.ts";
import { formatOf, lockDataDirectory } from "../dataDirectory.ts";
import { type DataPaths, dataPathsOf } from "../dataPaths.ts";

/** A directory that a copy of a registry's data goes into, nobody else's until released. */
export interface Target {
  readonly paths: DataPaths;
  readonly lock: Lock;
  /** Whether a whole copy is there already. */
  readonly complete: boolean;
}

/** What may stand in an empty directory: an ext4 file system's own, and what a beginning leaves that was cut short. */
const nothing = /^(?:lost\+found|lock|backup\.json\.new)$/;

/**
 * Take a directory for a copy of `source`: a new or empty one, or one that was begun before. It says from now on what it is,
 * so that nobody takes a half of it for a registry, or a registry for a copy.
 * @throws ChartroomError `conflict` when it holds a registry's own data or is in use, `invalid` when it holds something else,
 *   `usage` when it and `source` lie in one another; node's errors. Nothing was touched then
 */
export async function takeTarget(fs: FileSystem, root: string, source: string): Promise<Target> {
  await refuseNested(root, source);
  const paths = dataPathsOf(root);
  const stats = await ifThere(fs.stat(root));
  if (stats !== undefined && !stats.isDirectory()) throw refusal("invalid", root, "it is a file");
  const begun = (await ifThere(fs.stat(paths.backup))) !== undefined;
  const complete = (await formatOf(fs, root)) > 0;
  if (complete && !begun) throw refusal("conflict", root, "it holds a registry's own data");
  if (!begun && stats !== undefined) {
    const foreign = (await fs.readdir(root)).find((name) => !nothing.test(name));
    if (foreign !== undefined) throw refusal("invalid", root, `it holds "${foreign}", which is no backup`);
  }
  if (stats === undefined) {
    await makeDirectory(fs, root);
    await fs.chmod(root, 0o700); // charts may be private, and so are users
  }
  const lock = await lockDataDirectory(root);
  try {
    const temporary = `${paths.backup}.new`;
    await fs.rm(temporary, { force: true });
    if (!begun) await replaceFile(fs, paths.backup, jsonBytes({ of: source }), { temporary });
    return { paths, lock, complete };
  } catch (error) {
    lock.release();
    throw error;
  }
}

const refusal = (code: "conflict" | "invalid" | "usage", root: string, why: string) =>
  new ChartroomError(code, `Cannot copy a registry's data into ${root}: ${why}`, {
    hint: "Choose an empty or a new directory. Nothing was touched.",
  });

async function refuseNested(root: string, source: string): Promise<void> {
  const [inner, outer] = [`${await whereIs(root)}${sep}`, `${await whereIs(source)}${sep}`];
  if (inner.startsWith(outer)) throw refusal("usage", root, "it lies in the data itself");
  if (outer.startsWith(inner)) throw refusal("usage", root, "the data lie in it");
}

/** A path without links; what is not there yet stays as it is written. */
async function whereIs(path: string): Promise<string> {
  const real = await ifThere(realpath(path));
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return join(await whereIs(dirname(path)), path.slice(dirname(path).length));
}
