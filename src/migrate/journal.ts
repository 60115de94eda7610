import { dirname } from "node:path";
import { makeDirectory, writeAll } from "../files/durable.ts";
import { type FileSystem, ifThere, type OpenFile } from "../files/filesystem.ts";
import { streamFile } from "../files/stream.ts";
import { type Digest, tryDigest } from "../oci/digest.ts";
import { isObject } from "../oci/json.ts";
import { type Tag, tryTag } from "../oci/reference.ts";
import type { IndexRow } from "./indexRow.ts";
import type { Outcome } from "./outcome.ts";
import type { Step } from "./plan.ts";

/** What an earlier run learned of a row that its index does not say right, or not at all. */
export interface Learned {
  /** The tag, by the archive's own version. */
  readonly tag: Tag;
  readonly manifest: Digest;
}

/** A version that an earlier run brought over, or found there. */
export interface Brought {
  readonly chart: string;
  readonly version: string;
  /** Below the target's prefix, with its tag. */
  readonly place: string;
}

/** What earlier runs wrote into a journal, as far as a target and an index do not tell it themselves. */
export class Learnings {
  readonly #learned = new Map<string, Learned>();
  /** By chart: where it is, and the tag of each version, or nothing when its source still has it. */
  readonly #brought = new Map<
    string,
    { readonly repository: string; readonly tags: Map<string, Tag | undefined> }
  >();

  private constructor() {}

  /**
   * A journal of a hundred thousand rows has 40 MB: it is read in pieces, and little of it is held.
   * @param path of a journal that need not be there. @throws node's error
   */
  static async read(fs: FileSystem, path: string): Promise<Learnings> {
    const learnings = new Learnings();
    if ((await ifThere(fs.stat(path))) === undefined) return learnings;
    const decoder = new TextDecoder();
    let cut = "";
    for await (const bytes of streamFile(fs, path)) {
      const lines = (cut + decoder.decode(bytes, { stream: true })).split("\n");
      cut = lines.pop() ?? "";
      for (const line of lines) learnings.#read(parsed(line));
    }
    learnings.#read(parsed(cut));
    return learnings;
  }

  find({ row, tag }: Step): Learned | undefined {
    return this.#learned.get(keyOf(row.name, row.version, row.digest, tag));
  }

  /** Whether it says that this row's chart is in the target. */
  hasBrought({ name, version }: IndexRow): boolean {
    return this.#brought.get(name)?.tags.has(version) ?? false;
  }

  /** Its source still has this row. */
  met(row: IndexRow): void {
    if (this.hasBrought(row)) this.#brought.get(row.name)?.tags.set(row.version, undefined);
  }

  /** What was brought over, and has not been met. */
  *unmet(): Generator<Brought> {
    for (const [chart, { repository, tags }] of this.#brought)
      for (const [version, tag] of tags)
        if (tag !== undefined) yield { chart, version, place: `${repository}:${tag}` };
  }

  #read({ chart, version, digest, rowTag, tag, archive, manifest, repository, status }: Line): void {
    const [done, name] = [tryDigest(String(manifest)), tryTag(String(tag))];
    if (done === undefined || name === undefined) return;
    const isThere = status === "moved" || status === "exists";
    if (isThere && typeof chart === "string" && typeof version === "string") {
      const brought = this.#brought.get(chart) ?? { repository: String(repository), tags: new Map() };
      // One text for both, where they are alike: there may be a hundred thousand.
      this.#brought
        .set(chart, brought)
        .get(chart)
        ?.tags.set(version, tag === version ? (version as Tag) : name);
    }
    if (archive === digest && tag === rowTag) return;
    this.#learned.set(keyOf(chart, version, digest, rowTag), { tag: name, manifest: done });
  }
}

type Line = Readonly<Record<string, unknown>>;

/**
 * What became of each row, a line of JSON each, only ever added to. A migration goes on without it as well, since a target
 * tells what it has; for rows without a digest, or with a wrong one, it spares fetching them again.
 */
export class Journal {
  readonly #file: OpenFile;
  /** What no call has taken yet. */
  readonly #lines: Uint8Array[] = [];
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: OpenFile) {
    this.#file = file;
  }

  /** Open a journal to write, made with its directories where there is none. @throws node's error */
  static async open(fs: FileSystem, path: string): Promise<Journal> {
    await makeDirectory(fs, dirname(path));
    const journal = new Journal(await fs.open(path, "a", 0o600));
    // Where a crash has cut the last line, it ends here.
    if ((await journal.#file.stat()).size > 0) journal.#add("");
    return journal;
  }

  /** @param time ms since 1970 */
  write({ step, status, archive, manifest, tag, error, notes }: Outcome, time: number): void {
    const { name, version, digest } = step.row;
    const { repository } = step;
    const line = { time: new Date(time).toISOString(), chart: name, version, digest, repository };
    const more = { rowTag: step.tag, tag, archive, manifest, status, error: error?.message, notes };
    this.#add(JSON.stringify({ ...line, ...more }));
  }

  /** @throws node's error of any line that could not be written */
  async close(): Promise<void> {
    try {
      await this.#writing;
      await this.#file.datasync();
    } finally {
      await this.#file.close();
    }
  }

  #add(line: string): void {
    this.#lines.push(new TextEncoder().encode(`${line}\n`));
    if (this.#lines.length > 1) return; // one call takes all that came while the last one was under way
    // The file is open for appending: the system puts what is written at its end, whoever else writes.
    this.#writing = this.#writing.then(() => writeAll(this.#file, this.#lines.splice(0), 0));
    this.#writing.catch(() => {}); // told by close
  }
}

function parsed(line: string): Line {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

const keyOf = (...parts: unknown[]): string => JSON.stringify(parts);
