import type { Collected } from "../../../registry/collector.ts";
import type { Told } from "./job.ts";
import type { Owned } from "./owned.ts";

/** How to collect. */
export interface CollectOptions {
  /** Only tell what would go. */
  readonly dryRun: boolean;
  /** Without the grace period: with it what a push under way has brought stays. */
  readonly now: boolean;
  /** Manifests, too, that no tag, no index and no subject holds; else as the rules say. */
  readonly deleteUntagged: boolean;
}

/**
 * Collect what nothing names any more; or tell each thing, when it is only to be told.
 * @throws ChartroomError `busy` while a backup is under way; the signal's reason
 */
export async function collect(
  { grace, store, registry }: Owned,
  { dryRun, now, deleteUntagged }: CollectOptions,
  tell: (told: Told) => void,
  signal: AbortSignal,
): Promise<Collected> {
  const wait = now ? 0 : grace;
  const untagged = deleteUntagged || store.rules?.untagged;
  if (!dryRun) return registry.collector.run(wait, untagged, signal);
  const would = { manifests: 0, blobs: 0, contents: 0, bytes: 0 };
  const moment = store.now();
  for await (const candidate of registry.collector.explain(wait, moment + wait, untagged)) {
    signal.throwIfAborted();
    tell({ candidate });
    if (candidate.kind !== "bytes" && candidate.due > moment) continue;
    if (candidate.kind === "manifest") would.manifests++;
    if (candidate.kind === "blob") would.blobs++;
    if (candidate.kind === "manifest" || (candidate.kind === "blob" && !candidate.last)) continue;
    would.contents++;
    would.bytes += candidate.size;
  }
  return would;
}
