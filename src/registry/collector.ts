import { setTimeout as sleep } from "node:timers/promises";
import type { Page, UnheldBytes, Waiting } from "../catalog/catalog.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/reference.ts";
import type { Burials } from "./burials.ts";
import { type Candidate, candidates } from "./candidates.ts";
import type { Store } from "./store.ts";
import { WritesStopped } from "./writeStop.ts";

/** How long, in ms, a blob stays that no manifest names, where nobody says otherwise: a push may take its time. */
export const usualGrace: number = 24 * 3600_000;

/**
 * So many blobs or contents are taken at once: their commands share a commit, and a push that comes meanwhile waits for no
 * more than those.
 */
const step = 16;
/** The queue is looked at once in a grace period, within these bounds in ms: where nothing is due it takes microseconds. */
const [soonest, latest] = [100, 60_000];
/** What a collection took. */
export interface Collected {
  /** Manifests, where those that nothing holds are collected. */
  readonly manifests: number;
  /** Blobs taken out of repositories. */
  readonly blobs: number;
  /** Contents whose bytes were removed. */
  readonly contents: number;
  /** Bytes freed on the disk. */
  readonly bytes: number;
}

/** Whether all that is wrong is that it is not the moment: a hold, or a queue that pushes have filled. */
const isBusy = (error: unknown): boolean => error instanceof ChartroomError && error.code === "busy";

/**
 * Takes what nothing names any more, by what the catalog's rows tell, never by looking through what stays
 * (docs/collection.md). Small steps, so that pushes go on beside it.
 */
export class Collector {
  readonly #store: Store;
  readonly #burials: Burials;
  readonly #total = { manifests: 0, blobs: 0, contents: 0, bytes: 0, failures: 0 };
  readonly #working = new Set<Promise<unknown>>();
  readonly #ending = new AbortController();
  #holds = 0;
  #background: Promise<void> = Promise.resolve();

  constructor(store: Store, burials: Burials) {
    this.#store = store;
    this.#burials = burials;
  }

  /** All that was taken since the start, and how often the work in the background went wrong. */
  get total(): Collected & { readonly failures: number } {
    return this.#total;
  }

  get #untagged(): boolean {
    return this.#store.rules?.untagged ?? false;
  }

  /** How many blobs are due, by the registry's own grace period. */
  async due(): Promise<number> {
    const { catalog, now, rules } = this.#store;
    return rules?.grace === undefined ? 0 : catalog.countUnnamed(now() - rules.grace);
  }

  /**
   * Finish what the last run left doomed, and collect from now on until `close`; nothing where the rules say no grace period.
   * @param report is told what goes wrong
   */
  start(report: (error: unknown) => void): void {
    const { grace } = this.#store.rules ?? {};
    if (grace !== undefined) this.#background = this.#goOn(grace, report);
  }

  /** End the work in the background, once the step that it is at is through. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#background;
  }

  /**
   * Take nothing until the returned object is disposed of: a backup needs that between the catalog's copy and that of the
   * bytes. Resolves once nothing is being taken.
   */
  async hold(): Promise<Disposable> {
    this.#holds++;
    let held = true;
    await Promise.allSettled(this.#working);
    return {
      [Symbol.dispose]: () => {
        if (held) this.#holds--;
        held = false;
      },
    };
  }

  /**
   * Collect all that is due now.
   * @param grace ms for which nothing must have named a blob; 0 takes what a push that is under way just brought, too: its
   *   manifest is refused then
   * @param untagged whether manifests go that no tag, no index and no subject has held for that long; as the rules say
   * @param signal ends it once the step that it is at is through
   * @throws ChartroomError `busy` while collection is held; the signal's reason; else the first thing that went wrong, after
   *   all the rest
   */
  async run(grace: number, untagged: boolean = this.#untagged, signal?: AbortSignal): Promise<Collected> {
    const before = { ...this.#total };
    const { signal: ending } = this.#ending;
    await this.#all(grace, untagged, signal === undefined ? ending : AbortSignal.any([signal, ending]));
    signal?.throwIfAborted();
    const { manifests, blobs, contents, bytes } = this.#total;
    return {
      manifests: manifests - before.manifests,
      blobs: blobs - before.blobs,
      contents: contents - before.contents,
      bytes: bytes - before.bytes,
    };
  }

  /** What `run(grace, untagged)` would take at `until` (ms since 1970) if nothing changed; nothing is touched. */
  explain(grace: number, until: number, untagged: boolean = this.#untagged): AsyncGenerator<Candidate> {
    return candidates(this.#store, { grace, until, untagged });
  }

  /**
   * Remove the bytes of a content, known to the catalog or not, unless a repository has it. A push that is just bringing it publishes it again.
   * @returns bytes that were freed; undefined where none were there, or a repository has them
   * @throws ChartroomError `busy` while collection is held
   */
  take(digest: Digest): Promise<number | undefined> {
    return this.#unlessHeld(() => this.#take(digest));
  }

  /**
   * Take a blob whose bytes are lost out of every repository, and what is left of them away.
   * @param away takes it away, before it can come again
   * @returns the repositories that had it
   * @throws ChartroomError `busy` while collection is held
   */
  lose(digest: Digest, away: () => Promise<unknown>): Promise<readonly RepositoryName[]> {
    return this.#unlessHeld(async () => {
      const lost = await this.#store.catalog.apply({ kind: "lose-blob", digest });
      if (!lost.done) return [];
      await this.#burials.bury(digest, away);
      return lost.repositories;
    });
  }

  async #goOn(grace: number, report: (error: unknown) => void): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        if (this.#holds === 0) await this.#all(grace, this.#untagged, signal);
      } catch (error) {
        // It was told when it happened, and only a start ends it.
        if (error instanceof WritesStopped) return;
        if (!isBusy(error)) {
          this.#total.failures++;
          report(error);
        }
      }
      const rest = Math.min(latest, Math.max(soonest, grace));
      await sleep(rest, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /**
   * Take all that is due, step by step. Bytes that cannot be removed stay doomed for the next time, and the others go on.
   * @throws the first error, at the end
   */
  async #all(grace: number, untagged: boolean, signal: AbortSignal): Promise<void> {
    const failed: unknown[] = [];
    try {
      for (let more = untagged; more && !signal.aborted; )
        ({ more } = await this.#step(() => this.#takeManifests(grace)));
      for (let more = true; more && !signal.aborted; )
        ({ more } = await this.#step(() => this.#takeBlobs(grace)));
      let page: Page<UnheldBytes> = { items: [], more: true };
      while (page.more && !signal.aborted)
        page = await this.#step(() => this.#takeBytes(page.items.at(-1)?.digest, failed));
    } catch (error) {
      failed.push(error);
    }
    if (failed.length > 0) throw failed[0];
  }

  /** One step, then a rest as long as it took: half of the writer's time at least is others'. */
  async #step<T>(work: () => Promise<Page<T>>): Promise<Page<T>> {
    const began = performance.now();
    const page = await this.#unlessHeld(work);
    if (page.more) await sleep(performance.now() - began);
    return page;
  }

  async #unlessHeld<T>(work: () => Promise<T>): Promise<T> {
    if (this.#holds > 0)
      throw new ChartroomError("busy", "Cannot collect: a backup or a check is under way", {
        hint: "Try again when it is through.",
      });
    const working = work();
    this.#working.add(working);
    try {
      return await working;
    } finally {
      this.#working.delete(working);
    }
  }

  /** Take manifests that are due. Each may let go of others, so there may be more as long as some were taken. */
  async #takeManifests(grace: number): Promise<Page<Waiting>> {
    const { catalog, now } = this.#store;
    const at = now();
    const looseSince = at - grace;
    const { items } = await catalog.loose(looseSince, { limit: step });
    const outcomes = await Promise.all(
      items.map(({ repository, digest }) =>
        catalog.apply({ kind: "delete-manifest", repository, digest, looseSince, at }),
      ),
    );
    const taken = outcomes.filter(({ done }) => done).length;
    this.#total.manifests += taken;
    return { items, more: taken > 0 };
  }

  /** Take blobs that are due out of their repositories. */
  async #takeBlobs(grace: number): Promise<Page<Waiting>> {
    const { catalog, now } = this.#store;
    const before = now() - grace;
    const page = await catalog.unnamed(before, { limit: step });
    const outcomes = await Promise.all(
      page.items.map(({ repository, digest }) =>
        catalog.apply({ kind: "collect-blob", repository, digest, before }),
      ),
    );
    this.#total.blobs += outcomes.filter(({ done }) => done).length;
    return page;
  }

  /** Take bytes that no repository has. What goes wrong is put into `failed`. */
  async #takeBytes(after: Digest | undefined, failed: unknown[]): Promise<Page<UnheldBytes>> {
    const page = await this.#store.catalog.unheld({ after, limit: step });
    const taken = await Promise.allSettled(page.items.map(({ digest }) => this.#take(digest)));
    for (const each of taken) if (each.status === "rejected") failed.push(each.reason);
    return page;
  }

  async #take(digest: Digest): Promise<number | undefined> {
    if (!(await this.#store.catalog.apply({ kind: "doom", digest })).done) return undefined;
    const bytes = await this.#burials.bury(digest);
    if (bytes !== undefined) this.#total.contents++;
    this.#total.bytes += bytes ?? 0;
    return bytes;
  }
}
