import type { Executors } from "../command.ts";
import { heldBy, listReferrer, settle, unlistReferrer } from "./loose.ts";
import { holdingOf, openHolding, type Rows } from "./rows.ts";
import { claimBlobs, releaseBlobs } from "./unnamed.ts";

type ManifestCommand = "put-manifest" | "untag" | "delete-manifest" | "use-manifest";

/** The commands about manifests and tags in memory. */
export const manifestExecutors: Pick<Executors<Rows>, ManifestCommand> = {
  "put-manifest": (rows, command) => {
    const { repository, descriptor, tags: names, expect } = command;
    const { digest } = descriptor;
    const { blobs, manifests, tags } = holdingOf(rows, repository);
    const missing = new Set([
      ...command.blobs.map((blob) => blob.digest).filter((blob) => !blobs.has(blob)),
      ...command.manifests.map((manifest) => manifest.digest).filter((manifest) => !manifests.has(manifest)),
    ]);
    if (missing.size > 0) return { done: false, why: "missing", missing: [...missing] };
    for (const tag of names) {
      const holds = tags.get(tag);
      if (expect === "any" || holds === digest) continue;
      if (holds !== (expect === "absent" ? undefined : expect))
        return { done: false, why: "conflict", tag, holds };
    }
    const existed = manifests.has(digest) && names.every((tag) => tags.get(tag) === digest);
    const holding = openHolding(rows, repository);
    const before = holding.manifests.get(digest);
    const at = before?.at ?? command.pushed ?? command.at;
    holding.manifests.set(digest, { ...command, bytes: new Uint8Array(command.bytes), at });
    const lost = names.flatMap((tag) => tags.get(tag) ?? []);
    for (const tag of names) holding.tags.set(tag, digest);
    if (before !== undefined) {
      releaseBlobs(holding, before, command.at);
      unlistReferrer(holding, before);
    }
    claimBlobs(holding, command);
    listReferrer(holding, command);
    // A subject that is put again has no look at its referrers.
    const changed = before?.descriptor.mediaType !== descriptor.mediaType;
    const touched = changed ? [...(before ? heldBy(holding, before) : []), ...heldBy(holding, command)] : [];
    settle(holding, [digest, ...lost, ...touched], command.at);
    return { done: true, existed };
  },

  untag: (rows, { repository, tag, at }) => {
    const holding = holdingOf(rows, repository);
    const held = holding.tags.get(tag);
    if (held === undefined) return { done: false, why: "absent" };
    holding.tags.delete(tag);
    settle(holding, [held], at);
    return { done: true };
  },

  "delete-manifest": (rows, { repository, digest, looseSince, at }) => {
    const holding = holdingOf(rows, repository);
    const found = holding.manifests.get(digest);
    if (found === undefined) return { done: false, why: "absent" };
    const loose = holding.loose.get(digest);
    if (looseSince !== undefined && (loose === undefined || loose > looseSince))
      return { done: false, why: "in-use" };
    holding.manifests.delete(digest);
    for (const [tag, holds] of holding.tags) if (holds === digest) holding.tags.delete(tag);
    releaseBlobs(holding, found, at);
    unlistReferrer(holding, found);
    settle(holding, [digest, ...heldBy(holding, found)], at);
    return { done: true };
  },

  "use-manifest": (rows, { repository, digest, at }) => {
    const { manifests } = holdingOf(rows, repository);
    const used = manifests.get(digest);
    if (used === undefined) return { done: false, why: "absent" };
    manifests.set(digest, { ...used, at: Math.max(used.at, at) });
    return { done: true };
  },
};
