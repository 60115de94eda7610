import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replaceFile, writeAll } from "../files/durable.ts";
import { type FileSystem, ifThere } from "../files/filesystem.ts";
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
 * written outside `root`: a link below it, to wherever, is a conflict that no force removes. Each file appears whole, and of one
 * that is replaced a power loss leaves the old or the new.
 * @throws ChartroomError `conflict`; node's errors
 */
export async function writeTree(
  fs: FileSystem,
  root: string,
  files: readonly TreeFile[],
  force: boolean,
): Promise<void> {
  const states = await Promise.all(
    files.map(async (file) => ({ file, state: await stateOf(fs, root, file) })),
  );
  const of = (...wanted: State[]) =>
    states.filter(({ state }) => wanted.includes(state)).map(({ file }) => file);
  const obstacles = new Set(
    states.flatMap(({ state }) => (typeof state === "object" ? [state.obstacle] : [])),
  );
  if (obstacles.size > 0)
    throw new ChartroomError(
      "conflict",
      `Cannot write into ${root}: a link or something else is in the way: ${listOf([...obstacles])}`,
      { hint: "Nothing was written. Move it away, or write elsewhere, which an export does with -d DIR." },
    );
  const changed = of("different").map(({ path }) => path);
  if (changed.length > 0 && !force)
    throw new ChartroomError(
      "conflict",
      `Cannot write into ${root}: ${countOf(changed.length, "file")} would change: ${listOf(changed)}`,
      { hint: "Nothing was written. --force replaces them, and an export with -d DIR writes elsewhere." },
    );
  await mkdir(root, { recursive: true });
  for (const file of of("absent")) await writeWhole(fs, join(root, file.path), file.bytes);
  // Synced, other than what is new: a power loss would leave neither.
  for (const { path, bytes } of of("different"))
    await replaceFile(fs, join(root, path), bytes, { temporary: temporaryBeside(join(root, path)) });
}

type State = "absent" | "same" | "different" | { readonly obstacle: string };

/** What stands where a file should go. Every directory on the way below `root` must be a real one. */
async function stateOf(fs: FileSystem, root: string, { path, bytes }: TreeFile): Promise<State> {
  const segments = path.split("/");
  for (let depth = 1; depth < segments.length; depth++) {
    const above = segments.slice(0, depth).join("/");
    const kind = await kindOf(fs, join(root, above));
    if (kind === "absent") return "absent";
    if (kind !== "directory") return { obstacle: above };
  }
  const target = join(root, path);
  const kind = await kindOf(fs, target);
  if (kind === "absent") return "absent";
  if (kind !== "file") return { obstacle: path };
  return bytes.byteLength === (await fs.lstat(target)).size &&
    Buffer.compare(await fs.readFile(target), bytes) === 0
    ? "same"
    : "different";
}

async function kindOf(fs: FileSystem, path: string): Promise<"absent" | "file" | "directory" | "other"> {
  const found = await ifThere(fs.lstat(path));
  if (found === undefined) return "absent";
  return found.isFile() ? "file" : found.isDirectory() ? "directory" : "other";
}

/** A file appears under its name when it is whole: a killed export leaves none that is cut. */
async function writeWhole(fs: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryBeside(path);
  try {
    const file = await fs.open(temporary, "wx", 0o644);
    try {
      await writeAll(file, [bytes], 0);
    } finally {
      await file.close();
    }
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

const temporaryBeside = (path: string): string => join(dirname(path), `.chartroom-${crypto.randomUUID()}`);

const listOf = (paths: readonly string[]): string =>
  paths.slice(0, named).join(", ") + (paths.length > named ? `, and ${paths.length - named} more` : "");
