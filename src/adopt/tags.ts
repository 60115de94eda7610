import type { RepositoryName } from "../oci/reference.ts";
import { RegistryError } from "../registry/errors.ts";
import { putManifest } from "../registry/manifests.ts";
import { type Adoption, eachPart } from "./adoption.ts";

/**
 * Take over the tags of a repository, whose manifests are over. Those under which clients keep lists of referrers are tags like
 * the others: clients that look for such a list find it as before.
 */
export async function adoptTags(adoption: Adoption, repository: RepositoryName): Promise<void> {
  const { source, store, counts, force, found } = adoption;
  await eachPart(adoption, repository, "tag", source.tags(repository), async (tag) => {
    const tell = (status: "left-out" | "conflict", why: string) =>
      found({ status, repository, what: `tag ${tag}`, why });
    const named = await source.tag(repository, tag);
    if (named === undefined) return tell("left-out", "it names nothing");
    const held = await store.catalog.tag(repository, tag);
    if (held === named) {
      counts.tags.present++;
      return;
    }
    const stored = await store.catalog.manifest(repository, named);
    if (stored === undefined) return tell("left-out", `it names ${named}, which is not there`);
    try {
      const to = { tags: [tag], expect: force ? "any" : "absent" } as const;
      // Whether the manifest may lack something was decided when it came.
      const rules = { acceptMissing: true };
      await putManifest({ ...store, rules }, repository, stored.descriptor, stored.bytes, to);
      counts.tags.adopted++;
    } catch (error) {
      if (!(error instanceof RegistryError) || error.fault !== "tagTaken") throw error;
      tell("conflict", `it names ${named} there, and ${held ?? "something else"} here`);
    }
  });
}
