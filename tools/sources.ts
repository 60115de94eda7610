import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The project's root, absolute. */
export const root: string = join(import.meta.dir, "..");

/** Every file under a folder of the project whose name ends so, by its path from the root with `/`, with its text. */
export function sources(folder: string, ...endings: string[]): Map<string, string> {
  if (!existsSync(join(root, folder))) return new Map();
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const paths = names.map((name) => `${folder}/${name.replaceAll("\\", "/")}`).toSorted();
  return new Map(
    paths
      .filter((path) => endings.some((ending) => path.endsWith(ending)))
      .map((path) => [path, readFileSync(join(root, path), "utf8")]),
  );
}
