import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import type { UnheldBytes, Waiting } from "../catalog.ts";
import type { CollectionCommand } from "../collection.ts";
import type { Executors, PutManifest } from "../command.ts";
import { type HeldBlob, type Holding, holdingOf, openHolding, type Rows } from "./rows.ts";

/** The commands of collection in memory. */
export const collectors: Pick<Executors<Rows>, CollectionCommand["kind"]> = {
  "renew-blob": (rows, { repository, digest, at }) => {
    const { blobs } = holdingOf(rows, repository);
    const found = blobs.get(digest);
    if (found === undefined) return { done: false, why: "absent" };
    blobs.set(digest, renewed(found, at));
    return { done: true };
  },

  "collect-blob": (rows, { repository, digest, before }) => {
    const found = holdingOf(rows, repository).blobs.get(digest);
    if (found === undefined) return { done: false, why: "absent" };
    if (found.unnamed === undefined || found.unnamed > before) return { done: false, why: "in-use" };
    forsake(rows, repository, digest);
    return { done: true };
  },

  doom: (rows, { digest }) => {
    if (isHeld(rows, digest)) return { done: false, why: "in-use" };
    rows.unheld.set(digest, true);
    return { done: true };
  },

  bury: (rows, { digest }) => {
    if (!rows.unheld.get(digest)) return { done: true };
    rows.unheld.delete(digest);
    rows.burials.set(digest, burialsOf(rows, digest) + 1);
    return { done: true };
  },
};

/** How often the bytes of a digest were buried. */
export const burialsOf = ({ burials }: Rows, digest: Digest): number => burials.get(digest) ?? 0;

const isHeld = ({ repositories }: Rows, digest: Digest): boolean =>
  repositories.values().some(({ blobs }) => blobs.has(digest));

const renewed = (blob: HeldBlob, at: number): HeldBlob =>
  blob.unnamed === undefined ? blob : { ...blob, unnamed: Math.max(blob.unnamed, at) };

/** Whether a manifest of a repository names a blob. */
export const isNamed = ({ named }: Holding, digest: Digest): boolean => named.has(digest);

/** What a manifest names, each once. */
export const namesOf = ({ blobs, optional, manifests }: PutManifest): ReadonlySet<Digest> =>
  new Set([...blobs, ...optional, ...manifests].map(({ digest }) => digest));

/** Put a blob into a repository, or see it there once more. */
export function linkBlob(
  rows: Rows,
  repository: RepositoryName,
  digest: Digest,
  size: number,
  at: number,
): void {
  const holding = openHolding(rows, repository);
  const found = holding.blobs.get(digest) ?? {
    size,
    unnamed: isNamed(holding, digest) ? undefined : at,
  };
  holding.blobs.set(digest, renewed(found, at));
  rows.unheld.delete(digest);
}

/** Take a blob out of a repository. When no other has it, its bytes have lost their last holder. */
export function forsake(rows: Rows, repository: RepositoryName, digest: Digest): void {
  holdingOf(rows, repository).blobs.delete(digest);
  if (!isHeld(rows, digest)) rows.unheld.set(digest, false);
}

/** The blobs that a manifest names wait for no collection, once it is there. */
export function claimBlobs({ blobs, named }: Holding, manifest: PutManifest): void {
  for (const digest of namesOf(manifest)) {
    named.set(digest, (named.get(digest) ?? 0) + 1);
    const found = blobs.get(digest);
    if (found !== undefined) blobs.set(digest, { ...found, unnamed: undefined });
  }
}

/** The blobs that only this manifest named wait from `at`, once it is gone. */
export function releaseBlobs(holding: Holding, manifest: PutManifest, at: number): void {
  for (const digest of namesOf(manifest)) {
    const others = (holding.named.get(digest) ?? 0) - 1;
    if (others > 0) holding.named.set(digest, others);
    else holding.named.delete(digest);
    const found = holding.blobs.get(digest);
    if (found !== undefined && others <= 0) holding.blobs.set(digest, { ...found, unnamed: at });
  }
}

/** Blobs that wait for collection since `before`. */
export const unnamedOf = ({ repositories }: Rows, before: number): Waiting[] =>
  [...repositories].flatMap(([repository, { blobs }]) =>
    [...blobs].flatMap(([digest, { size, unnamed }]) =>
      unnamed !== undefined && unnamed <= before ? [{ repository, digest, size, since: unnamed }] : [],
    ),
  );

/** Contents that no repository has any more. */
export const unheldOf = ({ unheld }: Rows): UnheldBytes[] =>
  [...unheld].map(([digest, doomed]) => ({ digest, doomed }));

/** Their order, as a key: longest first. */
export const waitingOrder = ({ since, repository, digest }: Waiting): string =>
  `${String(since).padStart(16, "0")} ${repository} ${digest}`;
