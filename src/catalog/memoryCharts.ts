import type { ChartFacts, Unreadable } from "../chart/facts.ts";
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import type { ChartCommand, ChartTag, Prefix, TaggedChart } from "./charts.ts";
import type { Executors, PutManifest } from "./command.ts";

/** A repository, as far as charts are concerned. */
interface Held {
  readonly blobs: ReadonlyMap<Digest, unknown>;
  readonly manifests: ReadonlyMap<Digest, PutManifest>;
  readonly tags: ReadonlyMap<Tag, Digest>;
}

interface Seen extends ChartTag {
  /** What was told of it last. */
  readonly text: string;
}

/** Charts of a catalog in memory. Changes are found by looking at everything after each command. */
export class MemoryCharts {
  readonly facts = new Map<Digest, ChartFacts | Unreadable>();
  /** Archives that are to be read, and how often that was begun. */
  readonly attempts = new Map<Digest, number>();
  readonly #repositories: ReadonlyMap<RepositoryName, Held>;
  readonly #seen = new Map<string, Seen>();
  #known = new Set<string>();

  constructor(repositories: ReadonlyMap<RepositoryName, Held>) {
    this.#repositories = repositories;
  }

  /** Take notice of what a command changed. */
  follow(): void {
    this.#queue();
    const tags = new Map(this.#tags().map((each) => [keyOf(each), each]));
    for (const [key, seen] of this.#seen) if (!tags.has(key)) this.#see({ ...seen, chart: undefined });
    for (const tag of tags.values()) this.#see(tag);
  }

  unread = (limit: number): Digest[] => [...this.attempts.keys()].slice(0, limit);

  entry(content: Digest, form: "json" | "yaml"): string {
    const facts = this.facts.get(content);
    return facts === undefined || "unreadable" in facts ? "" : facts.entry[form];
  }

  tagged(repository: RepositoryName, tag: Tag): TaggedChart | undefined {
    const held = this.#repositories.get(repository);
    const manifest = held?.manifests.get(held.tags.get(tag) ?? ("" as Digest));
    if (held === undefined || manifest?.chart === undefined) return undefined;
    const { content, created } = manifest.chart;
    const facts = this.facts.get(content);
    const read =
      facts === undefined || "unreadable" in facts ? facts : { name: facts.name, version: facts.version };
    return { manifest: manifest.descriptor.digest, content, created, present: held.blobs.has(content), read };
  }

  prefixes = (): Set<Prefix> =>
    new Set([...this.#seen.values()].map(({ repository }) => prefixOf(repository)));

  changesBelow = (prefix: Prefix): ChartTag[] =>
    [...this.#seen.values()]
      .filter(({ repository }) => prefixOf(repository) === prefix)
      .map(({ text, ...tag }) => tag)
      .sort((a, b) => a.change - b.change);

  forget(): void {
    for (const [key, { chart }] of this.#seen) if (chart === undefined) this.#seen.delete(key);
  }

  #see({ repository, tag, chart }: Omit<ChartTag, "change">): void {
    const key = keyOf({ repository, tag });
    const text = JSON.stringify(chart) ?? "";
    if (this.#seen.get(key)?.text === text) return;
    const change = (this.changesBelow(prefixOf(repository)).at(-1)?.change ?? 0) + 1;
    this.#seen.set(key, { repository, tag, change, chart, text });
  }

  #tags(): Omit<ChartTag, "change">[] {
    return [...this.#repositories].flatMap(([repository, { tags }]) =>
      [...tags.keys()].flatMap((tag) => {
        const chart = this.tagged(repository, tag);
        return chart === undefined ? [] : [{ repository, tag, chart }];
      }),
    );
  }

  /** Archives of charts that came, or whose bytes did, are to be read; nothing is kept of those that no chart has. */
  #queue(): void {
    const known = new Set<string>();
    const named = new Set<Digest>();
    const know = (key: string, content: Digest) => {
      known.add(key);
      if (this.#known.has(key) || this.facts.has(content) || this.attempts.has(content)) return;
      this.attempts.set(content, 0);
    };
    for (const [repository, { manifests }] of this.#repositories)
      for (const { chart, descriptor } of manifests.values())
        if (chart !== undefined) {
          named.add(chart.content);
          know(`${repository}@${descriptor.digest}`, chart.content);
        }
    for (const [repository, { blobs }] of this.#repositories)
      for (const content of named) if (blobs.has(content)) know(`${repository}@${content}`, content);
    for (const map of [this.facts, this.attempts])
      for (const content of map.keys()) if (!named.has(content)) map.delete(content);
    this.#known = known;
  }
}

const keyOf = ({ repository, tag }: Pick<ChartTag, "repository" | "tag">): string => `${repository}:${tag}`;
const prefixOf = (repository: RepositoryName): Prefix => repository.slice(0, repository.lastIndexOf("/") + 1);

/** Chart commands over memory. */
export const memoryChartExecutors: Pick<Executors<{ charts: MemoryCharts }>, ChartCommand["kind"]> = {
  "put-facts": ({ charts }, { content, facts }) => {
    if (!charts.facts.has(content)) charts.facts.set(content, facts);
    charts.attempts.delete(content);
    return { done: true };
  },
  "begin-facts": ({ charts }, { content }) => {
    const attempts = charts.attempts.get(content);
    if (attempts !== undefined) charts.attempts.set(content, attempts + 1);
    return { done: true, attempts: (attempts ?? -1) + 1 };
  },
  "drop-unread": ({ charts }, { content }) => {
    charts.attempts.delete(content);
    return { done: true };
  },
  "forget-changes": ({ charts }) => {
    charts.forget();
    return { done: true };
  },
};
