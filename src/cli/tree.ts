import { lstat, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ChartroomError } from "../oci/errors.ts";
import { countOf } from "./words.ts";

/** A file to write: a path of `/`-separated segments that its parser found safe, and its bytes. */
export interface TreeFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** How many names an error lists before it counts the rest. */
const named = 10;

/**
 * Write files below `root`. Those that are there with the same bytes are left, and so is everything else that stands
 * there. If a file would change, nothing at all is written and the error names them, unless `force`. Nothing is ever
 * written outside `root`: a link below it, to wherever, is a conflict that no force removes. Each file appears whole.
 * @throws ChartroomError `conflict`; node's errors
 */
export async function writeTree(root: string, files: readonly TreeFile[], force: boolean): Promise<void> {
  const states = await Promise.all(files.map(async (file) => ({ file, state: await stateOf(root, file) })));
  const of = (...wanted: State[]) =>
    states.filter(({ state }) => wanted.includes(state)).map(({ file }) => file);
  const obstacles = new Set(
    states.flatMap(({ state }) => (typeof state === "object" ? [state.obstacle] : [])),
  );
  if (obstacles.size > 0)
    throw new ChartroomError(
      "conflict",
      `Cannot write into ${root}: a link or something else is in the way: ${listOf([...obstacles])}`,
      { hint: "Nothing was written. Move it away, or write elsewhere with -d DIR." },
    );
  const changed = of("different").map(({ path }) => path);
  if (changed.length > 0 && !force)
    throw new ChartroomError(
      "conflict",
      `Cannot write into ${root}: ${countOf(changed.length, "file")} would change: ${listOf(changed)}`,
      { hint: "Nothing was written. --force replaces them, -d DIR writes elsewhere." },
    );
  await mkdir(root, { recursive: true });
  for (const file of of("absent", "different")) await writeWhole(join(root, file.path), file.bytes);
}

type State = "absent" | "same" | "different" | { readonly obstacle: string };

/** What stands where a file should go. Every directory on the way below `root` must be a real one. */
async function stateOf(root: string, { path, bytes }: TreeFile): Promise<State> {
  const segments = path.split("/");
  for (let depth = 1; depth < segments.length; depth++) {
    const above = segments.slice(0, depth).join("/");
    const kind = await kindOf(join(root, above));
    if (kind === "absent") return "absent";
    if (kind !== "directory") return { obstacle: above };
  }
  const target = join(root, path);
  const kind = await kindOf(target);
  if (kind === "absent") return "absent";
  if (kind !== "file") return { obstacle: path };
  return bytes.byteLength === (await lstat(target)).size && (await readFile(target)).equals(bytes)
    ? "same"
    : "different";
}

async function kindOf(path: string): Promise<"absent" | "file" | "directory" | "other"> {
  try {
    const found = await lstat(path);
    return found.isFile() ? "file" : found.isDirectory() ? "directory" : "other";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "absent";
    throw error;
  }
}

/** A file appears under its name when it is whole: a killed export leaves none that is cut. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.chartroom-${crypto.randomUUID()}`);
  try {
    const file = await open(temporary, "wx", 0o644);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const listOf = (paths: readonly string[]): string =>
  paths.slice(0, named).join(", ") + (paths.length > named ? `, and ${paths.length - named} more` : "");
