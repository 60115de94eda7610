import type { RepositoryName } from "../../oci/reference.ts";
import type { Burials } from "../burials.ts";
import { everyItem } from "../pages.ts";
import type { Store } from "../store.ts";
import { Mirror, type MirrorCounts, type MirrorSource } from "./mirror.ts";

/** Which repositories of a registry are mirrors. */
export class Mirrors {
  readonly counts: MirrorCounts = {
    requests: { blob: 0, manifest: 0 },
    hits: { blob: 0, manifest: 0 },
    pulled: { blob: 0, manifest: 0 },
    stale: 0,
    failures: 0,
  };
  readonly #store: Store;
  /** Longest prefix first. */
  readonly #mirrors: readonly { readonly prefix: string; readonly mirror: Mirror }[];

  /** @param report is told what upstreams fail with */
  constructor(
    sources: readonly MirrorSource[],
    store: Store,
    { burials, report }: { burials: Burials; report: (error: unknown) => void },
  ) {
    this.#store = store;
    const { counts } = this;
    this.#mirrors = sources
      .map((source) => {
        const covers = (name: RepositoryName) => this.of(name) === mirror;
        const mirror: Mirror = new Mirror(source, store, { burials, counts, covers, report });
        return { prefix: source.prefix, mirror };
      })
      .sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** The mirror that a repository belongs to; undefined where it is an ordinary one. */
  of(name: RepositoryName): Mirror | undefined {
    return this.#mirrors.find(({ prefix }) => prefix === "" || name.startsWith(`${prefix}/`))?.mirror;
  }

  /** Let go of what was not used for too long. */
  async sweep(): Promise<void> {
    if (!this.#mirrors.some(({ mirror }) => mirror.expiry !== undefined)) return;
    const { catalog } = this.#store;
    const names = everyItem<RepositoryName, string>(
      (after) => catalog.repositories({ after, limit: 100 }),
      (name) => name,
    );
    for await (const name of names) await this.of(name)?.expiry?.sweep(name);
  }

  /** Wait for what is under way. */
  async close(): Promise<void> {
    await Promise.all(this.#mirrors.map(({ mirror }) => mirror.downloads.settled()));
  }
}
