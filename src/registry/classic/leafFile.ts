import { dirname, join } from "node:path";
import type { Prefix } from "../../catalog/charts.ts";
import { makeDirectory, writeAll } from "../../files/durable.ts";
import { type FileSystem, ifThere } from "../../files/filesystem.ts";
import { giveWay } from "../../oci/giveWay.ts";
import { createHash } from "../../oci/hash.ts";
import type { Form } from "./form.ts";
import { type LeafKey, readParts, writeParts } from "./keptParts.ts";
import type { Leaf } from "./leaf.ts";
import type { Part } from "./part.ts";

/** Raised with whatever changes how entries or leaves are written, between two versions of the program. */
const format = 1;
/** Fewer leaves than these are made in no time. */
const fewest = 64;
/** A file is written anew when one leaf in so many is in none: a push makes one or two, and a file of 2,000 is 13 MB. */
const share = 8;
/** Leaves looked up, and bytes written, before others have a turn: about a millisecond. */
const leavesAtOnce = 64;
const bytesAtOnce = 1024 * 1024;

/** The file that keeps the leaves of an index; undefined where nothing is kept. */
export type LeafFiles = (prefix: Prefix, form: Form) => LeafFile | undefined;

/**
 * Files of leaves in a directory, which is made when first needed.
 * @param program the version of the program: another one may write entries otherwise
 */
export const leafFilesIn =
  (fs: FileSystem, directory: string, program: string): LeafFiles =>
  (prefix, form) => {
    const label = JSON.stringify([program, format, form, prefix]);
    const name = createHash("sha256")
      .update(JSON.stringify([form, prefix]))
      .digest("hex");
    return new LeafFile(fs, join(directory, name), label, form);
  };

/**
 * The leaves of one prefix in one form, kept so that the first index after a start is read and not made. It only saves time: a
 * part stands under a key that says all that it was made of, so the file may be old, of another catalog, or gone; one that is
 * damaged, or that another version of the program wrote, is not taken.
 */
export class LeafFile {
  readonly #fs: FileSystem;
  readonly #path: string;
  readonly #label: string;
  readonly #form: Form;
  #recalled: Promise<void> | undefined;
  #made = 0;
  #writing = false;

  constructor(fs: FileSystem, path: string, label: string, form: Form) {
    this.#fs = fs;
    this.#path = path;
    this.#label = label;
    this.#form = form;
  }

  /** Give leaves the parts that the file has, once. */
  recall(leaves: () => readonly Leaf[]): Promise<void> {
    this.#recalled ??= this.#recall(leaves);
    return this.#recalled;
  }

  async #recall(leaves: () => readonly Leaf[]): Promise<void> {
    const parts = await this.#read();
    if (parts.size === 0) return;
    for (const [i, leaf] of leaves().entries()) {
      leaf.recall(this.#form, parts);
      if (i % leavesAtOnce === 0) await giveWay();
    }
  }

  /** Whatever the disk says of it, leaves can be made. */
  async #read(): Promise<ReadonlyMap<LeafKey, Part>> {
    try {
      const file = await ifThere(this.#fs.readFile(this.#path));
      return file === undefined ? new Map() : await readParts(this.#label, file);
    } catch {
      return new Map();
    }
  }

  /**
   * Keep the leaves whose parts are made, and no others, when enough of them are new; nobody waits for it.
   * @param made how many were made since this was said last
   */
  keep(leaves: () => readonly Leaf[], made: number): void {
    this.#made += made;
    if (this.#writing || this.#made < fewest) return;
    const all = leaves();
    if (this.#made < all.length / share) return;
    this.#made = 0;
    this.#writing = true;
    // A disk that does not take it loses nobody anything.
    void this.#write(all)
      .catch(() => this.#fs.rm(this.#temporary, { force: true }).catch(() => {}))
      .finally(() => {
        this.#writing = false;
      });
  }

  /** Without a sync: a file that the power cut short is seen to be. */
  async #write(leaves: readonly Leaf[]): Promise<void> {
    const parts = new Map<LeafKey, Part>();
    for (const [i, leaf] of leaves.entries()) {
      const part = leaf.part(this.#form);
      if (part !== undefined) parts.set(leaf.key, part);
      if (i % leavesAtOnce === 0) await giveWay();
    }
    await makeDirectory(this.#fs, dirname(this.#path));
    const file = await this.#fs.open(this.#temporary, "w", 0o600);
    try {
      const hash = createHash("sha256");
      let at = 0;
      for (const bytes of together(writeParts(this.#label, parts))) {
        hash.update(bytes);
        await writeAll(file, [bytes], at);
        at += bytes.byteLength;
      }
      await writeAll(file, [hash.digest()], at);
    } finally {
      await file.close();
    }
    await this.#fs.rename(this.#temporary, this.#path);
  }

  get #temporary(): string {
    return `${this.#path}.new`;
  }
}

/** Pieces put together to as many bytes as are written at once. */
function* together(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let [held, size]: [Uint8Array[], number] = [[], 0];
  for (const piece of pieces) {
    held.push(piece);
    size += piece.byteLength;
    if (size < bytesAtOnce) continue;
    yield Buffer.concat(held);
    [held, size] = [[], 0];
  }
  yield Buffer.concat(held);
}
