import type { Catalog } from "../../catalog/catalog.ts";
import type { ChartTag, Prefix } from "../../catalog/charts.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import { ChartList } from "./chartList.ts";
import { Document } from "./document.ts";
import { type Form, writing } from "./form.ts";
import type { Leaf } from "./leaf.ts";
import { makeSmallPart, type Part } from "./part.ts";
import { type Misplaced, placeOf } from "./placing.ts";

/** Changes taken in before others have a turn: about 3 ms of the thread. */
const pageSize = 250;
/** Leaves made at once: their pressing is other threads' work. */
const atOnce = 8;

/** So many tags that are gone are worth a write. */
const goneLimit = 1000;
/** Documents kept, one for each choice that was asked for since the last change. */
const documentLimit = 100;

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
  readonly #unread = new Map<string, Digest>();
  readonly #documents = new Map<string, Document>();
  /** Charts of which an index in this form lacks a leaf, or may. */
  readonly #dirty: Readonly<Record<Form, Set<ChartList>>> = { yaml: new Set(), json: new Set() };
  #names: readonly string[] | undefined;
  #seen = 0;
  #following: Promise<void> | undefined;
  #building: Promise<void> | undefined;

  constructor(prefix: Prefix, catalog: Catalog) {
    this.prefix = prefix;
    this.#catalog = catalog;
  }

  /** Whether nothing was ever here. */
  get isEmpty(): boolean {
    return this.#seen === 0;
  }

  /** Archives that stand here and were not read yet. */
  get unread(): readonly Digest[] {
    return [...this.#unread.values()];
  }

  /** What is here and in no index. */
  get misplaced(): readonly Misplaced[] {
    return [...this.#misplaced.values()];
  }

  /** The charts of a choice, in order of their names. */
  charts({ includes }: Choice): ChartList[] {
    this.#names ??= [...this.#charts.keys()].sort();
    return this.#names
      .filter((name) => includes(`${this.prefix}${name}` as RepositoryName))
      .map((name) => this.#charts.get(name)!);
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
    await this.#build(form);
    const key = JSON.stringify([form, choice.name, contextPath]);
    let document = this.#documents.get(key);
    if (document === undefined) {
      if (this.#documents.size >= documentLimit) this.#documents.clear();
      document = this.#compose(form, choice, contextPath);
      this.#documents.set(key, document);
    }
    return document;
  }

  /** A JSON object of the charts of a choice, those from `start` to before `end` in order of their names. */
  async entries(choice: Choice, start: number, end: number | undefined): Promise<Document> {
    await this.#build("json");
    const parts = partsOf("json", this.charts(choice).slice(start, end));
    return new Document([makeSmallPart("{"), ...parts, makeSmallPart("}")]);
  }

  /** Have every leaf made, of all changes that were made before this was asked. */
  async #build(form: Form): Promise<void> {
    await this.follow();
    while (this.#dirty[form].size > 0) {
      this.#building ??= this.#makeLeaves(form).finally(() => {
        this.#building = undefined;
      });
      await this.#building;
      await this.follow();
    }
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
      this.#documents.clear();
      if (!more) break;
      await new Promise((resolve) => setImmediate(resolve));
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
    if (list.versions.length > 0 !== this.#charts.has(name)) this.#names = undefined;
    if (list.versions.length > 0) this.#charts.set(name, list);
    else this.#charts.delete(name);
    for (const dirty of Object.values(this.#dirty)) dirty.add(list);
    this.#misplaced.delete(key);
    this.#unread.delete(key);
    if (place.kind === "misplaced") this.#misplaced.set(key, { repository, tag, why: place.why });
    if (place.kind === "unread" && changed.chart !== undefined) this.#unread.set(key, changed.chart.content);
  }

  async #makeLeaves(form: Form): Promise<void> {
    const dirty = this.#dirty[form];
    const lists = [...dirty];
    let lacking: Leaf[] = [];
    for (const [i, { leaves }] of lists.entries()) {
      lacking.push(...leaves.filter((leaf) => leaf.part(form) === undefined));
      while (lacking.length >= atOnce || (i === lists.length - 1 && lacking.length > 0)) {
        await Promise.all(lacking.slice(0, atOnce).map((leaf) => leaf.build(this.#catalog, form)));
        lacking = lacking.slice(atOnce);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    // What changed meanwhile stays dirty.
    for (const list of lists)
      if (list.leaves.every((leaf) => leaf.part(form) !== undefined)) dirty.delete(list);
  }

  #compose(form: Form, choice: Choice, contextPath: string): Document {
    const { head, tail } = writing[form];
    const charts = this.charts(choice);
    const newest = charts.flatMap(({ leaves }) => leaves.map((leaf) => leaf.newest));
    const generated = newest.reduce((latest, each) => Math.max(latest, each), 0);
    const frame = { empty: charts.length === 0, generated, contextPath };
    return new Document([makeSmallPart(head(frame)), ...partsOf(form, charts), makeSmallPart(tail(frame))]);
  }
}

/** The leaves of charts as parts, with what stands between them. */
const partsOf = (form: Form, charts: readonly ChartList[]): Part[] =>
  charts
    .flatMap(({ leaves }) => leaves)
    .flatMap((leaf, i) => {
      const { between } = writing[form];
      const part = leaf.part(form)!;
      return i > 0 && between !== undefined ? [between, part] : [part];
    });
