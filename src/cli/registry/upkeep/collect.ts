import { ChartroomError } from "../../../oci/errors.ts";
import type { Collected } from "../../../registry/collector.ts";
import { untaggedManifests } from "../../../registry/untagged.ts";
import type { Told } from "./job.ts";
import type { Owned } from "./owned.ts";

/** How to collect. */
export interface CollectOptions {
  /** Only tell what would go. */
  readonly dryRun: boolean;
  /** Without the grace period: with it what a push under way has brought stays. */
  readonly now: boolean;
  /** First delete the manifests that no tag leads to. */
  readonly deleteUntagged: boolean;
}

/** What a collection took, or would. */
export interface Collection extends Collected {
  /** Manifests that no tag led to. */
  readonly manifests: number;
}

/**
 * Collect what nothing names any more, and tell each thing beforehand when it is only to be told.
 * @throws ChartroomError `conflict` when manifests are to be deleted while somebody may tag them, `busy` while a backup is
 *   under way
 */
export async function collect(
  { alone, grace, store, registry }: Owned,
  { dryRun, now, deleteUntagged }: CollectOptions,
  tell: (told: Told) => void,
  signal: AbortSignal,
): Promise<Collection> {
  if (deleteUntagged && !alone)
    throw new ChartroomError(
      "conflict",
      "Cannot delete untagged manifests while the registry serves: somebody may just be tagging one",
      {
        hint: "Stop the registry for that, or delete manifests by their digest: chartroom delete NAME@DIGEST.",
      },
    );
  let manifests = 0;
  if (deleteUntagged)
    for await (const untagged of untaggedManifests(store.catalog, signal)) {
      manifests++;
      tell({ untagged });
      if (!dryRun) await registry.repository(untagged.repository).delete(untagged.digest);
    }
  const wait = now ? 0 : grace;
  if (!dryRun) return { ...(await registry.collector.run(wait)), manifests };
  const would = { blobs: 0, contents: 0, bytes: 0 };
  const moment = store.now();
  for await (const candidate of registry.collector.explain(wait, moment + wait)) {
    signal.throwIfAborted();
    tell({ candidate });
    if (candidate.kind === "blob" && candidate.due > moment) continue;
    if (candidate.kind === "blob") would.blobs++;
    if (candidate.kind === "blob" && !candidate.last) continue;
    would.contents++;
    would.bytes += candidate.size;
  }
  return { ...would, manifests };
}
