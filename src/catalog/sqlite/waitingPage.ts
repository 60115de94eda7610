import type { RepositoryName } from "../../oci/reference.ts";
import type { Page, PageRequest, Waiting } from "../catalog.ts";
import { packDigest, unpackDigest } from "./packed.ts";
import { pageOf } from "./questions.ts";
import type { Sql } from "./sql.ts";

/** How a statement goes on behind the row ?2, ?3, ?4: since when it waits, whose it is, its digest. */
export const behind = `(?2, coalesce((SELECT id FROM repository WHERE name = ?3), 0),
  coalesce((SELECT id FROM content WHERE digest = ?4), 0))`;

/**
 * A page of what waits for its collection, longest first.
 * @param statement selects repository, digest, size (bytes) and since (ms since 1970) of what has waited since ?1, `behind` the last
 *   row, at most ?5
 */
export function waitingPage(
  sql: Sql,
  statement: string,
  before: number,
  { after, limit }: PageRequest<Waiting>,
): Page<Waiting> {
  const rows = sql.all<{ repository: RepositoryName; digest: Uint8Array; size: number; since: number }>(
    statement,
    before,
    after?.since ?? 0,
    after?.repository ?? "",
    after === undefined ? new Uint8Array() : packDigest(after.digest),
    limit + 1,
  );
  return pageOf(rows, limit, (row) => ({ ...row, digest: unpackDigest(row.digest) }));
}
