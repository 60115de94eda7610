import { eachInParallel } from "../oci/parallel.ts";
import { Burials } from "../registry/burials.ts";
import type { Adoption, AdoptionOptions } from "./adoption.ts";
import { adoptBlobs } from "./blobs.ts";
import { adoptManifests } from "./manifests.ts";
import { adoptTags } from "./tags.ts";

/** Repositories that are under way at once. */
const atOnce = 4;

/**
 * Take over every repository of a Distribution: blobs, then manifests, children first, then tags, by the commands of a push. What
 * is here already is left alone, so that a run that was cut short goes on, and the same again moves nothing. One thing that
 * cannot be taken over is told, and stops nothing else.
 * @throws what makes going on useless: the signal's reason, a full or failing disk of ours
 */
export async function adopt(options: AdoptionOptions): Promise<void> {
  const adoption: Adoption = { ...options, burials: new Burials(options.store), coming: new Map() };
  await eachInParallel(adoption.source.repositories(), atOnce, async (repository) => {
    await adoptBlobs(adoption, repository);
    await adoptManifests(adoption, repository);
    await adoptTags(adoption, repository);
    adoption.counts.repositories++;
  });
}
