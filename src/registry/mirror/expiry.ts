import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import type { Store } from "../store.ts";

/** A use is written down once in this part of the time that things are kept: no pull waits for that. */
const part = 1 / 8;
/** So many uses are remembered, to be written once; what is forgotten is written again. */
const notedLimit = 50_000;
/** Manifests that are let go of at once. */
const atOnce = 100;

/** Lets go of what a mirror keeps and nobody asks for. */
export class Expiry {
  readonly #store: Store;
  readonly #ttl: number;
  readonly #noted = new Map<string, number>();

  /** @param ttl after how long without use, in ms */
  constructor(store: Store, ttl: number) {
    this.#store = store;
    this.#ttl = ttl;
  }

  /** Somebody asked for a manifest that is kept. One that is taken for unused all the same is fetched once more. */
  used(repository: RepositoryName, digest: Digest): void {
    const { catalog, now } = this.#store;
    const key = `${repository} ${digest}`;
    const at = now();
    if (at - (this.#noted.get(key) ?? Number.NEGATIVE_INFINITY) < this.#ttl * part) return;
    if (this.#noted.size >= notedLimit) this.#noted.clear();
    this.#noted.set(key, at);
    catalog.apply({ kind: "use-manifest", repository, digest, at }).catch(() => this.#noted.delete(key));
  }

  /** Delete the manifests of a repository that were not used for too long; their blobs are collected like any others. */
  async sweep(repository: RepositoryName): Promise<void> {
    const { catalog, now } = this.#store;
    const before = now() - this.#ttl;
    for (;;) {
      const unused = await catalog.unusedManifests(repository, before, atOnce);
      for (const digest of unused)
        await catalog.apply({ kind: "delete-manifest", repository, digest, at: now() });
      if (unused.length < atOnce) return;
    }
  }
}
