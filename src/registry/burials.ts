import type { Digest } from "../oci/digest.ts";
import type { Store } from "./store.ts";

/**
 * The way of bytes that no repository has any more: doomed in the catalog, then removed, then buried in the catalog. No push
 * is answered on bytes that are about to go, or that went after it had published them: the catalog refuses such a link, and
 * the push buries them first and publishes again. One burial of a digest at a time, and only of what is doomed: a removal
 * that came late would take what was just published.
 */
export class Burials {
  readonly #store: Store;
  readonly #underWay = new Map<Digest, Promise<number | undefined>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Remove the bytes of a digest if it is doomed, or wait for whoever is at it.
   * @param away takes the bytes away; unsaid, they are removed
   * @returns bytes that were freed; undefined where nothing was there
   * @throws what blobs and catalog throw; the digest stays doomed then, and the same again goes on
   */
  bury(
    digest: Digest,
    away: () => Promise<unknown> = () => this.#store.blobs.remove(digest),
  ): Promise<number | undefined> {
    let underWay = this.#underWay.get(digest);
    if (underWay === undefined) {
      underWay = this.#bury(digest, away).finally(() => this.#underWay.delete(digest));
      this.#underWay.set(digest, underWay);
    }
    return underWay;
  }

  /**
   * Publish bytes and have them linked, again as often as they went in between.
   * @param link is told what `publish` gave, and how often the digest had been buried before; gives whether it was taken
   */
  async linked<T>(
    digest: Digest,
    publish: () => Promise<T>,
    link: (published: T, burials: number) => Promise<boolean>,
  ): Promise<void> {
    for (;;) {
      const burials = await this.#store.catalog.burials(digest);
      if (await link(await publish(), burials)) return;
      await this.bury(digest);
    }
  }

  async #bury(digest: Digest, away: () => Promise<unknown>): Promise<number | undefined> {
    const { blobs, catalog } = this.#store;
    if (!(await catalog.unheldBytes(digest))?.doomed) return undefined;
    const size = await blobs.stat(digest);
    await away();
    await catalog.apply({ kind: "bury", digest });
    return size;
  }
}
