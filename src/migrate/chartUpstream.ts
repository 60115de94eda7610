import { createdOf } from "../chart/moment.ts";
import { packForPush } from "../chart/packed.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { type RepositoryName, type Tag, tryTag } from "../oci/reference.ts";
import type { StoredManifest } from "../oci/repository.ts";
import type { Found, Upstream } from "../oci/upstream.ts";
import { referenceOf } from "./elsewhere.ts";
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
    if (tag === undefined || row === undefined) return undefined;
    if (kept !== undefined && isStill(kept, row)) return { manifest: kept };
    const { source, turn, openings, read, home, registry } = this.#site;
    const elsewhere = referenceOf(home, row);
    if (elsewhere !== undefined)
      return inRegistry(registry(elsewhere), elsewhere.digest ?? elsewhere.tag ?? tag, row);
    const { manifest, source: parts } = await turn(async () =>
      packForPush(
        await takeChart(source, row, { onMismatch: "fail", openings, read }),
        createdOf(row.created),
      ),
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

/** A chart that the index says to be in a registry: as it is there, if its archive is the one that the index means. */
async function inRegistry(
  upstream: Upstream,
  name: Tag | Digest,
  { name: chart, version, digest }: IndexRow,
): Promise<Found | undefined> {
  const found = await upstream.find(name, undefined);
  const held = found && heldChart(found.manifest);
  if (found === undefined) return undefined;
  const refuse = (code: "invalid" | "not_verified", why: string) =>
    new ChartroomError(code, `${chart} ${version} is in a registry, ${why}`);
  if (held === undefined) throw refuse("invalid", "and no chart there");
  if (digest !== undefined && held.content.digest !== digest)
    throw refuse("not_verified", `with the archive ${held.content.digest}, not ${digest}`);
  return { manifest: found.manifest, parts: upstream };
}

const isStill = (kept: StoredManifest, { digest }: IndexRow): boolean =>
  digest === undefined || heldChart(kept)?.content.digest === digest;
