import type { Catalog } from "../../catalog/catalog.ts";
import type { Prefix, TaggedChart } from "../../catalog/charts.ts";
import type { Digest } from "../../oci/digest.ts";
import { giveWay } from "../../oci/giveWay.ts";
import { type RepositoryName, type Tag, tryRepositoryName, tryTag } from "../../oci/reference.ts";
import type { ChartReader } from "../charts/chartReader.ts";
import { jsonEntry } from "./form.ts";
import type { Listed } from "./leaf.ts";
import type { LeafFiles } from "./leafFile.ts";
import { placeOf } from "./placing.ts";
import { type Choice, Shelf } from "./shelf.ts";

/**
 * How long who asks for an index waits for charts that were pushed and not read yet, in ms: time for a thousand. Clients of
 * classic repositories wait longer for their indexes.
 */
const patience = 10_000;
/** Prefixes whose indexes are kept in memory; the one that was asked for longest ago makes room. */
const shelfLimit = 64;
/** Entries asked for before others have a turn: about 2 ms of the thread. */
const entriesAtOnce = 250;

/** A chart that stands where an index says: its repository, tag and what that names. */
export interface FoundChart {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly chart: TaggedChart;
}

/** The registry's charts as classic repositories: every prefix that holds charts is one. */
export class Indexes {
  readonly #catalog: Catalog;
  readonly #reader: ChartReader;
  readonly #files: LeafFiles | undefined;
  readonly #shelves = new Map<Prefix, Shelf>();

  /** @param files where leaves of indexes are kept, if they are */
  constructor(catalog: Catalog, reader: ChartReader, files?: LeafFiles) {
    this.#catalog = catalog;
    this.#files = files;
    this.#reader = reader;
  }

  /**
   * The charts below a prefix, with all that was pushed before. It is waited for those to be read that `includes` lets
   * through, as long as patience lasts: how long an answer takes tells nobody of charts that are not his to see.
   */
  async shelf(prefix: Prefix, includes: Choice["includes"] = () => true): Promise<Shelf> {
    const shelf = this.#shelves.get(prefix) ?? new Shelf(prefix, this.#catalog, this.#files);
    // At once, so that all who ask meanwhile have the same one: after a start it takes seconds to fill.
    this.#shelves.set(prefix, shelf);
    try {
      await shelf.follow();
    } finally {
      if (shelf.isEmpty) this.#shelves.delete(prefix);
    }
    if (shelf.isEmpty) return shelf;
    this.#keep(prefix, shelf);
    const unread = shelf.unread(includes);
    if (unread.length > 0) {
      await this.#reader.hurry(unread, patience);
      await shelf.follow();
    }
    return shelf;
  }

  /** A version of a chart that an index below `prefix` lists. */
  async version(prefix: Prefix, name: string, version: string): Promise<FoundChart | undefined> {
    const repository = tryRepositoryName(prefix + name);
    const tag = tryTag(version.replaceAll("+", "_"));
    if (repository === undefined || tag === undefined || name.includes("/")) return undefined;
    const chart = await this.#read(repository, tag);
    if (chart === undefined) return undefined;
    const place = placeOf({ repository, tag, chart });
    return place.kind === "listed" && place.listed.version === version
      ? { repository, tag, chart }
      : undefined;
  }

  /** Entries of versions in JSON, as an index has them; one that goes meanwhile is left out. */
  async entries(versions: readonly Listed[]): Promise<string[]> {
    const entries: string[] = [];
    for (let at = 0; at < versions.length; at += entriesAtOnce) {
      const some = versions.slice(at, at + entriesAtOnce);
      const contents = some.map(({ content }) => content);
      const texts = await this.#catalog.chartEntries(contents, "json");
      for (const [i, { created }] of some.entries())
        if (texts[i]) entries.push(jsonEntry({ text: texts[i], created }));
      if (at + entriesAtOnce < versions.length) await giveWay();
    }
    return entries;
  }

  /** The values of an archive that was read; undefined where it has none. */
  async values(content: Digest): Promise<string | undefined> {
    const facts = await this.#catalog.chartFacts(content);
    return facts === undefined || "unreadable" in facts ? undefined : facts.values;
  }

  /** The chart that a tag names, read. */
  async #read(repository: RepositoryName, tag: Tag): Promise<TaggedChart | undefined> {
    const chart = await this.#catalog.taggedChart(repository, tag);
    if (chart === undefined || chart.read !== undefined || !chart.present) return chart;
    await this.#reader.hurry([chart.content], patience);
    return this.#catalog.taggedChart(repository, tag);
  }

  #keep(prefix: Prefix, shelf: Shelf): void {
    this.#shelves.delete(prefix);
    this.#shelves.set(prefix, shelf);
    const [oldest] = this.#shelves.keys();
    if (this.#shelves.size > shelfLimit && oldest !== undefined) this.#shelves.delete(oldest);
  }
}
