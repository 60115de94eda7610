import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import type { Outcome, UseManifest } from "../command.ts";
import { packDigest, unpackDigest } from "./packed.ts";
import type { Sql } from "./sql.ts";

/** Note a use. An earlier one than is known changes nothing. */
export function useManifest(sql: Sql, { repository, digest, at }: UseManifest): Outcome<UseManifest> {
  const noted = sql.run(
    `UPDATE manifest SET used = max(coalesce(used, 0), ?)
      WHERE repository = (SELECT id FROM repository WHERE name = ?)
        AND content = (SELECT id FROM content WHERE digest = ?)`,
    at,
    repository,
    packDigest(digest),
  );
  return noted > 0 ? { done: true } : { done: false, why: "absent" };
}

/** Manifests of a repository that neither came nor were used since `before`, at most `limit`. */
export function unusedManifests(
  sql: Sql,
  repository: RepositoryName,
  before: number,
  limit: number,
): Digest[] {
  const rows = sql.all<{ digest: Uint8Array }>(
    `SELECT content.digest FROM repository
      JOIN manifest ON manifest.repository = repository.id
      JOIN content ON content.id = manifest.content
      WHERE repository.name = ? AND max(pushed, coalesce(used, 0)) < ? LIMIT ?`,
    repository,
    before,
    limit,
  );
  return rows.map(({ digest }) => unpackDigest(digest));
}
