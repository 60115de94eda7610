import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import { packDigest } from "./packed.ts";
import type { Sql } from "./sql.ts";

/** The number that stands for a repository or a digest. */
export type Id = number;

/** What a search gives for a repository or digest that has no row: no row ever has this id. */
const none: Id = 0;

/** A repository's id, or `none`. */
export const findRepository = (sql: Sql, name: RepositoryName): Id =>
  sql.one<{ id: Id }>("SELECT id FROM repository WHERE name = ?", name)?.id ?? none;

/** A repository's id, made where there is none. */
export const openRepository = (sql: Sql, name: RepositoryName): Id =>
  findRepository(sql, name) || sql.insert("INSERT INTO repository (name) VALUES (?)", name);

/** A repository with nothing left is none. */
export function forgetIfEmpty(sql: Sql, repository: Id): void {
  sql.run(
    `DELETE FROM repository WHERE id = ?1
      AND NOT EXISTS (SELECT 1 FROM manifest WHERE repository = ?1)
      AND NOT EXISTS (SELECT 1 FROM blob WHERE repository = ?1)
      AND NOT EXISTS (SELECT 1 FROM upload WHERE repository = ?1)`,
    repository,
  );
}

/** A digest's id, or `none`. */
export const find = (sql: Sql, digest: Digest): Id =>
  sql.one<{ id: Id }>("SELECT id FROM content WHERE digest = ?", packDigest(digest))?.id ?? none;

/** A digest's id, made where there is none. */
export const intern = (sql: Sql, digest: Digest): Id =>
  find(sql, digest) || sql.insert("INSERT INTO content (digest) VALUES (?)", packDigest(digest));

/** Whether a repository has a blob or a manifest. */
export const has = (sql: Sql, what: "blob" | "manifest", repository: Id, content: Id): boolean =>
  sql.one(`SELECT 1 FROM ${what} WHERE repository = ? AND content = ?`, repository, content) !== undefined;
