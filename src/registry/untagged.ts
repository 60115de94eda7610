import type { Questions } from "../catalog/catalog.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { manifestsOf, parseManifest } from "../oci/manifest.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import type { StoredManifest } from "../oci/repository.ts";
import { everyItem } from "./pages.ts";
import { manifestDigests } from "./scans.ts";

/** A manifest of a repository that no tag leads to. */
export interface Untagged {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

const pageSize = 256;

/**
 * Manifests that no tag leads to: not itself, not by an index that names it, not as a referrer of one that is led to. Nobody may
 * push meanwhile, or a tag that comes late is not seen.
 */
export async function* untaggedManifests(catalog: Questions, signal: AbortSignal): AsyncGenerator<Untagged> {
  const reached = new Set<string>();
  const keyOf = ({ repository, digest }: Untagged) => `${repository}@${digest}`;
  const repositories = everyItem<RepositoryName, string>(
    (after) => catalog.repositories({ after, limit: pageSize }),
    (name) => name,
  );
  for await (const repository of repositories) {
    signal.throwIfAborted();
    for await (const digest of reachedIn(catalog, repository)) reached.add(keyOf({ repository, digest }));
  }
  for await (const digest of manifestDigests(catalog)) {
    signal.throwIfAborted();
    for (const { repository } of (await catalog.manifestRows(digest))?.held ?? [])
      if (!reached.has(keyOf({ repository, digest }))) yield { repository, digest };
  }
}

/** All manifests of a repository that its tags lead to, each once. */
async function* reachedIn(catalog: Questions, repository: RepositoryName): AsyncGenerator<Digest> {
  const seen = new Set<Digest>();
  const tags = everyItem<Tag, string>(
    async (after) =>
      (await catalog.tags(repository, { after, limit: pageSize })) ?? { items: [], more: false },
    (tag) => tag,
  );
  for await (const tag of tags) {
    const digest = await catalog.tag(repository, tag);
    const waiting = digest === undefined ? [] : [digest];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const stored = seen.has(next) ? undefined : await catalog.manifest(repository, next);
      if (stored === undefined) continue;
      seen.add(next);
      yield next;
      waiting.push(...childrenOf(stored));
      const subject = next;
      const referrers = everyItem<Descriptor, Digest>(
        (after) => catalog.referrers(repository, subject, undefined, { after, limit: pageSize }),
        (referrer) => referrer.digest,
      );
      for await (const referrer of referrers) waiting.push(referrer.digest);
    }
  }
}

function childrenOf({ bytes, descriptor }: StoredManifest): Digest[] {
  try {
    return manifestsOf(parseManifest(bytes, descriptor.mediaType)).map(({ digest }) => digest);
  } catch (error) {
    // A check tells of it; here it leads nowhere.
    if (error instanceof ChartroomError) return [];
    throw error;
  }
}
