import type { Page, PageRequest, Waiting } from "../catalog.ts";
import type { Id } from "./ids.ts";
import type { Sql } from "./sql.ts";
import { behind, waitingPage } from "./waitingPage.ts";

// Manifests that nothing of their repository holds wait in `manifest.loose`, since when: no tag, no index that names them, and
// no subject that is there.

/** Whether a tag or an index holds the manifest ?2 of the repository ?1. */
const named = `EXISTS (SELECT 1 FROM tag WHERE tag.repository = ?1 AND tag.manifest = ?2)
  OR EXISTS (SELECT 1 FROM edge WHERE edge.repository = ?1 AND edge.blob = ?2)`;
/** Whether a subject does that is there. */
const refers = `SELECT 1 FROM referrer
  JOIN manifest AS subject ON subject.repository = ?1 AND subject.content = referrer.subject
  WHERE referrer.repository = ?1 AND referrer.manifest = ?2`;

/**
 * Note of manifests whether they are held, after something changed that may hold them; who is not waits from `at`. Asked one after
 * the other, and written only where it changes: most are held by their tag, and that is 2 µs; in one UPDATE it was 50.
 */
export function settle(sql: Sql, repository: Id, manifests: Iterable<Id>, at: number): void {
  for (const manifest of manifests) {
    const found = sql.one<{ loose: number | null; named: number }>(
      `SELECT loose, ${named} AS named FROM manifest WHERE repository = ?1 AND content = ?2`,
      repository,
      manifest,
    );
    if (found === undefined) continue;
    const isHeld = found.named === 1 || sql.one(refers, repository, manifest) !== undefined;
    if (isHeld && found.loose === null) continue;
    sql.run(
      "UPDATE manifest SET loose = ? WHERE repository = ? AND content = ?",
      isHeld ? null : at,
      repository,
      manifest,
    );
  }
}

/** What a manifest may hold: what it names, and its referrers. */
export function heldBy(sql: Sql, repository: Id, manifest: Id): Id[] {
  const children = sql.all<{ id: Id }>(
    "SELECT blob AS id FROM edge WHERE repository = ? AND manifest = ?",
    repository,
    manifest,
  );
  const referrers = sql.all<{ id: Id }>(
    "SELECT manifest AS id FROM referrer WHERE repository = ? AND subject = ?",
    repository,
    manifest,
  );
  return [...children, ...referrers].map(({ id }) => id);
}

/** Manifests that nothing has held since `before`, longest first. */
export function loose(sql: Sql, before: number, page: PageRequest<Waiting>): Page<Waiting> {
  return waitingPage(
    sql,
    `SELECT repository.name AS repository, content.digest, length(body.bytes) AS size, manifest.loose AS since
      FROM manifest JOIN repository ON repository.id = manifest.repository
        JOIN content ON content.id = manifest.content JOIN body ON body.content = manifest.content
      WHERE manifest.loose <= ?1 AND (manifest.loose, manifest.repository, manifest.content) >
        ${behind}
      ORDER BY manifest.loose, manifest.repository, manifest.content LIMIT ?5`,
    before,
    page,
  );
}
