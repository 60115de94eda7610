import type { Executors } from "../command.ts";
import type { MendingCommand } from "../mending.ts";
import { heldBy, listReferrer, settle, unlistReferrer } from "./loose.ts";
import { holdingOf, type Rows } from "./rows.ts";
import { claimBlobs, forsake, releaseBlobs } from "./unnamed.ts";

/** The commands of a repair in memory. */
export const menders: Pick<Executors<Rows>, MendingCommand["kind"]> = {
  "lose-blob": (rows, { digest }) => {
    const repositories = [...rows.repositories].filter(([, { blobs }]) => blobs.has(digest));
    const names = repositories.map(([name]) => name).sort();
    if (names.length === 0) return { done: false, why: "absent" };
    for (const name of names) forsake(rows, name, digest);
    rows.unheld.set(digest, true);
    return { done: true, repositories: names };
  },

  "restate-manifest": (rows, command) => {
    const { repository, descriptor, at } = command;
    const holding = holdingOf(rows, repository);
    const found = holding.manifests.get(descriptor.digest);
    if (found === undefined) return { done: false, why: "absent" };
    const { named, subject, artifactType, annotations } = command;
    const names = { blobs: [], optional: named, manifests: [] };
    const restated = { ...found, ...names, subject, artifactType, annotations };
    holding.manifests.set(descriptor.digest, restated);
    releaseBlobs(holding, found, at);
    unlistReferrer(holding, found);
    claimBlobs(holding, restated);
    listReferrer(holding, restated);
    settle(holding, [descriptor.digest, ...heldBy(holding, found), ...heldBy(holding, restated)], at);
    return { done: true };
  },
};
