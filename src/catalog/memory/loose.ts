import type { Digest } from "../../oci/digest.ts";
import type { Waiting } from "../catalog.ts";
import type { PutManifest } from "../command.ts";
import type { Holding, Rows } from "./rows.ts";
import { namesOf } from "./unnamed.ts";

/** Note of manifests whether they are held, after something changed that may hold them; who is not waits from `at`. */
export function settle(holding: Holding, digests: Iterable<Digest>, at: number): void {
  for (const digest of digests)
    if (!holding.manifests.has(digest) || isHeld(holding, digest)) holding.loose.delete(digest);
    else holding.loose.set(digest, at);
}

function isHeld({ manifests, named, tags }: Holding, digest: Digest): boolean {
  const subject = manifests.get(digest)?.subject;
  if (named.has(digest) || (subject !== undefined && manifests.has(subject))) return true;
  return tags.values().some((held) => held === digest);
}

/** What a manifest may hold: what it names, and its referrers. */
export const heldBy = ({ referrers }: Holding, manifest: PutManifest): Digest[] => [
  ...namesOf(manifest),
  ...(referrers.get(manifest.descriptor.digest) ?? []),
];

/** A manifest is there, and listed under its subject. */
export function listReferrer({ referrers }: Holding, { subject, descriptor }: PutManifest): void {
  if (subject === undefined) return;
  referrers.set(subject, (referrers.get(subject) ?? new Set()).add(descriptor.digest));
}

/** It is gone, or has another subject. */
export const unlistReferrer = ({ referrers }: Holding, { subject, descriptor }: PutManifest): void => {
  if (subject !== undefined) referrers.get(subject)?.delete(descriptor.digest);
};

/** Manifests that nothing has held since `before`. */
export const looseOf = ({ repositories }: Rows, before: number): Waiting[] =>
  [...repositories].flatMap(([repository, { loose, manifests }]) =>
    [...loose].flatMap(([digest, since]) => {
      const { size } = manifests.get(digest)!.descriptor;
      return since <= before ? [{ repository, digest, size, since }] : [];
    }),
  );
