import type { ChartFacts, Unreadable } from "../../chart/facts.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName, Tag } from "../../oci/reference.ts";
import type { ChartCommand, ChartTag, Prefix, TaggedChart } from "../charts.ts";
import type { Command, Executors, PutManifest } from "../command.ts";

/** A repository, as far as charts are concerned. */
interface Held {
  readonly blobs: ReadonlyMap<Digest, unknown>;
  readonly manifests: ReadonlyMap<Digest, PutManifest>;
  readonly tags: ReadonlyMap<Tag, Digest>;
}

/** A chart's manifest in a repository. */
interface Named {
  readonly repository: RepositoryName;
  readonly manifest: Digest;
}

/** Charts of a catalog in memory. Each command is followed by a look at what it may have changed. */
export class MemoryCharts {
  readonly facts = new Map<Digest, ChartFacts | Unreadable>();
  /** Archives that are to be read, and how often that was begun. */
  readonly attempts = new Map<Digest, number>();
  readonly #repositories: ReadonlyMap<RepositoryName, Held>;
  /** The manifests that name an archive, by `repository@manifest`. */
  readonly #named = new Map<Digest, Map<string, Named>>();
  /** The archive that each of them names. */
  readonly #archives = new Map<string, Digest>();
  /** `repository@archive` of those that are there. */
  readonly #present = new Set<string>();
  /** Below each prefix the tags that name a chart, or did, in order of their last changes; and how many there were. */
  readonly #changes = new Map<Prefix, Map<string, ChartTag>>();
  readonly #counts = new Map<Prefix, number>();

  constructor(repositories: ReadonlyMap<RepositoryName, Held>) {
    this.#repositories = repositories;
  }

  /** Take notice of what a command did. */
  follow(command: Command): void {
    switch (command.kind) {
      case "put-manifest":
        this.#name(command.repository, command.descriptor.digest);
        for (const tag of command.tags) this.#see(command.repository, tag);
        break;
      case "untag":
        this.#see(command.repository, command.tag);
        break;
      case "delete-manifest":
        this.#seeAll(command.repository, (chart) => chart.manifest === command.digest);
        this.#name(command.repository, command.digest);
        break;
      case "link-blob":
      case "mount-blob":
      case "unlink-blob":
      case "collect-blob":
        this.#look(command.repository, command.digest);
        break;
      case "lose-blob":
        for (const repository of [...this.#repositories.keys()].sort())
          this.#look(repository, command.digest);
        break;
      case "put-facts":
        for (const { repository } of this.#named.get(command.content)?.values() ?? [])
          this.#seeAll(repository, (chart) => chart.content === command.content);
    }
  }

  unread = (limit: number): Digest[] => [...this.attempts.keys()].slice(0, limit);

  /** Whether a manifest names the archive. */
  isNamed = (content: Digest): boolean => this.#named.has(content);

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

  prefixes = (): Iterable<Prefix> => this.#changes.keys();

  changesBelow = (prefix: Prefix): Iterable<ChartTag> => this.#changes.get(prefix)?.values() ?? [];

  count = (prefix: Prefix): number => this.#counts.get(prefix) ?? 0;

  forget(prefix: Prefix, before: number): void {
    const changes = this.#changes.get(prefix);
    for (const [key, { chart, change }] of changes ?? [])
      if (chart === undefined && change < before) changes?.delete(key);
    if (changes?.size === 0) this.#changes.delete(prefix);
  }

  /** Keep of a manifest whether it is a chart's. An archive that is new with it is to be read; of one no longer named nothing is kept. */
  #name(repository: RepositoryName, manifest: Digest): void {
    const key = `${repository}@${manifest}`;
    const content = this.#repositories.get(repository)?.manifests.get(manifest)?.chart?.content;
    const old = this.#archives.get(key);
    if (content === old) return;
    this.#archives.delete(key);
    if (old !== undefined) this.#unname(old, key);
    if (content === undefined) return;
    this.#archives.set(key, content);
    this.#named.set(content, (this.#named.get(content) ?? new Map()).set(key, { repository, manifest }));
    this.#queue(content);
    this.#look(repository, content);
  }

  #unname(content: Digest, key: string): void {
    const names = this.#named.get(content);
    names?.delete(key);
    if (names?.size !== 0) return;
    this.#named.delete(content);
    this.facts.delete(content);
    this.attempts.delete(content);
  }

  /** Take notice of whether a repository has an archive. */
  #look(repository: RepositoryName, content: Digest): void {
    const key = `${repository}@${content}`;
    const isThere = this.#repositories.get(repository)?.blobs.has(content) ?? false;
    if (isThere === this.#present.has(key)) return;
    if (isThere) this.#present.add(key);
    else this.#present.delete(key);
    if (!this.#named.has(content)) return;
    if (isThere) this.#queue(content);
    this.#seeAll(repository, (chart) => chart.content === content);
  }

  #queue(content: Digest): void {
    if (!this.facts.has(content) && !this.attempts.has(content)) this.attempts.set(content, 0);
  }

  #seeAll(repository: RepositoryName, which: (chart: TaggedChart) => boolean): void {
    for (const each of [...this.changesBelow(prefixOf(repository))])
      if (each.repository === repository && each.chart !== undefined && which(each.chart))
        this.#see(repository, each.tag);
  }

  #see(repository: RepositoryName, tag: Tag): void {
    const prefix = prefixOf(repository);
    const changes = this.#changes.get(prefix) ?? new Map<string, ChartTag>();
    const key = `${repository}:${tag}`;
    const chart = this.tagged(repository, tag);
    const seen = changes.get(key);
    if (JSON.stringify(seen?.chart) === JSON.stringify(chart)) return;
    const change = this.count(prefix) + 1;
    this.#counts.set(prefix, change);
    this.#changes.set(prefix, changes);
    changes.delete(key);
    changes.set(key, { repository, tag, change, chart });
  }
}

const prefixOf = (repository: RepositoryName): Prefix => repository.slice(0, repository.lastIndexOf("/") + 1);

/** Chart commands over memory. */
export const memoryChartExecutors: Pick<Executors<{ charts: MemoryCharts }>, ChartCommand["kind"]> = {
  "put-facts": ({ charts }, { content, facts }) => {
    if (charts.isNamed(content) && !charts.facts.has(content)) charts.facts.set(content, facts);
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
  "forget-changes": ({ charts }, { prefix, before }) => {
    charts.forget(prefix, before);
    return { done: true };
  },
};
