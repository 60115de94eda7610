import type { CollectionCommand } from "../collection.ts";
import type { Executors } from "../command.ts";
import { find, findRepository, forgetIfEmpty, type Id, intern } from "./ids.ts";
import type { Sql } from "./sql.ts";

// What a repository has and no manifest of it names waits in `blob.unnamed`, since when; what no repository has any more, in
// `unheld`. Both are kept by the commands that change them, so that collection never looks through what stays.

/** The commands of collection over SQLite. */
export const collectors: Pick<Executors<Sql>, CollectionCommand["kind"]> = {
  "renew-blob": (sql, { repository: name, digest, at }) => {
    const [repository, content] = [findRepository(sql, name), find(sql, digest)];
    const renewed = sql.run(
      `UPDATE blob SET unnamed = iif(unnamed < ?1, ?1, unnamed) WHERE repository = ?2 AND content = ?3`,
      at,
      repository,
      content,
    );
    return renewed > 0 ? { done: true } : { done: false, why: "absent" };
  },

  "collect-blob": (sql, { repository: name, digest, before }) => {
    const [repository, content] = [findRepository(sql, name), find(sql, digest)];
    const found = sql.one<{ unnamed: number | null }>(
      "SELECT unnamed FROM blob WHERE repository = ? AND content = ?",
      repository,
      content,
    );
    if (found === undefined) return { done: false, why: "absent" };
    if (found.unnamed === null || found.unnamed > before) return { done: false, why: "in-use" };
    if (sql.one("SELECT 1 FROM edge WHERE repository = ? AND blob = ? LIMIT 1", repository, content)) {
      // Never so; but if it were, the manifest is to be believed and not this column.
      sql.run("UPDATE blob SET unnamed = NULL WHERE repository = ? AND content = ?", repository, content);
      return { done: false, why: "in-use" };
    }
    forsake(sql, repository, content);
    return { done: true };
  },

  doom: (sql, { digest }) => {
    if (sql.one("SELECT 1 FROM blob WHERE content = ? LIMIT 1", find(sql, digest)) !== undefined)
      return { done: false, why: "in-use" };
    sql.run(
      "INSERT INTO unheld (content, doomed) VALUES (?, 1) ON CONFLICT DO UPDATE SET doomed = 1",
      intern(sql, digest),
    );
    return { done: true };
  },

  bury: (sql, { digest }) => {
    const content = find(sql, digest);
    if (sql.run("DELETE FROM unheld WHERE content = ? AND doomed = 1", content) > 0)
      sql.run("UPDATE content SET burials = burials + 1 WHERE id = ?", content);
    return { done: true };
  },
};

/** Whether bytes that were published when they had been buried `burials` times are there, and not about to go. */
export const isThere = (sql: Sql, content: Id, burials: number): boolean =>
  sql.one("SELECT 1 FROM content WHERE id = ? AND burials = ?", content, burials) !== undefined &&
  sql.one("SELECT 1 FROM unheld WHERE content = ? AND doomed = 1", content) === undefined;

/** Take a blob out of a repository. When no other has it, its bytes have lost their last holder. */
export function forsake(sql: Sql, repository: Id, content: Id): void {
  sql.run("DELETE FROM blob WHERE repository = ? AND content = ?", repository, content);
  sql.run(
    `INSERT INTO unheld (content, doomed)
      SELECT ?1, 0 WHERE NOT EXISTS (SELECT 1 FROM blob WHERE content = ?1) ON CONFLICT DO NOTHING`,
    content,
  );
  forgetIfEmpty(sql, repository);
}

/** A blob that a manifest names waits for no collection. */
export function claimBlob(sql: Sql, repository: Id, content: Id): void {
  sql.run(
    "UPDATE blob SET unnamed = NULL WHERE repository = ? AND content = ? AND +unnamed IS NOT NULL",
    repository,
    content,
  );
}

/** The blobs that a manifest names and no other does wait for collection from `at`. Its edges are to go after this. */
export function releaseBlobs(sql: Sql, repository: Id, manifest: Id, at: number): void {
  sql.run(
    `UPDATE blob SET unnamed = ?3 WHERE repository = ?1
      AND content IN (SELECT blob FROM edge WHERE repository = ?1 AND manifest = ?2)
      AND NOT EXISTS (SELECT 1 FROM edge AS other
        WHERE other.repository = ?1 AND other.blob = blob.content AND other.manifest <> ?2)`,
    repository,
    manifest,
    at,
  );
}
