import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/reference.ts";
import type { Burials } from "./burials.ts";
import { refusing } from "./errors.ts";
import type { Store } from "./store.ts";

/** A blob that a repository is about to have. */
export interface BlobToLink {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** The session that ends with it, where it has one. */
  readonly upload?: string;
}

/**
 * Publish a blob, and give it to its repository. Whoever publishes holds the bytes until they are linked: a collection that
 * takes them in between costs another `publish`.
 * @param publish as `Ingest.commit`
 * @throws RegistryError `digestInvalid` when the bytes have another digest; what blobs and catalog throw
 */
export async function linkBlob(
  { catalog, now }: Pick<Store, "catalog" | "now">,
  burials: Burials,
  { repository, digest, upload }: BlobToLink,
  publish: () => Promise<number>,
): Promise<void> {
  await burials.linked(
    digest,
    () => refusing("not_verified", "digestInvalid", publish),
    async (size, times) => {
      const at = now();
      const link = { kind: "link-blob", repository, digest, size, burials: times, upload, at } as const;
      return (await catalog.apply(link)).done;
    },
  );
}
