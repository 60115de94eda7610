import { provenanceKind } from "../chart/provenance.ts";
import type { StoredManifest } from "../oci/repository.ts";
import { heldChart } from "./held.ts";
import type { IndexRow } from "./indexRow.ts";
import type { ChartSource } from "./source.ts";

/** The provenance file of the first of a row's places that has one. */
export async function provenanceBeside(
  source: Pick<ChartSource, "places">,
  row: IndexRow,
): Promise<Uint8Array | undefined> {
  for (const place of source.places(row)) {
    const bytes = await place.provenance();
    if (bytes !== undefined && provenanceKind(bytes, new Uint8Array()) !== "absent") return bytes;
  }
  return undefined;
}

/** Whether a chart is held without provenance, and its source has one by now: authors sign what they have published, too. */
export const isSignedSince = async (
  held: StoredManifest,
  source: Pick<ChartSource, "places">,
  row: IndexRow,
): Promise<boolean> =>
  heldChart(held)?.provenance === undefined && (await provenanceBeside(source, row)) !== undefined;
