import type { Descriptor } from "../../oci/descriptor.ts";
import type { PutManifest } from "../command.ts";
import { type Id, intern } from "./ids.ts";
import { packDigest } from "./packed.ts";
import type { Sql } from "./sql.ts";
import { claimBlob, releaseBlobs } from "./unnamed.ts";

/** What a manifest names, and how it is listed where it names a subject. */
export type Named = Pick<PutManifest, "descriptor" | "subject" | "artifactType" | "annotations" | "at"> & {
  /** Blobs, and the manifests of an index. */
  readonly named: readonly Descriptor[];
};

/**
 * Write the rows of what a manifest names, which follow from its bytes and media type.
 * @param anew whether there are some from before, which go
 */
export function storeNamed(sql: Sql, repository: Id, manifest: Id, named: Named, anew: boolean): void {
  if (anew) {
    releaseBlobs(sql, repository, manifest, named.at);
    sql.run("DELETE FROM edge WHERE repository = ? AND manifest = ?", repository, manifest);
    sql.run("DELETE FROM referrer WHERE repository = ? AND manifest = ?", repository, manifest);
  }
  for (const digest of new Set(named.named.map((each) => each.digest))) {
    const content = intern(sql, digest);
    sql.run("INSERT INTO edge (repository, manifest, blob) VALUES (?, ?, ?)", repository, manifest, content);
    claimBlob(sql, repository, content);
  }
  storeReferrer(sql, repository, manifest, named);
}

/** A manifest that names a subject is listed as its referrer; the subject may come later, or never. */
function storeReferrer(sql: Sql, repository: Id, manifest: Id, named: Named): void {
  const { subject, descriptor, artifactType, annotations } = named;
  if (subject === undefined) return;
  sql.run(
    `INSERT INTO referrer (repository, subject, digest, manifest, artifact_type, annotations)
      VALUES (?, ?, ?, ?, ?, ?)`,
    repository,
    intern(sql, subject),
    packDigest(descriptor.digest),
    manifest,
    artifactType ?? null,
    JSON.stringify(annotations),
  );
}
