import type { ChartQuestions } from "../../catalog/charts.ts";
import type { Version } from "../../chart/version.ts";
import { type Digest, hexOf } from "../../oci/digest.ts";
import { createHash } from "../../oci/hash.ts";
import type { Tag } from "../../oci/reference.ts";
import { type Form, writing } from "./form.ts";
import type { LeafKey } from "./keptParts.ts";
import { makePart, type Part } from "./part.ts";

/** A version of a chart that an index lists. */
export interface Listed {
  readonly tag: Tag;
  readonly version: string;
  readonly parsed: Version;
  readonly content: Digest;
  /** ms since 1970 */
  readonly created: number;
}

/** The most versions in one leaf. */
const leafLimit = 64;

/** A run of a chart's versions, made into parts of indexes once. */
export class Leaf {
  readonly chart: string;
  readonly versions: readonly Listed[];
  /** Whether the chart's newest, and its oldest, version is in it. */
  readonly first: boolean;
  readonly last: boolean;
  /** When the latest of them came, ms since 1970. */
  readonly newest: number;
  readonly #parts = new Map<Form, Part>();
  readonly #building = new Map<Form, Promise<void>>();

  constructor(chart: string, versions: readonly Listed[], first: boolean, last: boolean) {
    this.chart = chart;
    this.versions = versions;
    this.first = first;
    this.last = last;
    this.newest = Math.max(...versions.map(({ created }) => created));
  }

  /** Its part of an index; undefined before `build`. */
  part(form: Form): Part | undefined {
    return this.#parts.get(form);
  }

  /** Stands for all that its parts are made of, but for how entries are written: the same key has the same parts. */
  get key(): LeafKey {
    const said = this.versions.map(({ content, created }) => `${content} ${created}\n`);
    const text = `${this.chart} ${this.first} ${this.last}\n${said.join("")}`;
    return createHash("sha256").update(text).digest("hex");
  }

  /** Take its part from among those that were made earlier. */
  recall(form: Form, parts: ReadonlyMap<LeafKey, Part>): void {
    const part = parts.get(this.key);
    if (part !== undefined) this.#parts.set(form, part);
  }

  /**
   * Make its part, once however many ask. Where an entry is gone from the catalog meanwhile nothing is made: the leaf is about
   * to be another.
   */
  build(catalog: ChartQuestions, form: Form): Promise<void> {
    const building =
      this.#building.get(form) ?? this.#make(catalog, form).finally(() => this.#building.delete(form));
    this.#building.set(form, building);
    return building;
  }

  async #make(catalog: ChartQuestions, form: Form): Promise<void> {
    const contents = this.versions.map(({ content }) => content);
    const texts = await catalog.chartEntries(contents, form);
    if (texts.includes("")) return;
    const entries = this.versions.map(({ created }, at) => ({ text: texts[at]!, created }));
    this.#parts.set(form, await makePart(writing[form].entries(this.chart, entries, this.first, this.last)));
  }
}

/**
 * A chart's versions as leaves. Where one ends follows from its versions alone, counted from the oldest: behind one whose
 * digest says so, at the latest behind 64. So an index is cut the same after a restart, which keeps its ETag, and a version
 * that comes or goes changes the leaves around it and no others.
 * @param versions newest first
 * @param known leaves of the same chart as it was; those that are still right are taken over
 * @param same how many of the oldest versions are as they were then
 */
export function cutLeaves(
  chart: string,
  versions: readonly Listed[],
  known: readonly Leaf[],
  same: number,
): Leaf[] {
  const leaves: Leaf[] = [];
  let end = versions.length;
  for (const leaf of known.toReversed()) {
    // What was the newest leaf ended with the chart, and may go on now.
    if (leaf.first || versions.length - end + leaf.versions.length > same) break;
    leaves.push(leaf);
    end -= leaf.versions.length;
  }
  const held = new Map(known.map((leaf) => [leaf.versions[0], leaf]));
  for (let at = end - 1; at >= 0; at--) {
    if (at > 0 && end - at < leafLimit && !isEnd(versions[at]!)) continue;
    const run = versions.slice(at, end);
    const [first, last] = [at === 0, end === versions.length];
    const leaf = held.get(run[0]);
    leaves.push(
      leaf !== undefined && isSame(leaf, run, first, last) ? leaf : new Leaf(chart, run, first, last),
    );
    end = at;
  }
  return leaves.reverse();
}

const isEnd = ({ content }: Listed): boolean =>
  Number.parseInt(hexOf(content).slice(0, 2), 16) % leafLimit === 0;

const isSame = (leaf: Leaf, run: readonly Listed[], first: boolean, last: boolean): boolean =>
  leaf.first === first &&
  leaf.last === last &&
  leaf.versions.length === run.length &&
  leaf.versions.every((each, i) => each === run[i]);
