import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName, Tag } from "../../oci/reference.ts";
import type { Page, PageRequest, Upload } from "../catalog.ts";
import type { PutManifest } from "../command.ts";
import { MemoryCharts } from "./charts.ts";
import type { EventMemory } from "./events.ts";

/** A blob of a repository. */
export interface HeldBlob {
  readonly size: number;
  /** Since when no manifest of the repository names it; undefined while one does. */
  readonly unnamed: number | undefined;
}

/** What one repository holds. */
export interface Holding {
  readonly blobs: Map<Digest, HeldBlob>;
  readonly manifests: Map<Digest, PutManifest>;
  readonly tags: Map<Tag, Digest>;
  /** How many manifests name each content. */
  readonly named: Map<Digest, number>;
  /** Manifests by their subject. */
  readonly referrers: Map<Digest, Set<Digest>>;
  /** Since when manifests are held by no tag, no index and no subject. */
  readonly loose: Map<Digest, number>;
}

/** All that a catalog in memory keeps. */
export interface Rows {
  readonly repositories: Map<RepositoryName, Holding>;
  readonly uploads: Map<string, Upload>;
  /** Contents that no repository has any more, and whether they are doomed. */
  readonly unheld: Map<Digest, boolean>;
  /** How often contents were buried, where they were. */
  readonly burials: Map<Digest, number>;
  readonly charts: MemoryCharts;
  readonly told: EventMemory;
}

/** Rows of an empty catalog. */
export function emptyRows(): Rows {
  const repositories = new Map<RepositoryName, Holding>();
  return {
    repositories,
    uploads: new Map(),
    unheld: new Map(),
    burials: new Map(),
    charts: new MemoryCharts(repositories),
    told: { events: [], endpoints: new Map() },
  };
}

const emptyHolding = (): Holding => ({
  blobs: new Map(),
  manifests: new Map(),
  tags: new Map(),
  named: new Map(),
  referrers: new Map(),
  loose: new Map(),
});

const nothing = emptyHolding();

/** A repository's holding for questions: empty where there is none. */
export const holdingOf = ({ repositories }: Rows, name: RepositoryName): Holding =>
  repositories.get(name) ?? nothing;

/** A repository's holding for changes: made where there is none. */
export function openHolding({ repositories }: Rows, name: RepositoryName): Holding {
  const holding = repositories.get(name) ?? emptyHolding();
  repositories.set(name, holding);
  return holding;
}

/** A page out of all items. Strings of ASCII compare by code unit in ASCII order; `localeCompare` would not. */
export function pageOf<T>(
  items: Iterable<T>,
  key: (item: T) => string,
  { after, limit }: PageRequest<string>,
): Page<T> {
  const rest = [...items]
    .filter((item) => after === undefined || key(item) > after)
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return { items: rest.slice(0, limit), more: rest.length > limit };
}
