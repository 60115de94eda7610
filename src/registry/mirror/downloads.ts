import type { BlobInfo } from "../../blobs/blobs.ts";
import { type Digest, digestOf, hexOf } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import type { Burials } from "../burials.ts";
import type { Store } from "../store.ts";
import { Download, type Source } from "./download.ts";

/** The downloads from one upstream that are under way: one for each digest, however many ask, in whatever repository. */
export class Downloads {
  readonly #store: Store;
  readonly #mark: string;
  readonly #failed: (error: unknown) => void;
  readonly #burials: Burials;
  readonly #underWay = new Map<Digest, Download>();

  /**
   * @param prefix of the mirror, which tells its sessions from those of other mirrors
   * @param failed is told what a download fails with
   */
  constructor(store: Store, burials: Burials, prefix: string, failed: (error: unknown) => void) {
    this.#failed = failed;
    this.#store = store;
    this.#mark = hexOf(digestOf(new TextEncoder().encode(prefix))).slice(0, 8);
    this.#burials = burials;
  }

  /** The download of a digest, if there is one. */
  find(digest: Digest): Download | undefined {
    return this.#underWay.get(digest);
  }

  /** The download of a blob: the one that is under way, else a new one out of `source` into `repository`. */
  take(repository: RepositoryName, blob: BlobInfo, source: Source): Download {
    const underWay = this.#underWay.get(blob.digest);
    if (underWay !== undefined) return underWay;
    const download = new Download(this.#store, this.#burials, {
      session: `mirror-${this.#mark}-${blob.digest.replace(":", "-")}`,
      repository,
      blob,
      source,
    });
    this.#underWay.set(blob.digest, download);
    download.done.catch((error) => this.#failed(error)).finally(() => this.#underWay.delete(blob.digest));
    return download;
  }

  /** Wait until none is under way. Who wants that soon ends their sources first. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#underWay.values()].map(({ done }) => done));
  }
}
