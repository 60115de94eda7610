import type { Descriptor } from "../../oci/descriptor.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { manifestsOf, parseManifest } from "../../oci/manifest.ts";
import { type Id, intern } from "./ids.ts";
import type { Sql } from "./sql.ts";

/**
 * An edge leads to all that a manifest names, manifests too; those of indexes that are there are read out of their bytes. What
 * nothing holds at the upgrade waits from then on.
 */
export function looseManifests(sql: Sql): void {
  nameManifests(sql);
  sql.script(loose);
}

/**
 * By the parser that took them: SQLite's own knows no BOM and no depth above a thousand, and of a name that stands twice it takes
 * the first value, which nobody looked at.
 */
function nameManifests(sql: Sql): void {
  const indexes = sql.all<{ repository: Id; content: Id; mediaType: string }>(
    `SELECT repository, content, media_type AS mediaType FROM manifest WHERE media_type IN
      ('application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json')`,
  );
  for (const { repository, content, mediaType } of indexes) {
    const { bytes } = sql.one<{ bytes: Uint8Array }>("SELECT bytes FROM body WHERE content = ?", content)!;
    for (const { digest } of manifestsIn(bytes, mediaType))
      sql.run(
        "INSERT OR IGNORE INTO edge (repository, manifest, blob) VALUES (?, ?, ?)",
        repository,
        content,
        intern(sql, digest),
      );
  }
}

/** What an index names. One that cannot be read any more keeps nobody from starting: `registry check` names it. */
function manifestsIn(bytes: Uint8Array, mediaType: string): readonly Descriptor[] {
  try {
    return manifestsOf(parseManifest(bytes, mediaType));
  } catch (error) {
    if (error instanceof ChartroomError) return [];
    throw error;
  }
}

const loose = `
  -- ms since 1970: since when no tag, no index and no subject of the repository holds the manifest; NULL while one does
  ALTER TABLE manifest ADD COLUMN loose INTEGER;
  UPDATE manifest SET loose = CAST(unixepoch('subsec') * 1000 AS INTEGER)
    WHERE NOT EXISTS (SELECT 1 FROM tag WHERE tag.repository = manifest.repository AND tag.manifest = manifest.content)
      AND NOT EXISTS (SELECT 1 FROM edge WHERE edge.repository = manifest.repository AND edge.blob = manifest.content)
      AND NOT EXISTS (SELECT 1 FROM referrer
        JOIN manifest AS subject ON subject.repository = referrer.repository AND subject.content = referrer.subject
        WHERE referrer.repository = manifest.repository AND referrer.manifest = manifest.content);
  CREATE INDEX manifest_by_loose ON manifest (loose) WHERE loose IS NOT NULL;
`;
