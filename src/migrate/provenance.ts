import { provenanceKind } from "../chart/provenance.ts";
import type { Digest } from "../oci/digest.ts";
import type { StoredManifest } from "../oci/repository.ts";
import { heldChart } from "./held.ts";
import type { ArchivePlace } from "./source.ts";

/** A provenance file out of a source. */
export interface FoundProvenance {
  readonly bytes: Uint8Array;
  /** Whether it names another archive than the one that it stands beside: it is no signature of that. */
  readonly isStale: boolean;
}

/**
 * The provenance file of an archive out of its places: one that names it before one that does not. A place that fails is passed by
 * where another answers, since of several one is often gone.
 * @param from the place that the archive came from; its failure counts, or a signature would be lost in silence
 * @throws what the last place failed with, where none answered
 */
export async function findProvenance(
  places: readonly ArchivePlace[],
  archive: Digest,
  from?: ArchivePlace,
): Promise<FoundProvenance | undefined> {
  const others = places.filter((each) => each !== from);
  const failures: unknown[] = [];
  let stale: FoundProvenance | undefined;
  for (const place of from === undefined ? others : [from, ...others]) {
    try {
      const bytes = await place.provenance();
      const kind = bytes === undefined ? "absent" : provenanceKind(bytes, archive);
      if (bytes === undefined || kind === "absent") continue;
      if (kind === "signed") return { bytes, isStale: false };
      stale ??= { bytes, isStale: true };
    } catch (error) {
      if (place === from) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0 && failures.length === places.length) throw failures.at(-1);
  return stale;
}

/** Whether a chart is held without provenance, and its source has its by now: authors sign what they have published, too. */
export async function isSignedSince(held: StoredManifest, places: readonly ArchivePlace[]): Promise<boolean> {
  const chart = heldChart(held);
  if (chart === undefined || chart.provenance !== undefined) return false;
  return (await findProvenance(places, chart.content.digest))?.isStale === false;
}
