import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import type { StoredManifest } from "../oci/repository.ts";
import type { Catalog, Page, PageRequest, UnheldBytes, Upload, Waiting } from "./catalog.ts";
import { type Command, type Executors, execute, type Outcome, type PutManifest } from "./command.ts";
import { memoryChartExecutors } from "./memoryCharts.ts";
import { heldBy, listReferrer, looseOf, settle, unlistReferrer } from "./memoryLoose.ts";
import { emptyRows, holdingOf, openHolding, pageOf, type Rows } from "./memoryRows.ts";
import {
  burialsOf,
  claimBlobs,
  collectors,
  forsake,
  isNamed,
  linkBlob,
  releaseBlobs,
  unheldOf,
  unnamedOf,
  waitingOrder,
} from "./memoryUnnamed.ts";

const executors: Executors<Rows> = {
  ...memoryChartExecutors,
  ...collectors,

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

  "put-manifest": (rows, command) => {
    const { repository, descriptor, tags: names, expect } = command;
    const { digest } = descriptor;
    const { blobs, manifests, tags } = holdingOf(rows, repository);
    const missing = new Set([
      ...command.blobs.map((blob) => blob.digest).filter((blob) => !blobs.has(blob)),
      ...command.manifests.map((manifest) => manifest.digest).filter((manifest) => !manifests.has(manifest)),
    ]);
    if (missing.size > 0) return { done: false, why: "missing", missing: [...missing] };
    for (const tag of names) {
      const holds = tags.get(tag);
      if (expect === "any" || holds === digest) continue;
      if (holds !== (expect === "absent" ? undefined : expect))
        return { done: false, why: "conflict", tag, holds };
    }
    const existed = manifests.has(digest) && names.every((tag) => tags.get(tag) === digest);
    const holding = openHolding(rows, repository);
    const before = holding.manifests.get(digest);
    const at = before?.at ?? command.at;
    holding.manifests.set(digest, { ...command, bytes: new Uint8Array(command.bytes), at });
    const lost = names.flatMap((tag) => tags.get(tag) ?? []);
    for (const tag of names) holding.tags.set(tag, digest);
    if (before !== undefined) {
      releaseBlobs(holding, before, command.at);
      unlistReferrer(holding, before);
    }
    claimBlobs(holding, command);
    listReferrer(holding, command);
    settle(holding, [digest, ...lost, ...heldBy(holding, command)], command.at);
    return { done: true, existed };
  },

  untag: (rows, { repository, tag, at }) => {
    const holding = holdingOf(rows, repository);
    const held = holding.tags.get(tag);
    if (held === undefined) return { done: false, why: "absent" };
    holding.tags.delete(tag);
    settle(holding, [held], at);
    return { done: true };
  },

  "delete-manifest": (rows, { repository, digest, looseSince, at }) => {
    const holding = holdingOf(rows, repository);
    const found = holding.manifests.get(digest);
    if (found === undefined) return { done: false, why: "absent" };
    const loose = holding.loose.get(digest);
    if (looseSince !== undefined && (loose === undefined || loose > looseSince))
      return { done: false, why: "in-use" };
    holding.manifests.delete(digest);
    for (const [tag, holds] of holding.tags) if (holds === digest) holding.tags.delete(tag);
    releaseBlobs(holding, found, at);
    unlistReferrer(holding, found);
    settle(holding, [digest, ...heldBy(holding, found)], at);
    return { done: true };
  },

  "use-manifest": (rows, { repository, digest, at }) => {
    const { manifests } = holdingOf(rows, repository);
    const used = manifests.get(digest);
    if (used === undefined) return { done: false, why: "absent" };
    manifests.set(digest, { ...used, at: Math.max(used.at, at) });
    return { done: true };
  },
};

/** A catalog in memory: the shortest text of the contract, for tests and for what need not last. */
export class MemoryCatalog implements Catalog {
  readonly #rows: Rows = emptyRows();

  async apply<C extends Command>(command: C): Promise<Outcome<C>> {
    const outcome = execute(executors, this.#rows, command);
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
