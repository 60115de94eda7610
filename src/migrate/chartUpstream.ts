import { createdOf } from "../chart/moment.ts";
import { packForPush } from "../chart/packed.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { type RepositoryName, type Tag, tryTag } from "../oci/reference.ts";
import type { StoredManifest } from "../oci/repository.ts";
import type { Found, Upstream } from "../oci/upstream.ts";
import { heldChart } from "./held.ts";
import type { IndexRow } from "./indexRow.ts";
import type { MirroredSite } from "./mirroredSite.ts";
import { takeChart } from "./take.ts";

/**
 * A chart of a classic repository as the upstream of a mirror: its versions are tags, and what a tag names is made of the archive
 * that the index means, as `migrate` makes it. Nobody there knows digests of manifests: one that is not kept is not found.
 */
export class ChartUpstream implements Upstream {
  readonly #site: MirroredSite;
  readonly #repository: RepositoryName;

  /** @param repository as `migrate` calls the chart */
  constructor(site: MirroredSite, repository: RepositoryName) {
    this.#site = site;
    this.#repository = repository;
  }

  /** What is kept is right for as long as the index means the same archive: its date alone moves no digest. */
  async find(name: Tag | Digest, kept: StoredManifest | undefined): Promise<Found | undefined> {
    const tag = tryTag(name);
    const row = tag && (await this.#site.row(this.#repository, tag));
    if (row === undefined) return undefined;
    if (kept !== undefined && isStill(kept, row)) return { manifest: kept };
    const { source, turn, openings } = this.#site;
    const { manifest, source: parts } = await turn(async () =>
      packForPush(await takeChart(source, row, { onMismatch: "fail", openings }), createdOf(row.created)),
    );
    return { manifest, parts };
  }

  /** Blobs come with their manifest, or were never heard of. */
  async stat(): Promise<undefined> {}

  async blob({ digest }: Descriptor): Promise<never> {
    throw new ChartroomError("not_found", `Blob not found: ${digest}`);
  }

  tags(): Promise<readonly Tag[] | undefined> {
    return this.#site.tags(this.#repository);
  }

  async *referrers(): AsyncGenerator<never> {}
}

const isStill = (kept: StoredManifest, { digest }: IndexRow): boolean =>
  digest === undefined || heldChart(kept)?.content.digest === digest;
