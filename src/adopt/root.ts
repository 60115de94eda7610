import { join } from "node:path";
import { errorCode, type FileSystem } from "../files/filesystem.ts";

/**
 * Where the data of a Distribution lies: its directory `docker/registry/v2`, at `path`, or below it as the root directory of its
 * `filesystem` driver has it. Undefined where there is none. Nothing is read but directories.
 * @throws node's error where it cannot be looked at
 */
export async function findTree(fs: FileSystem, path: string): Promise<string | undefined> {
  for (const below of ["docker/registry/v2", "registry/v2", "v2", "."]) {
    const tree = join(path, below);
    const stats = await fs.stat(join(tree, "repositories")).catch((error: unknown) => {
      if (!["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) throw error;
    });
    if (stats?.isDirectory()) return tree;
  }
  return undefined;
}
