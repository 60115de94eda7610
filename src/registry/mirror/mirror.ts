import type { Descriptor } from "../../oci/descriptor.ts";
import type { RepositoryName, Tag } from "../../oci/reference.ts";
import type { StoredManifest } from "../../oci/repository.ts";
import type { Upstream } from "../../oci/upstream.ts";
import { RegistryError } from "../errors.ts";
import type { Store } from "../store.ts";
import type { Downloads } from "./downloads.ts";
import { Expiry } from "./expiry.ts";
import { isUpstreamFault, restAfter, upstreamFault } from "./failure.ts";
import { Flights } from "./flights.ts";

/** Repositories of ours that are mirrors, and where their content is from. */
export interface MirrorSource {
  /** What stands before their names, as `team` in `team/mychart`; empty where all repositories are mirrors. */
  readonly prefix: string;
  /** After how long without use what is kept goes, in ms; 0 for never. */
  readonly ttl: number;
  /** The upstream of one of them, by its name below the prefix. */
  open(repository: RepositoryName): Upstream;
}

/** What mirrors did so far. */
export interface MirrorCounts {
  /** Asked for, by what it was. */
  readonly requests: Record<Kind, number>;
  /** Of these, what was given as it was kept. */
  readonly hits: Record<Kind, number>;
  /** Bytes that came from upstreams. */
  readonly pulled: Record<Kind, number>;
  /** What was kept and given because the upstream was not to be had. */
  stale: number;
  /** Questions that an upstream did not answer as it should. */
  failures: number;
}

export type Kind = "blob" | "manifest";

/** So many repositories stay connected, with the tokens that were asked for. */
const openLimit = 1000;

/** One upstream and what is under way with it. */
export class Mirror {
  readonly manifests = new Flights<StoredManifest | undefined>();
  readonly sizes = new Flights<number | undefined>();
  readonly tags = new Flights<readonly Tag[] | undefined>();
  readonly referrers = new Flights<readonly Descriptor[]>();
  readonly downloads: Downloads;
  readonly counts: MirrorCounts;
  /** Whether a repository of ours is this upstream's: no other may give what this upstream only claims to have. */
  readonly covers: (name: RepositoryName) => boolean;
  /** Undefined where what is kept stays for good. */
  readonly expiry: Expiry | undefined;
  readonly #source: MirrorSource;
  readonly #now: Store["now"];
  readonly #report: (error: unknown) => void;
  readonly #open = new Map<RepositoryName, Upstream>();
  /** What the upstream failed with last, and until when it is left alone, ms since 1970. */
  #rest: { readonly fault: unknown; readonly until: number } | undefined;

  constructor(
    source: MirrorSource,
    store: Store,
    {
      downloads,
      counts,
      covers,
      report,
    }: Pick<Mirror, "downloads" | "counts" | "covers"> & { report(error: unknown): void },
  ) {
    this.#source = source;
    this.#now = store.now;
    this.expiry = source.ttl > 0 ? new Expiry(store, source.ttl) : undefined;
    this.downloads = downloads;
    this.counts = counts;
    this.covers = covers;
    this.#report = report;
  }

  /** The upstream of a repository of ours, which the mirror covers. */
  upstream(name: RepositoryName): Upstream {
    const { prefix } = this.#source;
    const below = (prefix === "" ? name : name.slice(prefix.length + 1)) as RepositoryName;
    const upstream = this.#open.get(below) ?? this.#source.open(below);
    this.#open.delete(below);
    this.#open.set(below, upstream);
    const [oldest] = this.#open.keys();
    if (this.#open.size > openLimit && oldest !== undefined) this.#open.delete(oldest);
    return upstream;
  }

  /**
   * Ask the upstream something.
   * @param spare whether something kept can be given instead: then an upstream that failed a moment ago is not waited for
   *   again. One that said how long it wants to be left alone is left alone in any case.
   * @throws UpstreamFailed; RegistryError `upstreamRefuses`, `upstreamBusy`; what is no failure of an upstream's
   */
  async ask<T>(spare: boolean, work: () => Promise<T>): Promise<T> {
    const rest = this.#rest;
    if (rest !== undefined && this.#now() < rest.until && (spare || isBusy(rest.fault))) throw rest.fault;
    try {
      const answer = await work();
      this.#rest = undefined;
      return answer;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Give what is kept, where `error` is that the upstream was not to be had. @throws `error`, where it is another */
  instead<T>(kept: T | undefined, error: unknown): T {
    if (kept === undefined || !isUpstreamFault(error)) throw error;
    this.counts.stale++;
    return kept;
  }

  #failed(error: unknown): unknown {
    const fault = upstreamFault(error);
    const until = this.#now() + restAfter(fault);
    if (until > this.#now()) this.#rest = { fault, until };
    this.counts.failures++;
    this.#report(error);
    return fault;
  }
}

const isBusy = (fault: unknown): boolean => fault instanceof RegistryError && fault.fault === "upstreamBusy";
