import type { Catalog } from "../../catalog/catalog.ts";
import type { ChartTag, Prefix } from "../../catalog/charts.ts";
import type { Digest } from "../../oci/digest.ts";
import { giveWay } from "../../oci/giveWay.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import { ChartList } from "./chartList.ts";
import { Document } from "./document.ts";
import { type Form, writing } from "./form.ts";
import type { Leaf } from "./leaf.ts";
import type { LeafFile, LeafFiles } from "./leafFile.ts";
import type { Leaves } from "./leaves.ts";
import { makeSmallPart } from "./part.ts";
import { type Misplaced, placeOf } from "./placing.ts";
import { joined, type Section, sectionOf } from "./section.ts";

/** Changes taken in before others have a turn: about 3 ms of the thread. */
const pageSize = 250;
/** Leaves made at once: their pressing is other threads' work. */
const atOnce = 8;

/** So many tags that are gone are worth a write. */
const goneLimit = 1000;
/** Choices whose charts are remembered; one more, and all are forgotten. */
const choiceLimit = 100;

/** Whose charts are wanted, and what that choice is called: the same name is always the same choice. */
export interface Choice {
  readonly name: string;
  includes(repository: RepositoryName): boolean;
}

/** The charts one level below a prefix, as the catalog's changes tell them, and the indexes made of them. */
export class Shelf {
  readonly prefix: Prefix;
  readonly #catalog: Catalog;
  readonly #charts = new Map<string, ChartList>();
  readonly #misplaced = new Map<string, Misplaced>();
  readonly #unread = new Map<string, { readonly repository: RepositoryName; readonly content: Digest }>();
  /** The charts of each choice, as long as none comes or goes. */
  readonly #chosen = new Map<string, readonly ChartList[]>();
  readonly #files: Readonly<Record<Form, LeafFile | undefined>>;
  #seen = 0;
  #following: Promise<void> | undefined;

  /** @param files where leaves are kept, if they are */
  constructor(prefix: Prefix, catalog: Catalog, files: LeafFiles = () => undefined) {
    this.prefix = prefix;
    this.#catalog = catalog;
    this.#files = { yaml: files(prefix, "yaml"), json: files(prefix, "json") };
  }

  /** Whether nothing was ever here. */
  get isEmpty(): boolean {
    return this.#seen === 0;
  }

  /** Archives in some repositories here that were not read yet. */
  unread(includes: Choice["includes"]): Digest[] {
    return [...this.#unread.values()].flatMap(({ repository, content }) =>
      includes(repository) ? content : [],
    );
  }

  /** What is here and in no index. */
  get misplaced(): readonly Misplaced[] {
    return [...this.#misplaced.values()];
  }

  /** The charts of a choice, in order of their names. */
  charts({ name, includes }: Choice): readonly ChartList[] {
    const known = this.#chosen.get(name);
    if (known !== undefined) return known;
    const charts = [...this.#charts]
      .filter(([chart]) => includes(`${this.prefix}${chart}` as RepositoryName))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, chart]) => chart);
    if (this.#chosen.size >= choiceLimit) this.#chosen.clear();
    this.#chosen.set(name, charts);
    return charts;
  }

  /** One chart, whoever asks. */
  chart(name: string): ChartList | undefined {
    return this.#charts.get(name);
  }

  /** Take in every change that was made before this was asked. */
  async follow(): Promise<void> {
    const wanted = await this.#catalog.chartChange(this.prefix);
    while (this.#seen < wanted) {
      this.#following ??= this.#takeIn().finally(() => {
        this.#following = undefined;
      });
      await this.#following;
    }
  }

  /** The index of a choice, with every change that was made before this was asked. */
  async document(form: Form, choice: Choice, contextPath: string): Promise<Document> {
    await this.follow();
    return compose(form, await this.#leaves(form, this.charts(choice)), contextPath);
  }

  /** A JSON object of the charts of a choice, those from `start` to before `end` in order of their names. */
  async entries(choice: Choice, start: number, end: number | undefined): Promise<Document> {
    await this.follow();
    const leaves = await this.#leaves("json", this.charts(choice).slice(start, end));
    return documentOf("json", "{", sectionsOf("json", leaves), "}");
  }

  /**
   * The leaves of each chart, their parts made, as they are in one moment from now on. Changes that come meanwhile
   * are waited for by who asks after them: while much is pushed nobody would have an index otherwise.
   */
  async #leaves(form: Form, charts: readonly ChartList[]): Promise<Leaves[]> {
    const file = this.#files[form];
    await file?.recall(() => this.#allLeaves());
    let made = 0;
    for (;;) {
      const seen = this.#seen;
      const all: Leaves[] = [];
      let lacking: Leaf[] = [];
      const make = async () => {
        await Promise.all(lacking.map((leaf) => leaf.build(this.#catalog, form)));
        made += lacking.length;
        lacking = [];
        await giveWay();
      };
      for (const { leaves } of charts) {
        // A chart may have lost its last version since the list was made.
        if (leaves.all.length > 0) all.push(leaves);
        for (const leaf of leaves.lacking(form)) {
          lacking.push(leaf);
          if (lacking.length === atOnce) await make();
        }
      }
      if (lacking.length > 0) await make();
      if (all.every((leaves) => leaves.section(form) !== undefined)) {
        file?.keep(() => this.#allLeaves(), made);
        return all;
      }
      // An entry is gone from the catalog, and its chart is about to have other leaves.
      await this.follow();
      if (seen === this.#seen) throw new Error(`entries of charts below "${this.prefix}" are missing`);
    }
  }

  #allLeaves(): Leaf[] {
    return [...this.#charts.values()].flatMap(({ leaves }) => leaves.all);
  }

  async #takeIn(): Promise<void> {
    let gone = 0;
    for (;;) {
      const { items, more } = await this.#catalog.chartTags(this.prefix, {
        after: this.#seen,
        limit: pageSize,
      });
      for (const each of items) this.#place(each);
      gone += items.filter(({ chart }) => chart === undefined).length;
      this.#seen = items.at(-1)?.change ?? this.#seen;
      if (!more) break;
      await giveWay();
    }
    // Tags that are gone would be read again at every start. The last change stays: its number is counted on from.
    if (gone >= goneLimit)
      void this.#catalog
        .apply({ kind: "forget-changes", prefix: this.prefix, before: this.#seen })
        .catch(() => {});
  }

  #place(changed: ChartTag): void {
    const { repository, tag } = changed;
    const place = placeOf(changed);
    const name = repository.slice(this.prefix.length);
    const key = `${repository}:${tag}`;
    const list = this.#charts.get(name) ?? new ChartList(name);
    list.set(tag, place.kind === "listed" ? place.listed : undefined);
    if (list.versions.length > 0 !== this.#charts.has(name)) this.#chosen.clear();
    if (list.versions.length > 0) this.#charts.set(name, list);
    else this.#charts.delete(name);
    this.#misplaced.delete(key);
    this.#unread.delete(key);
    if (place.kind === "misplaced") this.#misplaced.set(key, { repository, tag, why: place.why });
    if (place.kind === "unread" && changed.chart !== undefined)
      this.#unread.set(key, { repository, content: changed.chart.content });
  }
}

/** An index of charts, each by its leaves, whose parts are made. */
function compose(form: Form, charts: readonly Leaves[], contextPath: string): Document {
  const { head, tail } = writing[form];
  const generated = charts.reduce((latest, { newest }) => Math.max(latest, newest), 0);
  const frame = { empty: charts.length === 0, generated, contextPath };
  return documentOf(form, head(frame), sectionsOf(form, charts), tail(frame));
}

const sectionsOf = (form: Form, charts: readonly Leaves[]): Section[] =>
  charts.map((leaves) => leaves.section(form)!);

/** Charts, what stands between them, in front and behind. */
function documentOf(form: Form, head: string, charts: readonly Section[], tail: string): Document {
  const { between } = writing[form];
  const inside = joined(charts, between && sectionOf([between]));
  return new Document([sectionOf([makeSmallPart(head)]), ...inside, sectionOf([makeSmallPart(tail)])]);
}
