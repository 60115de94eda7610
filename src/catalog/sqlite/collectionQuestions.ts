import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import type { Page, PageRequest, UnheldBytes, Waiting } from "../catalog.ts";
import { packDigest, unpackDigest } from "./packed.ts";
import { pageOf } from "./questions.ts";
import type { Sql } from "./sql.ts";
import { behind, waitingPage } from "./waitingPage.ts";

/** Since when a blob of this repository is named by no manifest of it, ms since 1970; undefined for any other blob. */
export function unnamedSince(sql: Sql, repository: RepositoryName, digest: Digest): number | undefined {
  const row = sql.one<{ unnamed: number | null }>(
    `SELECT unnamed FROM blob WHERE repository = (SELECT id FROM repository WHERE name = ?)
      AND content = (SELECT id FROM content WHERE digest = ?)`,
    repository,
    packDigest(digest),
  );
  return row?.unnamed ?? undefined;
}

/** Blobs that no manifest of their repository has named since `before`, longest first. */
export function unnamed(sql: Sql, before: number, page: PageRequest<Waiting>): Page<Waiting> {
  return waitingPage(
    sql,
    `SELECT repository.name AS repository, content.digest, blob.size, blob.unnamed AS since
      FROM blob JOIN repository ON repository.id = blob.repository JOIN content ON content.id = blob.content
      WHERE blob.unnamed <= ?1 AND (blob.unnamed, blob.repository, blob.content) >
        ${behind}
      ORDER BY blob.unnamed, blob.repository, blob.content LIMIT ?5`,
    before,
    page,
  );
}

/** Contents that no repository has any more and whose bytes are not known to be gone. */
export function unheld(sql: Sql, { after, limit }: PageRequest<Digest>): Page<UnheldBytes> {
  const rows = sql.all<{ digest: Uint8Array; doomed: number }>(
    `SELECT content.digest, unheld.doomed FROM unheld JOIN content ON content.id = unheld.content
      WHERE unheld.content > coalesce((SELECT id FROM content WHERE digest = ?), 0) ORDER BY unheld.content LIMIT ?`,
    after === undefined ? new Uint8Array() : packDigest(after),
    limit + 1,
  );
  return pageOf(rows, limit, ({ digest, doomed }) => ({
    digest: unpackDigest(digest),
    doomed: doomed === 1,
  }));
}

/** How a content's bytes stand that no repository has; undefined for those that one has, and those of which nothing is known. */
export function unheldBytes(sql: Sql, digest: Digest): UnheldBytes | undefined {
  const row = sql.one<{ doomed: number }>(
    "SELECT doomed FROM unheld WHERE content = (SELECT id FROM content WHERE digest = ?)",
    packDigest(digest),
  );
  return row && { digest, doomed: row.doomed === 1 };
}

/** How often the bytes of a digest were buried. */
export function burials(sql: Sql, digest: Digest): number {
  const packed = packDigest(digest);
  return sql.one<{ burials: number }>("SELECT burials FROM content WHERE digest = ?", packed)?.burials ?? 0;
}

/** How many blobs no manifest of their repository has named since `before`. */
export function countUnnamed(sql: Sql, before: number): number {
  return sql.one<{ count: number }>("SELECT count(*) AS count FROM blob WHERE unnamed <= ?", before)!.count;
}
