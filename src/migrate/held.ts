import { parseConfig } from "../chart/config.ts";
import { buildChartManifest, type ChartParts, chartManifest } from "../chart/manifest.ts";
import { createdOf } from "../chart/moment.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseManifest } from "../oci/manifest.ts";
import type { Reads, StoredManifest } from "../oci/repository.ts";
import { readVerified } from "../oci/verify.ts";
import type { IndexRow } from "./indexRow.ts";
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

/**
 * Whether a manifest is what a row's archive had here under another date: its index has dated it anew since, as `helm repo
 * index` does with all of them each time. The manifest is made again of its config, so no archive is fetched.
 */
export async function isOfAnotherDate(
  held: StoredManifest,
  { digest, created }: Pick<IndexRow, "digest" | "created">,
  reads: Pick<Reads, "blob">,
): Promise<boolean> {
  const chart = heldChart(held);
  if (chart?.created === undefined || chart.created === createdOf(created)) return false;
  if (chart.content.digest !== digest) return false;
  const metadata = parseConfig(await readVerified(await reads.blob(chart.config), chart.config));
  const { manifest } = buildChartManifest({ ...chart, metadata }, "current");
  return manifest.descriptor.digest === held.descriptor.digest;
}
