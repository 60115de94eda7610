import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import type { Page, PageRequest } from "../page.ts";
import type { BlobRow, ManifestRows, ReferrerRow, Scans } from "../scans.ts";
import { packDigest, unpackDigest } from "./packed.ts";
import type { Sql } from "./sql.ts";

/** The scans of an SQLite database. */
export const scansOver = (sql: Sql): Scans => ({
  blobs: async (page) => blobs(sql, page),
  manifests: async (page) => manifests(sql, page),
  manifestRows: async (digest) => manifestRows(sql, digest),
  faults: async (thorough) => faults(sql, thorough),
});

/** Before the first digest, or behind the one that a page begins after. */
const behind = (after: Digest | undefined): Uint8Array =>
  after === undefined ? new Uint8Array() : packDigest(after);

function blobs(sql: Sql, { after, limit }: PageRequest<Digest>): Page<BlobRow> {
  const rows = sql.all<{ digest: Uint8Array; size: number }>(
    `SELECT digest, (SELECT size FROM blob WHERE content = content.id LIMIT 1) AS size FROM content
      WHERE digest > ? AND EXISTS (SELECT 1 FROM blob WHERE content = content.id) ORDER BY digest LIMIT ?`,
    behind(after),
    limit + 1,
  );
  return {
    items: rows.slice(0, limit).map(({ digest, size }) => ({ digest: unpackDigest(digest), size })),
    more: rows.length > limit,
  };
}

function manifests(sql: Sql, { after, limit }: PageRequest<Digest>): Page<Digest> {
  const rows = sql.all<{ digest: Uint8Array }>(
    `SELECT digest FROM content
      WHERE digest > ? AND EXISTS (SELECT 1 FROM manifest WHERE content = content.id) ORDER BY digest LIMIT ?`,
    behind(after),
    limit + 1,
  );
  return {
    items: rows.slice(0, limit).map(({ digest }) => unpackDigest(digest)),
    more: rows.length > limit,
  };
}

/** In one transaction, so that what is held together is seen together. */
function manifestRows(sql: Sql, digest: Digest): ManifestRows | undefined {
  sql.script("BEGIN");
  try {
    const body = sql.one<{ id: number; bytes: Uint8Array }>(
      "SELECT id, bytes FROM content JOIN body ON body.content = content.id WHERE digest = ?",
      packDigest(digest),
    );
    if (body === undefined) return undefined;
    const held = sql.all<{ id: number; repository: RepositoryName; mediaType: string }>(
      `SELECT repository.id, repository.name AS repository, media_type AS mediaType
        FROM manifest JOIN repository ON repository.id = manifest.repository WHERE manifest.content = ?`,
      body.id,
    );
    held.sort((a, b) => (a.repository < b.repository ? -1 : 1));
    return {
      bytes: body.bytes,
      held: held.map(({ id, repository, mediaType }) => ({
        repository,
        mediaType,
        named: namedIn(sql, id, body.id),
        referrer: referrerRow(sql, id, body.id),
      })),
    };
  } finally {
    if (sql.inTransaction) sql.script("COMMIT");
  }
}

function namedIn(sql: Sql, repository: number, manifest: number): Digest[] {
  const rows = sql.all<{ digest: Uint8Array }>(
    "SELECT digest FROM edge JOIN content ON content.id = edge.blob WHERE repository = ? AND manifest = ?",
    repository,
    manifest,
  );
  return rows.map(({ digest }) => unpackDigest(digest)).sort();
}

function referrerRow(sql: Sql, repository: number, manifest: number): ReferrerRow | undefined {
  const row = sql.one<{ subject: Uint8Array; artifactType: string | null; annotations: string }>(
    `SELECT content.digest AS subject, artifact_type AS artifactType, annotations
      FROM referrer JOIN content ON content.id = referrer.subject WHERE repository = ? AND manifest = ?`,
    repository,
    manifest,
  );
  return (
    row && {
      subject: unpackDigest(row.subject),
      artifactType: row.artifactType ?? undefined,
      annotations: JSON.parse(row.annotations),
    }
  );
}

function faults(sql: Sql, thorough: boolean): string[] {
  const pages = sql.all<Record<string, string>>(`PRAGMA ${thorough ? "integrity_check" : "quick_check"}`);
  const lost = sql.all<{ table: string; parent: string }>("PRAGMA foreign_key_check");
  return [
    ...pages.flatMap((row) => Object.values(row)).filter((text) => text !== "ok"),
    ...lost.map(({ table, parent }) => `a row of ${table} refers to a row of ${parent} that is not there`),
  ];
}
