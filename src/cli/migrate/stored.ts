import type { IndexRow } from "../../migrate/indexRow.ts";
import type { IndexEntry } from "../../migrate/readIndex.ts";
import type { OpenIndex } from "../../migrate/source.ts";
import { type Digest, tryDigest } from "../../oci/digest.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { inParallel } from "../../oci/parallel.ts";
import { type Tag, tryRepositoryName } from "../../oci/reference.ts";
import { versionOf } from "../find/candidate.ts";
import { type Finding, storedCandidate } from "../find/stored.ts";
import type { Listed } from "../openPlace.ts";
import { type Below, formatOne, type One, targetIn } from "../place.ts";

/** Tags whose dates are asked for at once. */
const parallel = 16;

export interface StoredOptions {
  /** Charts that were asked for, as patterns: where a registry lists nothing, those that are plain names are there. */
  readonly charts: readonly string[];
  /** Whether dates and deprecations are wanted: each costs reading the chart's manifest and config. */
  readonly dated: boolean;
}

/** What a registry or a layout has below a prefix, a row for each tag. A chart's name is the path behind the prefix. */
export class StoredCharts {
  readonly #finding: Finding;
  readonly #below: Below;
  readonly #options: StoredOptions;
  readonly #named = new WeakMap<IndexRow, One>();

  constructor(finding: Finding, below: Below, options: StoredOptions) {
    this.#finding = finding;
    this.#below = below;
    this.#options = options;
  }

  async index(): Promise<OpenIndex> {
    return { entries: this.#entries(), version: undefined };
  }

  /** What a row of ours is called in the source. */
  named(row: IndexRow): One {
    return this.#named.get(row)!;
  }

  async *#entries(): AsyncGenerator<IndexEntry> {
    for await (const { repository, names } of this.#listed()) {
      const chart = targetIn({ prefix: "/" }, { repository }, this.#below.prefix).repository.slice(1);
      try {
        const rows = (await names()).map((name) => this.#row(chart, repository, name));
        if (this.#options.dated) await inParallel(rows, parallel, (row) => this.#date(row));
        yield* rows.map((row) => ({ row, line: 0 }));
      } catch (error) {
        if (!(error instanceof ChartroomError)) throw error;
        yield { chart, line: 0, error };
      }
    }
  }

  async *#listed(): AsyncIterable<Listed> {
    const { open } = this.#finding;
    const { prefix } = this.#below;
    try {
      return yield* open.list(this.#below);
    } catch (error) {
      const hidden = error instanceof ChartroomError && ["not_found", "not_allowed"].includes(error.code);
      const names = this.#options.charts.map(tryRepositoryName).filter((name) => name !== undefined);
      if (!hidden || open.host === undefined || names.length === 0) throw error;
      for (const name of names) yield* open.list({ repository: prefix + name });
    }
  }

  #row(chart: string, repository: string, name: Tag | Digest): Writable<IndexRow> {
    const digest = tryDigest(name);
    const named: One = digest === undefined ? { repository, tag: name as Tag } : { repository, digest };
    const row = {
      ...{
        name: chart,
        version: digest ?? versionOf(name).named,
        urls: [formatOne(named)],
        digest: undefined,
      },
      ...{ created: "", deprecated: false, removed: false },
      ...(digest !== undefined && { left: "has no tag" }),
    };
    this.#named.set(row, named);
    return row;
  }

  /** What is no chart stays undated; whoever brings it over says so. */
  async #date(row: Writable<IndexRow>): Promise<void> {
    const named = this.named(row);
    try {
      const about = await storedCandidate(this.#finding, named.repository, named).describe();
      row.created = about.created ?? "";
      row.deprecated = about.deprecated;
    } catch (error) {
      if (!(error instanceof ChartroomError && ["invalid", "not_found"].includes(error.code))) throw error;
    }
  }
}

type Writable<T> = { -readonly [Member in keyof T]: T[Member] };
