import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName, Tag } from "../../oci/reference.ts";
import type { StoredManifest } from "../../oci/repository.ts";
import type { Catalog, Page, PageRequest, StoredEvent, UnheldBytes, Upload, Waiting } from "../catalog.ts";
import type { Command, Executors, Outcome, PutManifest } from "../command.ts";
import type { BlobRow, ManifestRows } from "../scans.ts";
import { type EventRows, executeTelling } from "../telling.ts";
import { memoryChartExecutors } from "./charts.ts";
import { appendEvents, eventExecutors } from "./events.ts";
import { looseOf } from "./loose.ts";
import { manifestExecutors } from "./manifests.ts";
import { menders } from "./mend.ts";
import { emptyRows, holdingOf, pageOf, type Rows } from "./rows.ts";
import { allBlobs, allManifests, manifestRows } from "./scans.ts";
import {
  burialsOf,
  collectors,
  forsake,
  isNamed,
  linkBlob,
  unheldOf,
  unnamedOf,
  waitingOrder,
} from "./unnamed.ts";

const executors: Executors<Rows> = {
  ...eventExecutors,
  ...memoryChartExecutors,
  ...collectors,
  ...manifestExecutors,
  ...menders,

  "open-upload": ({ uploads }, { id, repository, user, at }) => {
    if (!uploads.has(id)) uploads.set(id, { id, repository, user, offset: 0, started: at });
    return { done: true };
  },

  "advance-upload": ({ uploads }, { id, offset }) => {
    const upload = uploads.get(id);
    if (upload === undefined) return { done: false, why: "absent" };
    uploads.set(id, { ...upload, offset: Math.max(upload.offset, offset) });
    return { done: true };
  },

  "close-upload": ({ uploads }, { id }) => {
    uploads.delete(id);
    return { done: true };
  },

  "link-blob": (rows, { repository, digest, size, burials, upload, at }) => {
    if (rows.unheld.get(digest) || burials !== burialsOf(rows, digest)) return { done: false, why: "doomed" };
    linkBlob(rows, repository, digest, size, at);
    if (upload !== undefined) rows.uploads.delete(upload);
    return { done: true };
  },

  "mount-blob": (rows, { repository, from, digest, at }) => {
    const found = holdingOf(rows, repository).blobs.get(digest) ?? holdingOf(rows, from).blobs.get(digest);
    if (found === undefined) return { done: false, why: "absent" };
    linkBlob(rows, repository, digest, found.size, at);
    return { done: true, size: found.size };
  },

  "unlink-blob": (rows, { repository, digest }) => {
    const holding = holdingOf(rows, repository);
    if (!holding.blobs.has(digest)) return { done: false, why: "absent" };
    if (isNamed(holding, digest)) return { done: false, why: "in-use" };
    forsake(rows, repository, digest);
    return { done: true };
  },
};

const eventRows: EventRows<Rows> = {
  tagsOf: (rows, repository, digest) =>
    [...holdingOf(rows, repository).tags].flatMap(([tag, holds]) => (holds === digest ? tag : [])).sort(),
  append: ({ told }, events) => appendEvents(told, events),
};

/** A catalog in memory: the shortest text of the contract, for tests and for what need not last. */
export class MemoryCatalog implements Catalog {
  readonly #rows: Rows = emptyRows();

  async apply<C extends Command>(command: C): Promise<Outcome<C>> {
    const outcome = executeTelling(executors, eventRows, this.#rows, command);
    this.#rows.charts.follow(command);
    return outcome;
  }

  async hasRepository(name: RepositoryName): Promise<boolean> {
    const { blobs, manifests } = holdingOf(this.#rows, name);
    const uploads = this.#rows.uploads.values();
    return blobs.size > 0 || manifests.size > 0 || uploads.some(({ repository }) => repository === name);
  }

  async repositories(page: PageRequest<string>): Promise<Page<RepositoryName>> {
    const holders = [...this.#rows.repositories].filter(([, { manifests }]) => manifests.size > 0);
    return pageOf(
      holders.map(([name]) => name),
      (name) => name,
      page,
    );
  }

  async tags(repository: RepositoryName, page: PageRequest<string>): Promise<Page<Tag> | undefined> {
    if (!(await this.hasRepository(repository))) return undefined;
    return pageOf(holdingOf(this.#rows, repository).tags.keys(), (tag) => tag, page);
  }

  async tag(repository: RepositoryName, tag: Tag): Promise<Digest | undefined> {
    return holdingOf(this.#rows, repository).tags.get(tag);
  }

  async manifest(repository: RepositoryName, digest: Digest): Promise<StoredManifest | undefined> {
    const found = holdingOf(this.#rows, repository).manifests.get(digest);
    if (found === undefined) return undefined;
    const { mediaType, size } = found.descriptor;
    return { descriptor: { mediaType, digest, size }, bytes: found.bytes };
  }

  async blob(repository: RepositoryName, digest: Digest): Promise<number | undefined> {
    return holdingOf(this.#rows, repository).blobs.get(digest)?.size;
  }

  async repositoriesWithBlob(digest: Digest, limit: number): Promise<readonly RepositoryName[]> {
    const holders = [...this.#rows.repositories].filter(([, { blobs }]) => blobs.has(digest));
    return holders.map(([name]) => name).slice(0, limit);
  }

  async referrers(
    repository: RepositoryName,
    subject: Digest,
    artifactType: string | undefined,
    page: PageRequest<Digest>,
  ): Promise<Page<Descriptor>> {
    const found = [...holdingOf(this.#rows, repository).manifests.values()].filter(
      (each) =>
        each.subject === subject && (artifactType === undefined || each.artifactType === artifactType),
    );
    return pageOf(found.map(asReferrer), ({ digest }) => digest, page);
  }

  async unusedManifests(repository: RepositoryName, before: number, limit: number): Promise<Digest[]> {
    const { manifests } = holdingOf(this.#rows, repository);
    const unused = [...manifests].filter(([, { at }]) => at < before);
    return unused.map(([digest]) => digest).slice(0, limit);
  }

  async unnamedSince(repository: RepositoryName, digest: Digest): Promise<number | undefined> {
    return holdingOf(this.#rows, repository).blobs.get(digest)?.unnamed;
  }

  async unnamed(before: number, page: PageRequest<Waiting>): Promise<Page<Waiting>> {
    return pageOf(unnamedOf(this.#rows, before), waitingOrder, {
      ...page,
      after: page.after && waitingOrder(page.after),
    });
  }

  async countUnnamed(before: number): Promise<number> {
    return unnamedOf(this.#rows, before).length;
  }

  async loose(before: number, page: PageRequest<Waiting>): Promise<Page<Waiting>> {
    return pageOf(looseOf(this.#rows, before), waitingOrder, {
      ...page,
      after: page.after && waitingOrder(page.after),
    });
  }

  async unheld(page: PageRequest<Digest>): Promise<Page<UnheldBytes>> {
    return pageOf(unheldOf(this.#rows), ({ digest }) => digest, page);
  }

  async unheldBytes(digest: Digest): Promise<UnheldBytes | undefined> {
    const doomed = this.#rows.unheld.get(digest);
    return doomed === undefined ? undefined : { digest, doomed };
  }

  async burials(digest: Digest): Promise<number> {
    return burialsOf(this.#rows, digest);
  }

  async upload(id: string): Promise<Upload | undefined> {
    return this.#rows.uploads.get(id);
  }

  async uploads(page: PageRequest<string>): Promise<Page<Upload>> {
    return pageOf(this.#rows.uploads.values(), ({ id }) => id, page);
  }

  async events(after: number, limit: number): Promise<readonly StoredEvent[]> {
    return this.#rows.told.events.filter(({ number }) => number > after).slice(0, limit);
  }

  async lastEvent(): Promise<number> {
    return this.#rows.told.events.at(-1)?.number ?? 0;
  }

  waiting(): number {
    return 0;
  }
  async blobs(page: PageRequest<Digest>): Promise<Page<BlobRow>> {
    return pageOf(allBlobs(this.#rows), ({ digest }) => digest, page);
  }

  async manifests(page: PageRequest<Digest>): Promise<Page<Digest>> {
    return pageOf(allManifests(this.#rows), (digest) => digest, page);
  }

  async manifestRows(digest: Digest): Promise<ManifestRows | undefined> {
    return manifestRows(this.#rows, digest);
  }

  async faults(): Promise<readonly string[]> {
    return [];
  }

  unreadCharts: Catalog["unreadCharts"] = async (limit) => this.#rows.charts.unread(limit);
  chartFacts: Catalog["chartFacts"] = async (content) => this.#rows.charts.facts.get(content);
  chartEntries: Catalog["chartEntries"] = async (contents, form) =>
    contents.map((content) => this.#rows.charts.entry(content, form));
  chartChange: Catalog["chartChange"] = async (prefix) => this.#rows.charts.count(prefix);
  chartTags: Catalog["chartTags"] = async (prefix, { after = 0, limit }) => {
    const rest = [...this.#rows.charts.changesBelow(prefix)].filter(({ change }) => change > after);
    return { items: rest.slice(0, limit), more: rest.length > limit };
  };
  taggedChart: Catalog["taggedChart"] = async (repository, tag) => this.#rows.charts.tagged(repository, tag);
  chartPrefixes: Catalog["chartPrefixes"] = async (page) =>
    pageOf(this.#rows.charts.prefixes(), (prefix) => prefix, page);

  async close(): Promise<void> {}
}

/** A manifest as a list of referrers names it. */
const asReferrer = ({ descriptor, artifactType, annotations }: PutManifest): Descriptor => ({
  mediaType: descriptor.mediaType,
  digest: descriptor.digest,
  size: descriptor.size,
  ...(artifactType !== undefined && { artifactType }),
  ...(Object.keys(annotations).length > 0 && { annotations }),
});
