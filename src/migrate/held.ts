import { type ChartParts, chartManifest } from "../chart/manifest.ts";
import { createdOf } from "../chart/moment.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseManifest } from "../oci/manifest.ts";
import type { StoredManifest } from "../oci/repository.ts";
import type { Step } from "./plan.ts";

/** What a target's tag holds, as far as it is a chart. */
export interface HeldChart extends ChartParts {
  /** As its annotation says. */
  readonly created: string | undefined;
}

/** A manifest as a chart; undefined when it is another kind of artifact, or broken. */
export function heldChart({ descriptor, bytes }: StoredManifest): HeldChart | undefined {
  try {
    const manifest = parseManifest(bytes, descriptor.mediaType);
    const created = manifest.annotations["org.opencontainers.image.created"];
    return { ...chartManifest(manifest), created };
  } catch (error) {
    if (error instanceof ChartroomError) return undefined;
    throw error;
  }
}

/** Whether a manifest is what a step would push, as far as the index tells: then nothing need be fetched. */
export function isMeant(held: StoredManifest, { row }: Step): boolean {
  const chart = heldChart(held);
  return (
    chart !== undefined && chart.content.digest === row.digest && chart.created === createdOf(row.created)
  );
}
