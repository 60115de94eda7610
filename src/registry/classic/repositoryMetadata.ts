import type { Catalog } from "../../catalog/catalog.ts";
import { repositoryMetadataIn, repositoryMetadataTag } from "../../chart/repositoryMetadata.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { giveWay } from "../../oci/giveWay.ts";
import type { RepositoryName } from "../../oci/reference.ts";

/** Repositories looked at before others have a turn: about a millisecond of the thread. */
const atOnce = 100;

/** A file that a repository holds. */
export interface HeldFile {
  readonly repository: RepositoryName;
  readonly file: Descriptor;
}

/**
 * What charts' repositories tell Artifact Hub of their owner, where those that tell anything tell the same: `migrate` brings one
 * file to all of them. A classic repository has one, and where each chart has its own there is none for all.
 */
export async function sharedMetadata(
  catalog: Pick<Catalog, "tag" | "manifest">,
  repositories: readonly RepositoryName[],
): Promise<HeldFile | undefined> {
  const seen = new Set<Digest>();
  let found: HeldFile | undefined;
  for (const [i, repository] of repositories.entries()) {
    if (i % atOnce === atOnce - 1) await giveWay();
    const digest = await catalog.tag(repository, repositoryMetadataTag);
    const stored = digest && !seen.has(digest) && (await catalog.manifest(repository, digest));
    if (!digest || !stored) continue;
    seen.add(digest);
    const file = repositoryMetadataIn(stored);
    if (found !== undefined && file !== undefined && file.digest !== found.file.digest) return undefined;
    if (file !== undefined) found ??= { repository, file };
  }
  return found;
}
