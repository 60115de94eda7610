import type { Descriptor } from "../../oci/descriptor.ts";
import type { RepositoryName, Tag } from "../../oci/reference.ts";
import type { StoredManifest } from "../../oci/repository.ts";
import type { Upstream } from "../../oci/upstream.ts";
import type { Burials } from "../burials.ts";
import { RegistryError } from "../errors.ts";
import type { Store } from "../store.ts";
import { Downloads } from "./downloads.ts";
import { Expiry } from "./expiry.ts";
import { isUpstreamFault, restAfter, upstreamFault } from "./failure.ts";
import { Flights } from "./flights.ts";
import { Recent } from "./recent.ts";

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

/** What mirrors share, and what one is told. */
export interface MirrorNeeds extends Pick<Mirror, "counts" | "covers"> {
  readonly burials: Burials;
  /** Is told what the upstream fails with. */
  report(error: unknown): void;
}

export type Kind = "blob" | "manifest";

/** So many repositories stay connected, with the tokens that were asked for. */
const openLimit = 1000;
/** An upstream that stays away is left alone for longer each time, up to this, in ms. */
const longestRest = 60_000;
/** So many lists of tags are held, each for so long, in ms, after its first page was asked for. */
const [listsLimit, pagingTime] = [16, 60_000];

/** One upstream and what is under way with it. */
export class Mirror {
  readonly manifests = new Flights<StoredManifest | undefined>();
  readonly sizes = new Flights<number | undefined>();
  readonly tags = new Flights<readonly Tag[] | undefined>();
  /** Lists of tags that may be paged through: an upstream's is read whole, since not all are sorted. */
  readonly lists: Recent<readonly Tag[]>;
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
  readonly #told = new WeakSet<Error>();
  readonly #open = new Map<RepositoryName, Upstream>();
  /** What the upstream failed with last, and for how long it is left alone since, in ms, until when. */
  #rest: { readonly fault: unknown; readonly length: number; readonly until: number } | undefined;

  constructor(source: MirrorSource, store: Store, { burials, counts, covers, report }: MirrorNeeds) {
    this.#source = source;
    this.#now = store.now;
    this.lists = new Recent(listsLimit, pagingTime, store.now);
    this.expiry = source.ttl > 0 ? new Expiry(store, source.ttl) : undefined;
    this.downloads = new Downloads(store, burials, source.prefix, (error) => this.failed(error));
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
      throw this.failed(error);
    }
  }

  /** Give what is kept, where `error` is that the upstream was not to be had. @throws `error`, where it is another */
  instead<T>(kept: T | undefined, error: unknown): T {
    if (kept === undefined || !isUpstreamFault(error)) throw error;
    this.counts.stale++;
    return kept;
  }

  /**
   * Something failed, of the upstream's or of ours: told, and counted where it is the upstream's, once, by whatever way it comes to
   * be known.
   * @returns what it is to whoever asked us
   */
  failed(error: unknown): unknown {
    const fault = upstreamFault(error);
    if (!(fault instanceof Error) || this.#told.has(fault)) return fault;
    this.#told.add(fault);
    if (isUpstreamFault(fault)) this.counts.failures++;
    this.#report(fault.cause ?? fault);
    this.#leaveAlone(fault);
    return fault;
  }

  #leaveAlone(fault: unknown): void {
    const [now, least, last] = [this.#now(), restAfter(fault), this.#rest];
    if (least === 0) return;
    // Once for each rest that was in vain, not for each of those who ask at the same time.
    const longer = last === undefined ? 0 : now < last.until ? last.length : last.length * 2;
    const length = isBusy(fault) ? least : Math.max(least, Math.min(longer, longestRest));
    this.#rest = { fault, length, until: now + length };
  }
}

const isBusy = (fault: unknown): boolean => fault instanceof RegistryError && fault.fault === "upstreamBusy";
