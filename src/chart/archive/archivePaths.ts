import { hostile } from "./hostile.ts";
import { type ChartPath, type Segment, unsafeSegment } from "./paths.ts";

/**
 * The longest name, in bytes: macOS opens no longer path. It and the bound on directories keep the work in proportion: an
 * archive of 500 bytes whose one name has 20,000 parts took ten seconds without.
 */
const nameLimit = 1024;

/**
 * The paths of one archive as they come: each made safe, all under one base directory, none twice. Reader and packer both
 * go through here, so what is packed can be read.
 */
export class ArchivePaths {
  #base: string | undefined;
  readonly #files = new Map<string, string>();
  readonly #directories = new Set<string>();
  readonly #limit: number;

  /** @param limit the most files and directories, those that only names imply included */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * A file's path below the base directory.
   * @param name as in the archive; `\` separates like `/`, as in Helm
   * @throws HostileArchive with the rule that the name breaks
   */
  add(name: string): ChartPath {
    const [base, ...parts] = segments(name);
    if (parts.length === 0)
      throw hostile("outside-base-directory", `${quoted(name)} lies outside the chart's directory`);
    this.#enter(base!, name);
    const path = parts.join("/");
    const key = folded(path);
    const other = this.#files.get(key);
    if (other !== undefined) throw hostile("duplicate", collision(path, other));
    if (this.#directories.has(key)) throw bothKinds(path);
    for (let i = 1; i < parts.length; i++) {
      const directory = folded(parts.slice(0, i).join("/"));
      if (this.#files.has(directory)) throw bothKinds(parts.slice(0, i).join("/"));
      this.#directories.add(directory);
    }
    this.#files.set(key, path);
    this.#count();
    return path as ChartPath;
  }

  /**
   * A directory's own entry: it adds nothing, but must not lie elsewhere or stand where a file is.
   * @throws HostileArchive as `add` does
   */
  addDirectory(name: string): void {
    const [base, ...parts] = segments(name.replace(/[/\\]$/, ""));
    this.#enter(base!, name);
    for (let i = 1; i <= parts.length; i++) {
      const path = parts.slice(0, i).join("/");
      if (this.#files.has(folded(path))) throw bothKinds(path);
      this.#directories.add(folded(path));
    }
    this.#count();
  }

  #count(): void {
    if (this.#files.size + this.#directories.size > this.#limit)
      throw hostile("too-many-entries", `it has more than ${this.#limit} files and directories`);
  }

  #enter(base: string, name: string): void {
    this.#base ??= base;
    if (base !== this.#base)
      throw hostile(
        "several-directories",
        `${quoted(name)} lies beside the directory ${quoted(this.#base)}, expected one directory`,
      );
  }
}

function segments(name: string): Segment[] {
  if (name === "") throw hostile("empty-name", "an entry has no name");
  if (Buffer.byteLength(name) > nameLimit)
    throw hostile("unsafe-name", `${quoted(name.slice(0, 40))}… is longer than ${nameLimit} bytes`);
  const path = name.replaceAll("\\", "/");
  if (path.startsWith("/") || /^[a-zA-Z]:/.test(path))
    throw hostile("absolute-path", `${quoted(name)} is an absolute path`);
  const parts = path.split("/");
  if (parts.includes("..")) throw hostile("parent-path", `${quoted(name)} leads out of its directory`);
  for (const part of parts) {
    const why = unsafeSegment(part);
    if (why !== undefined) throw hostile("unsafe-name", `${quoted(name)} ${why}`);
  }
  return parts as Segment[];
}

/** What macOS and Windows take for the same name: there, one of the two files would replace the other. */
const folded = (path: string): string => path.normalize("NFC").toLowerCase();

/** A name in quotes, with what does not print escaped: it may end on a terminal. */
const quoted = (name: string): string =>
  JSON.stringify(name).replace(/\p{C}/gu, (each) => `\\u{${each.codePointAt(0)!.toString(16)}}`);

const collision = (path: string, other: string): string =>
  path === other
    ? `it has ${quoted(path)} twice`
    : `${quoted(other)} and ${quoted(path)} are one file on macOS and Windows`;

const bothKinds = (path: string) =>
  hostile("file-and-directory", `${quoted(path)} is both a file and a directory`);
