import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName, Tag } from "../../oci/reference.ts";
import type { StoredManifest } from "../../oci/repository.ts";
import type { Page, PageRequest, StoredEvent, Upload } from "../catalog.ts";
import { packDigest, unpackDigest } from "./packed.ts";
import type { Sql } from "./sql.ts";

// What a `Catalog` can be asked, each a statement or two that read rows by an index and give a page at most. Those of a
// pull are remembered above (remembered.ts); here nothing is. They look up one row in another's place: a join of the same rows
// takes five times as long (1 µs, 2 and 2, where it was 6, 12 and 7).

/** Whether the repository holds anything, or an upload into it is open. */
export function hasRepository(sql: Sql, name: RepositoryName): boolean {
  return sql.one("SELECT 1 FROM repository WHERE name = ?", name) !== undefined;
}

/** Names of repositories that hold a manifest, in the order of their bytes. */
export function repositories(sql: Sql, { after = "", limit }: PageRequest<string>): Page<RepositoryName> {
  const rows = sql.all<{ name: RepositoryName }>(
    `SELECT name FROM repository
      WHERE name > ? AND EXISTS (SELECT 1 FROM manifest WHERE manifest.repository = repository.id)
      ORDER BY name LIMIT ?`,
    after,
    limit + 1,
  );
  return pageOf(rows, limit, ({ name }) => name);
}

/** A repository's tags in the order of their bytes; undefined when there is no such repository. */
export function tags(
  sql: Sql,
  repository: RepositoryName,
  { after = "", limit }: PageRequest<string>,
): Page<Tag> | undefined {
  const found = sql.one<{ id: number }>("SELECT id FROM repository WHERE name = ?", repository);
  if (found === undefined) return undefined;
  const rows = sql.all<{ name: Tag }>(
    "SELECT name FROM tag WHERE repository = ? AND name > ? ORDER BY name LIMIT ?",
    found.id,
    after,
    limit + 1,
  );
  return pageOf(rows, limit, ({ name }) => name);
}

/** The digest of the manifest that a tag names. */
export function tag(sql: Sql, repository: RepositoryName, name: Tag): Digest | undefined {
  const row = sql.one<{ digest: Uint8Array }>(
    `SELECT digest FROM content WHERE id = (
      SELECT manifest FROM tag WHERE repository = (SELECT id FROM repository WHERE name = ?) AND name = ?)`,
    repository,
    name,
  );
  return row && unpackDigest(row.digest);
}

/** A manifest of this repository, with its bytes. */
export function manifest(sql: Sql, repository: RepositoryName, digest: Digest): StoredManifest | undefined {
  const row = sql.one<{ mediaType: string; bytes: Uint8Array }>(
    `SELECT media_type AS mediaType, (SELECT bytes FROM body WHERE body.content = manifest.content) AS bytes
      FROM manifest WHERE repository = (SELECT id FROM repository WHERE name = ?)
      AND content = (SELECT id FROM content WHERE digest = ?)`,
    repository,
    packDigest(digest),
  );
  if (row === undefined) return undefined;
  const { mediaType, bytes } = row;
  return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes };
}

/** The size in bytes of a blob of this repository. */
export function blob(sql: Sql, repository: RepositoryName, digest: Digest): number | undefined {
  return sql.one<{ size: number }>(
    `SELECT size FROM blob WHERE repository = (SELECT id FROM repository WHERE name = ?)
      AND content = (SELECT id FROM content WHERE digest = ?)`,
    repository,
    packDigest(digest),
  )?.size;
}

/** Names of at most `limit` repositories that have a blob. */
export function repositoriesWithBlob(sql: Sql, digest: Digest, limit: number): RepositoryName[] {
  const rows = sql.all<{ name: RepositoryName }>(
    `SELECT repository.name FROM content
      JOIN blob ON blob.content = content.id
      JOIN repository ON repository.id = blob.repository
      WHERE content.digest = ? LIMIT ?`,
    packDigest(digest),
    limit,
  );
  return rows.map(({ name }) => name);
}

interface ReferrerRow {
  readonly digest: Uint8Array;
  readonly mediaType: string;
  readonly size: number;
  readonly artifactType: string | null;
  readonly annotations: string;
}

/** Descriptors of this repository's manifests whose subject is the given one, in order of digest. */
export function referrers(
  sql: Sql,
  repository: RepositoryName,
  subject: Digest,
  artifactType: string | undefined,
  { after, limit }: PageRequest<Digest>,
): Page<Descriptor> {
  const rows = sql.all<ReferrerRow>(
    `SELECT referrer.digest, manifest.media_type AS mediaType, length(body.bytes) AS size,
        referrer.artifact_type AS artifactType, referrer.annotations
      FROM repository, content
      JOIN referrer ON referrer.repository = repository.id AND referrer.subject = content.id
      JOIN manifest ON manifest.repository = repository.id AND manifest.content = referrer.manifest
      JOIN body ON body.content = referrer.manifest
      WHERE repository.name = ?1 AND content.digest = ?2
        AND (?3 IS NULL OR referrer.artifact_type = ?3) AND referrer.digest > ?4
      ORDER BY referrer.digest LIMIT ?5`,
    repository,
    packDigest(subject),
    artifactType ?? null,
    after === undefined ? new Uint8Array() : packDigest(after),
    limit + 1,
  );
  return pageOf(rows, limit, asReferrer);
}

function asReferrer({ digest, mediaType, size, artifactType, annotations }: ReferrerRow): Descriptor {
  return {
    mediaType,
    digest: unpackDigest(digest),
    size,
    ...(artifactType !== null && { artifactType }),
    ...(annotations !== "{}" && { annotations: JSON.parse(annotations) }),
  };
}

interface UploadRow {
  readonly id: string;
  readonly repository: RepositoryName;
  readonly user: string | null;
  readonly offset: number;
  readonly started: number;
}

const uploadRows = `SELECT id, (SELECT name FROM repository WHERE id = upload.repository) AS repository, user,
  acknowledged AS offset, started FROM upload`;

const asUpload = (row: UploadRow): Upload => ({ ...row, user: row.user ?? undefined });

/** An upload session, by its id. */
export function upload(sql: Sql, id: string): Upload | undefined {
  const row = sql.one<UploadRow>(`${uploadRows} WHERE id = ?`, id);
  return row && asUpload(row);
}

/** Upload sessions, in order of id. */
export function uploads(sql: Sql, { after = "", limit }: PageRequest<string>): Page<Upload> {
  const rows = sql.all<UploadRow>(`${uploadRows} WHERE id > ? ORDER BY id LIMIT ?`, after, limit + 1);
  return pageOf(rows, limit, asUpload);
}

/** Events after a number, in order. */
export const events = (sql: Sql, after: number, limit: number): StoredEvent[] =>
  sql.all("SELECT number, body FROM event WHERE number > ? ORDER BY number LIMIT ?", after, limit);

/** The newest event's number. */
export const lastEvent = (sql: Sql): number =>
  sql.one<{ last: number }>("SELECT ifnull(max(number), 0) AS last FROM event")!.last;

/** A page out of rows that were asked for one more than the page holds: the one says whether more follow. */
export const pageOf = <Row, Item>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => Item,
): Page<Item> => ({
  items: rows.slice(0, limit).map(item),
  more: rows.length > limit,
});
