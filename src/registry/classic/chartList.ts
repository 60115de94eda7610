import { compareVersions } from "../../chart/version.ts";
import type { Tag } from "../../oci/reference.ts";
import { cutLeaves, type Listed } from "./leaf.ts";
import { Leaves } from "./leaves.ts";

/** The versions of one chart that an index lists, newest first as Helm sorts them. */
export class ChartList {
  readonly name: string;
  readonly #tags = new Map<Tag, Listed>();
  #versions: Listed[] = [];
  #leaves = new Leaves([]);
  /** How many of the oldest versions are as they were when leaves were cut; undefined when all are. */
  #same: number | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get versions(): readonly Listed[] {
    return this.#versions;
  }

  /** Its leaves; the same until it changes. */
  get leaves(): Leaves {
    if (this.#same !== undefined) {
      this.#leaves = new Leaves(cutLeaves(this.name, this.#versions, this.#leaves.all, this.#same));
      this.#same = undefined;
    }
    return this.#leaves;
  }

  /** What a tag lists. */
  get(tag: Tag): Listed | undefined {
    return this.#tags.get(tag);
  }

  /** Let a tag list a version, or nothing. */
  set(tag: Tag, listed: Listed | undefined): void {
    const old = this.#tags.get(tag);
    if (old !== undefined) this.#splice(this.#placeOf(old), 1, []);
    this.#tags.delete(tag);
    if (listed === undefined) return;
    this.#splice(this.#placeOf(listed), 0, [listed]);
    this.#tags.set(tag, listed);
  }

  #splice(at: number, away: number, listed: readonly Listed[]): void {
    this.#versions.splice(at, away, ...listed);
    const older = this.#versions.length - at - listed.length;
    this.#same = Math.min(this.#same ?? older, older);
  }

  /** Where a version is, or would be. */
  #placeOf(listed: Listed): number {
    let [low, high] = [0, this.#versions.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (byVersion(this.#versions[middle]!, listed) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The newest first; those that compare equal by their tags, of which no two are. */
const byVersion = (a: Listed, b: Listed): number =>
  compareVersions(b.parsed, a.parsed) || (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0);
