import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import type { StoredManifest } from "../oci/repository.ts";
import type { Catalog, Page, PageRequest, StoredEvent, Upload } from "./catalog.ts";
import type { Command, Executors, Outcome, PutManifest } from "./command.ts";
import { appendEvents, type EventMemory, eventExecutors } from "./memoryEvents.ts";
import { type EventRows, executeTelling } from "./telling.ts";

/** What one repository holds. */
interface Holding {
  readonly blobs: Map<Digest, number>;
  readonly manifests: Map<Digest, PutManifest>;
  readonly tags: Map<Tag, Digest>;
}

interface Rows {
  readonly repositories: Map<RepositoryName, Holding>;
  readonly uploads: Map<string, Upload>;
  readonly told: EventMemory;
}

const nothing: Holding = { blobs: new Map(), manifests: new Map(), tags: new Map() };

/** A repository's holding for questions: empty where there is none. */
const holdingOf = ({ repositories }: Rows, name: RepositoryName): Holding =>
  repositories.get(name) ?? nothing;

/** A repository's holding for changes: made where there is none. */
function openHolding({ repositories }: Rows, name: RepositoryName): Holding {
  const holding = repositories.get(name) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
  repositories.set(name, holding);
  return holding;
}

const executors: Executors<Rows> = {
  ...eventExecutors,

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

  "link-blob": (rows, { repository, digest, size, upload }) => {
    openHolding(rows, repository).blobs.set(digest, size);
    if (upload !== undefined) rows.uploads.delete(upload);
    return { done: true };
  },

  "mount-blob": (rows, { repository, from, digest }) => {
    const size = holdingOf(rows, repository).blobs.get(digest) ?? holdingOf(rows, from).blobs.get(digest);
    if (size === undefined) return { done: false, why: "absent" };
    openHolding(rows, repository).blobs.set(digest, size);
    return { done: true, size };
  },

  "unlink-blob": (rows, { repository, digest }) => {
    const { blobs, manifests } = holdingOf(rows, repository);
    if (!blobs.has(digest)) return { done: false, why: "absent" };
    const names = (manifest: PutManifest) =>
      [...manifest.blobs, ...manifest.optional].some((named) => named.digest === digest);
    if (manifests.values().some(names)) return { done: false, why: "in-use" };
    blobs.delete(digest);
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
    holding.manifests.set(digest, { ...command, bytes: new Uint8Array(command.bytes) });
    for (const tag of names) holding.tags.set(tag, digest);
    return { done: true, existed };
  },

  untag: (rows, { repository, tag }) =>
    holdingOf(rows, repository).tags.delete(tag) ? { done: true } : { done: false, why: "absent" },

  "delete-manifest": (rows, { repository, digest }) => {
    const { manifests, tags } = holdingOf(rows, repository);
    if (!manifests.delete(digest)) return { done: false, why: "absent" };
    for (const [tag, holds] of tags) if (holds === digest) tags.delete(tag);
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
  readonly #rows: Rows = {
    repositories: new Map(),
    uploads: new Map(),
    told: { events: [], endpoints: new Map() },
  };

  async apply<C extends Command>(command: C): Promise<Outcome<C>> {
    return executeTelling(executors, eventRows, this.#rows, command);
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
    return holdingOf(this.#rows, repository).blobs.get(digest);
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

/** A page out of all items. Strings of ASCII compare by code unit in ASCII order; `localeCompare` would not. */
function pageOf<T>(
  items: Iterable<T>,
  key: (item: T) => string,
  { after, limit }: PageRequest<string>,
): Page<T> {
  const rest = [...items]
    .filter((item) => after === undefined || key(item) > after)
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return { items: rest.slice(0, limit), more: rest.length > limit };
}
