import type { PageRequest } from "../catalog/catalog.ts";
import { type ChartFacts, readFacts, type Unreadable } from "../chart/facts.ts";
import { templatesOf } from "../chart/templates.ts";
import { ChartroomError } from "../oci/errors.ts";
import { limiter } from "../oci/limiter.ts";
import type { RepositoryName } from "../oci/reference.ts";
import { Burials } from "./burials.ts";
import { ChartReader } from "./charts/chartReader.ts";
import { CurrentIndexes } from "./classic/currentIndexes.ts";
import { Indexes } from "./classic/indexes.ts";
import { type HeldFile, sharedMetadata } from "./classic/repositoryMetadata.ts";
import { Collector } from "./collector.ts";
import type { MirrorCounts, MirrorSource } from "./mirror/mirror.ts";
import { Mirrors } from "./mirror/mirrors.ts";
import { MirroredRepository } from "./mirror/repository.ts";
import { RegistryRepository } from "./repository.ts";
import { type ShownPage, shownPage } from "./shown.ts";
import type { Store } from "./store.ts";
import { Uploads } from "./uploads.ts";

/** When upload sessions that nobody goes on with are given up: after which rest, and looked for how often, both in ms. */
export interface Sweep {
  readonly age: number;
  readonly interval: number;
}

const usualSweep: Sweep = { age: 7 * 24 * 3600_000, interval: 3600_000 };

/** How often is looked for what mirrors kept in vain, in ms. */
const expiryInterval = 600_000;

/** So many may wait for the templates of an archive, which takes up to seconds. */
const askingLimit = 8;

/** A registry of ours: repositories and upload sessions over blobs and a catalog. It knows no HTTP. */
export class Registry {
  readonly uploads: Uploads;
  readonly collector: Collector;
  /** Its charts as classic repositories. */
  readonly indexes: Indexes;
  /** Their whole indexes. */
  readonly currentIndexes: CurrentIndexes;
  readonly #store: Store;
  readonly #charts: ChartReader;
  readonly #mirrors: Mirrors;
  readonly #inTurn = limiter(1);
  #asking = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #expiry: ReturnType<typeof setInterval> | undefined;

  /**
   * @param mirrors which of its repositories are mirrors; without one, all are ordinary ones
   * @param report is told what their upstreams fail with
   */
  constructor(
    store: Store,
    mirrors: readonly MirrorSource[] = [],
    report: (error: unknown) => void = () => {},
  ) {
    this.#charts = new ChartReader(store, store.readFacts ?? readFacts);
    this.indexes = new Indexes(store.catalog, this.#charts, store.leafFiles);
    this.currentIndexes = new CurrentIndexes(store.catalog);
    this.#store = { ...store, chartPushed: () => this.#charts.wake() };
    const burials = new Burials(store);
    this.#mirrors = new Mirrors(mirrors, this.#store, { burials, report });
    this.uploads = new Uploads(store, burials, (name) => this.#mirrors.of(name) !== undefined);
    this.collector = new Collector(store, burials);
  }

  /**
   * Templates and values of an archive in JSON, one archive at a time: each is in memory as a whole, and pushed charts are read
   * by the same reader.
   * @param archive fetches it when its turn has come
   * @throws ChartroomError `invalid`; `busy` when too many others wait for theirs
   */
  async readTemplates(archive: () => Promise<Uint8Array>): Promise<string> {
    if (this.#asking >= askingLimit)
      throw new ChartroomError("busy", "Cannot read the templates: too many others are being read");
    this.#asking++;
    try {
      return await this.#inTurn(async () => (this.#store.readTemplates ?? templatesOf)(await archive()));
    } finally {
      this.#asking--;
    }
  }

  /** Read a chart's archive that is not stored, by the same reader. */
  readArchive(bytes: Uint8Array): Promise<ChartFacts | Unreadable> {
    return (this.#store.readFacts ?? readFacts)(bytes);
  }

  /** A repository, whether anything was pushed to it or not. */
  repository(name: RepositoryName): RegistryRepository {
    const mirror = this.#mirrors.of(name);
    return mirror === undefined
      ? new RegistryRepository(name, this.#store, this.uploads)
      : new MirroredRepository(name, this.#store, this.uploads, mirror);
  }

  /** What the charts of some repositories tell Artifact Hub, where they agree. */
  sharedMetadata(repositories: readonly RepositoryName[]): Promise<HeldFile | undefined> {
    return sharedMetadata(this.#store.catalog, repositories);
  }

  /** Let go of what mirrors keep and nobody asked for in the time that they are told. */
  expire(): Promise<void> {
    return this.#mirrors.sweep();
  }

  /** What its mirrors did so far. */
  get mirrored(): MirrorCounts {
    return this.#mirrors.counts;
  }

  /** A page of the repositories that hold a manifest and that `shows` lets through, in ASCII order. */
  repositories(
    page: PageRequest<string>,
    shows: (name: RepositoryName) => boolean,
  ): Promise<ShownPage<RepositoryName>> {
    return shownPage((each) => this.#store.catalog.repositories(each), shows, page);
  }

  /**
   * Tidy up after the last run, and go on tidying until `close`.
   * @param report is told what goes wrong later; what goes wrong now is thrown
   */
  async start(report: (error: unknown) => void, sweep: Sweep | "off" = usualSweep): Promise<void> {
    this.collector.start(report);
    this.#charts.reportTo(report);
    this.#expiry = setInterval(() => void this.#mirrors.sweep().catch(report), expiryInterval);
    this.#expiry.unref();
    if (sweep === "off") return;
    // What was left unread by the last run; else the next push or index sees to it.
    this.#charts.wake();
    await this.uploads.reap(sweep.age);
    this.#timer = setInterval(() => void this.uploads.reap(sweep.age).catch(report), sweep.interval);
    this.#timer.unref();
  }

  /** Let go of open files, once the mirrors' downloads have ended. Blobs and catalog are their maker's to close. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    clearInterval(this.#expiry);
    await this.#mirrors.close();
    await this.collector.close();
    await this.#charts.close();
    await this.uploads.close();
  }
}
