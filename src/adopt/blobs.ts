import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/reference.ts";
import { type Adoption, eachPart } from "./adoption.ts";

/** Take over the blobs of a repository. */
export async function adoptBlobs(adoption: Adoption, repository: RepositoryName): Promise<void> {
  const { source, store, counts, coming } = adoption;
  await eachPart(adoption, repository, "blob", source.layers(repository), async (digest) => {
    if ((await store.catalog.blob(repository, digest)) !== undefined) {
      counts.blobs.present++;
      return;
    }
    const link = await source.layer(repository, digest);
    if (link === undefined) return;
    // Who waits here finds it in another repository, unless it failed there.
    while (coming.has(digest)) await coming.get(digest)?.catch(() => {});
    const work = take(adoption, repository, digest, link);
    coming.set(digest, work);
    await work.finally(() => coming.delete(digest));
  });
}

/** @param kept what the bytes are kept under there */
async function take(
  adoption: Adoption,
  repository: RepositoryName,
  digest: Digest,
  kept: Digest,
): Promise<void> {
  if (await mounted(adoption, repository, digest)) adoption.counts.blobs.adopted++;
  else await brought(adoption, repository, digest, kept);
}

/** Take a blob over from another repository that has it already: its bytes are here, and were verified. */
async function mounted({ store }: Adoption, repository: RepositoryName, digest: Digest): Promise<boolean> {
  const { catalog, now } = store;
  const [from] = await catalog.repositoriesWithBlob(digest, 1);
  if (from === undefined) return false;
  return (await catalog.apply({ kind: "mount-blob", repository, from, digest, at: now() })).done;
}

async function brought(
  { source, store, burials, bring, counts }: Adoption,
  repository: RepositoryName,
  digest: Digest,
  kept: Digest,
): Promise<void> {
  const file = await source.blob(kept);
  if (file === undefined) {
    counts.stale++;
    return;
  }
  const { publish, discard } = await bring(digest, file);
  try {
    await burials.linked(digest, publish, async (size, buried) => {
      const link = { repository, digest, size, burials: buried, at: store.now() } as const;
      return (await store.catalog.apply({ kind: "link-blob", ...link })).done;
    });
  } catch (error) {
    // The first error is the one to tell.
    await discard().catch(() => {});
    throw error;
  }
  await discard();
  counts.blobs.adopted++;
  counts.bytes += file.size;
}
