import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { manifestsOf, parseManifest } from "../oci/manifest.ts";
import { manifestLimit, mediaTypes } from "../oci/mediaTypes.ts";
import type { RepositoryName } from "../oci/reference.ts";
import type { StoredManifest } from "../oci/repository.ts";
import { verifyBytes } from "../oci/verify.ts";
import { RegistryError } from "../registry/errors.ts";
import { describeManifest, putManifest } from "../registry/manifests.ts";
import { type Adoption, eachPart } from "./adoption.ts";
import { storedMediaType } from "./mediaType.ts";

/** A manifest as it lies there, and when it was pushed, ms since 1970. */
interface Found extends StoredManifest {
  readonly pushed: number;
}

const indexTypes: ReadonlySet<string> = new Set([mediaTypes.index, mediaTypes.dockerManifestList]);

/** Take over the manifests of a repository, whose blobs are over: first those that name no others, then indexes. */
export async function adoptManifests(adoption: Adoption, repository: RepositoryName): Promise<void> {
  const indexes = new Map<Digest, Promise<void> | undefined>();
  const each = (parts: AsyncIterable<Digest>, work: (digest: Digest) => Promise<void>) =>
    eachPart(adoption, repository, "manifest", parts, work);

  await each(adoption.source.revisions(repository), async (digest) => {
    if ((await adoption.store.catalog.manifest(repository, digest)) !== undefined) {
      adoption.counts.manifests.present++;
      return;
    }
    const found = await find(adoption, repository, digest);
    if (found === undefined) return;
    if (indexTypes.has(found.descriptor.mediaType)) indexes.set(digest, undefined);
    else await put(adoption, repository, found);
  });

  /** An index after the indexes in it, each once. A circle would be one of digests, and there is none. */
  const adoptIndex = async (digest: Digest): Promise<void> => {
    const found = await find(adoption, repository, digest);
    if (found === undefined) return;
    // What is wrong with a child is told where the child is at.
    for (const child of manifestsOf(parseManifest(found.bytes, found.descriptor.mediaType)))
      if (indexes.has(child.digest)) await once(child.digest).catch(() => {});
    await put(adoption, repository, found);
  };
  const once = (digest: Digest): Promise<void> => {
    const work = indexes.get(digest) ?? adoptIndex(digest);
    indexes.set(digest, work);
    return work;
  };
  await each(asynchronous([...indexes.keys()]), once);
}

async function* asynchronous<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/**
 * A manifest of the old registry, its bytes verified; undefined when it was deleted, and when it is told that it is left out.
 * @throws ChartroomError `not_verified`, `invalid`; node's errors
 */
async function find(
  { source, found }: Adoption,
  repository: RepositoryName,
  digest: Digest,
): Promise<Found | undefined> {
  const link = await source.revision(repository, digest);
  if (link === undefined) return undefined;
  const leaveOut = (why: string) =>
    found({ status: "left-out", repository, what: `manifest ${digest}`, why });
  const file = await source.blob(link);
  if (file === undefined) return void leaveOut("its bytes are gone");
  if (file.size > manifestLimit)
    throw new ChartroomError(
      "invalid",
      `It has ${file.size} bytes, and a manifest has ${manifestLimit} at most`,
    );
  const bytes = await source.read(file);
  verifyBytes(bytes, { mediaType: "", digest, size: file.size });
  const mediaType = storedMediaType(bytes);
  if (mediaType === undefined) return void leaveOut("it is of Docker's schema 1: push the image again");
  const descriptor = { ...(await describeManifest(bytes, mediaType)), digest };
  return { descriptor, bytes, pushed: await source.pushed(repository, digest) };
}

/** Put a manifest. What it names and is not there, as it was not there either, it may lack. */
async function put(
  { store, counts, found }: Adoption,
  repository: RepositoryName,
  { descriptor, bytes, pushed }: Found,
): Promise<void> {
  const given = (acceptMissing: boolean) =>
    putManifest({ ...store, rules: { acceptMissing } }, repository, descriptor, bytes, {
      tags: [],
      expect: "any",
      pushed,
    });
  try {
    await given(false);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.fault !== "manifestBlobUnknown") throw error;
    await given(true);
    const missing = error.details.flatMap((detail) => ("digest" in detail ? [String(detail.digest)] : []));
    const [first] = missing;
    const why = `without ${missing.length === 1 ? first : `${first} and ${missing.length - 1} more that it names`}`;
    found({ status: "incomplete", repository, what: `manifest ${descriptor.digest}`, why });
  }
  counts.manifests.adopted++;
}
