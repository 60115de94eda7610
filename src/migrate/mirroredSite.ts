import type { ReadFacts } from "../chart/facts.ts";
import { copied } from "../oci/copied.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { giveWay } from "../oci/giveWay.ts";
import { limiter } from "../oci/limiter.ts";
import type { Reference, RepositoryName, Tag } from "../oci/reference.ts";
import type { Upstream } from "../oci/upstream.ts";
import type { IndexRow } from "./indexRow.ts";
import { planOf } from "./plan.ts";
import type { IndexEntry } from "./readIndex.ts";
import type { ChartSource, IndexVersion } from "./source.ts";

/** Versions that are held of one index, in 100 MiB; the largest that we heard of has a third of them. */
const versionsLimit = 300_000;
/** In ms: whoever asks for what an index older than this does not name has it asked for again. */
const worthAnotherLook = 10_000;
/** Entries taken in before others have a turn: about 2 ms of a thread that answers everybody. */
const entriesAtOnce = 25;
/** Archives that are fetched and opened at once, since each is held in memory. */
const atOnce = 8;

/** An index as a mirror looks things up in it, each row packed: parsed, they keep the whole index's text in memory. */
type Rows = ReadonlyMap<RepositoryName, ReadonlyMap<Tag, string>>;

interface HeldIndex {
  readonly rows: Rows;
  readonly version: IndexVersion | undefined;
  /** When it was seen to be the one that there is, ms since 1970. */
  readonly seen: number;
}

export interface MirroredSiteOptions {
  /** Where the index is. */
  readonly home: URL;
  /** A repository of a registry, for charts of which the index says that they are there. */
  readonly registry: (reference: Reference) => Upstream;
  /** Reads archives on another thread: a megabyte of a hostile Chart.yaml took ten seconds of everybody's. */
  readonly read?: ReadFacts | undefined;
  /** How long the index counts, in ms. */
  readonly refresh: number;
  /** Now, ms since 1970. */
  readonly now: () => number;
}

/** A classic repository as mirrors of its charts see it: its index is held, and asked for now and then whether it changed. */
export class MirroredSite {
  readonly source: ChartSource;
  readonly home: URL;
  readonly registry: MirroredSiteOptions["registry"];
  readonly read: MirroredSiteOptions["read"];
  /** For whoever has an archive in memory. */
  readonly turn = limiter(atOnce);
  /** For whoever has one unpacked, too. */
  readonly openings = limiter(2);
  readonly #refresh: number;
  readonly #now: () => number;
  #held: HeldIndex | undefined;
  #asking: Promise<HeldIndex> | undefined;

  constructor(source: ChartSource, { home, registry, read, refresh, now }: MirroredSiteOptions) {
    this.source = source;
    this.home = home;
    this.registry = registry;
    this.read = read;
    this.#refresh = refresh;
    this.#now = now;
  }

  /** The row of a version, under the names that `migrate` gives; undefined when the index has none. @throws as `tags` */
  async row(repository: RepositoryName, tag: Tag): Promise<IndexRow | undefined> {
    for (const age of [this.#refresh, Math.min(this.#refresh, worthAnotherLook)]) {
      const found = (await this.#index(age)).rows.get(repository)?.get(tag);
      if (found !== undefined) return unpacked(found);
    }
    return undefined;
  }

  /**
   * All versions of a chart, as tags in ASCII order; undefined where the index does not know it.
   * @throws ChartroomError, HttpError when the index cannot be had, or is none
   */
  async tags(repository: RepositoryName): Promise<readonly Tag[] | undefined> {
    const versions = (await this.#index(this.#refresh)).rows.get(repository);
    return versions && [...versions.keys()].sort();
  }

  /** The index, not older than so many ms; one question at a time, however many ask. */
  async #index(age: number): Promise<HeldIndex> {
    const held = this.#held;
    if (held !== undefined && this.#now() - held.seen < age) return held;
    this.#asking ??= this.#ask(held).finally(() => {
      this.#asking = undefined;
    });
    this.#held = await this.#asking;
    return this.#held;
  }

  async #ask(held: HeldIndex | undefined): Promise<HeldIndex> {
    const seen = this.#now();
    const index = await this.source.index(held?.version);
    if (index !== undefined) return { rows: await rowsOf(index.entries), version: index.version, seen };
    if (held === undefined)
      throw new ChartroomError("remote", "Cannot read the index: it is said not to have changed");
    return { ...held, seen };
  }
}

/** Names, versions and doubles as `migrate` decides them. What cannot be had there cannot be had here. */
async function rowsOf(entries: Parameters<typeof planOf>[0]): Promise<Rows> {
  const rows = new Map<RepositoryName, Map<Tag, string>>();
  let versions = 0;
  for await (const planned of planOf(inTurns(entries), {})) {
    if (!("step" in planned)) continue;
    if (++versions > versionsLimit)
      throw new ChartroomError(
        "invalid",
        `The index has more than ${versionsLimit} versions, too many to mirror`,
      );
    const { repository, tag, row } = planned.step;
    const tags = rows.get(repository) ?? new Map<Tag, string>();
    rows.set(copied(repository), tags.set(copied(tag), packed(row)));
  }
  return rows;
}

/** Entries as they come; a stream's pieces alone let nobody in between, where an index comes faster than it is read. */
async function* inTurns(entries: Parameters<typeof planOf>[0]): AsyncGenerator<IndexEntry> {
  let taken = 0;
  for await (const entry of entries) {
    if (++taken % entriesAtOnce === 0) await giveWay();
    yield entry;
  }
}

/** What fetching a chart takes, without the names of its members. */
type PackedRow = readonly [
  name: string,
  version: string,
  urls: readonly string[],
  created: string,
  digest?: Digest,
];

function packed({ name, version, urls, created, digest }: IndexRow): string {
  const row: PackedRow =
    digest === undefined ? [name, version, urls, created] : [name, version, urls, created, digest];
  return JSON.stringify(row);
}

function unpacked(text: string): IndexRow {
  const [name, version, urls, created, digest]: PackedRow = JSON.parse(text);
  return { name, version, urls, created, digest, deprecated: false, removed: false };
}
