import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName, Tag } from "../../oci/reference.ts";
import type { Executors, PutManifest } from "../command.ts";
import { chartExecutors, forgetChart, storeChart } from "./executeCharts.ts";
import { eventExecutors } from "./executeEvents.ts";
import { find, findRepository, forgetIfEmpty, has, type Id, intern, openRepository } from "./ids.ts";
import { heldBy, settle } from "./loose.ts";
import { menders } from "./mend.ts";
import { storeNamed } from "./named.ts";
import { unpackDigest } from "./packed.ts";
import type { Sql } from "./sql.ts";
import { collectors, forsake, isThere, releaseBlobs } from "./unnamed.ts";
import { useManifest } from "./use.ts";

/**
 * Commands over SQLite. Each runs inside a transaction that its caller opened, looks before it changes anything, and
 * leaves no trace when it refuses.
 */
export const executors: Executors<Sql> = {
  ...eventExecutors,
  ...collectors,
  ...menders,
  ...chartExecutors,

  "open-upload": (sql, { id, repository, user, at }) => {
    if (sql.one("SELECT 1 FROM upload WHERE id = ?", id) === undefined)
      sql.run(
        "INSERT INTO upload (id, repository, user, acknowledged, started) VALUES (?, ?, ?, 0, ?)",
        id,
        openRepository(sql, repository),
        user ?? null,
        at,
      );
    return { done: true };
  },

  "advance-upload": (sql, { id, offset }) =>
    sql.run("UPDATE upload SET acknowledged = max(acknowledged, ?) WHERE id = ?", offset, id) > 0
      ? { done: true }
      : { done: false, why: "absent" },

  "close-upload": (sql, { id }) => {
    closeUpload(sql, id);
    return { done: true };
  },

  "link-blob": (sql, { repository, digest, size, burials, upload, at }) => {
    const content = intern(sql, digest);
    if (!isThere(sql, content, burials)) return { done: false, why: "doomed" };
    link(sql, openRepository(sql, repository), content, size, at);
    if (upload !== undefined) closeUpload(sql, upload);
    return { done: true };
  },

  "mount-blob": (sql, { repository, from, digest, at }) => {
    const size = blobSize(sql, repository, digest) ?? blobSize(sql, from, digest);
    if (size === undefined) return { done: false, why: "absent" };
    link(sql, openRepository(sql, repository), intern(sql, digest), size, at);
    return { done: true, size };
  },

  "unlink-blob": (sql, { repository: name, digest }) => {
    const [repository, content] = [findRepository(sql, name), find(sql, digest)];
    if (!has(sql, "blob", repository, content)) return { done: false, why: "absent" };
    if (sql.one("SELECT 1 FROM edge WHERE repository = ? AND blob = ? LIMIT 1", repository, content))
      return { done: false, why: "in-use" };
    forsake(sql, repository, content);
    return { done: true };
  },

  "put-manifest": (sql, command) => {
    const { repository: name, descriptor, tags } = command;
    const missing = missingChildren(sql, command);
    if (missing.length > 0) return { done: false, why: "missing", missing };
    const held = tags.map((tag) => ({ tag, holds: tagged(sql, name, tag) }));
    const conflict = held.find(({ holds }) => !isExpected(holds, command));
    if (conflict !== undefined) return { done: false, why: "conflict", ...conflict };

    const repository = openRepository(sql, name);
    const manifest = intern(sql, descriptor.digest);
    const existed = has(sql, "manifest", repository, manifest);
    const touched = storeManifest(sql, repository, manifest, command);
    for (const { tag, holds } of held)
      if (holds !== descriptor.digest) setTag(sql, repository, tag, manifest);
    const lost = held.flatMap(({ holds }) => (holds === undefined ? [] : find(sql, holds)));
    settle(sql, repository, [manifest, ...lost, ...touched], command.at);
    return { done: true, existed: existed && held.every(({ holds }) => holds === descriptor.digest) };
  },

  untag: (sql, { repository: name, tag, at }) => {
    const repository = findRepository(sql, name);
    const held = sql.one<{ manifest: Id }>(
      "SELECT manifest FROM tag WHERE repository = ? AND name = ?",
      repository,
      tag,
    );
    if (held === undefined) return { done: false, why: "absent" };
    sql.run("DELETE FROM tag WHERE repository = ? AND name = ?", repository, tag);
    settle(sql, repository, [held.manifest], at);
    return { done: true };
  },

  "delete-manifest": (sql, { repository: name, digest, looseSince, at }) => {
    const [repository, manifest] = [findRepository(sql, name), find(sql, digest)];
    const found = sql.one<{ loose: number | null }>(
      "SELECT loose FROM manifest WHERE repository = ? AND content = ?",
      repository,
      manifest,
    );
    if (found === undefined) return { done: false, why: "absent" };
    if (looseSince !== undefined && (found.loose === null || found.loose > looseSince))
      return { done: false, why: "in-use" };
    const held = heldBy(sql, repository, manifest);
    releaseBlobs(sql, repository, manifest, at);
    // Its tags, edges and its row among the referrers go with it (ON DELETE CASCADE).
    sql.run("DELETE FROM manifest WHERE repository = ? AND content = ?", repository, manifest);
    settle(sql, repository, held, at);
    sql.run(
      "DELETE FROM body WHERE content = ?1 AND NOT EXISTS (SELECT 1 FROM manifest WHERE content = ?1)",
      manifest,
    );
    forgetIfEmpty(sql, repository);
    return { done: true };
  },

  "use-manifest": useManifest,
};

function blobSize(sql: Sql, repository: RepositoryName, digest: Digest): number | undefined {
  return sql.one<{ size: number }>(
    "SELECT size FROM blob WHERE repository = ? AND content = ?",
    findRepository(sql, repository),
    find(sql, digest),
  )?.size;
}

/** A blob of a repository, new or once more. One that a manifest names already waits for no collection. */
function link(sql: Sql, repository: Id, content: Id, size: number, at: number): void {
  sql.run(
    `INSERT INTO blob (repository, content, size, linked, unnamed)
      VALUES (?1, ?2, ?3, ?4, iif(EXISTS (SELECT 1 FROM edge WHERE repository = ?1 AND blob = ?2), NULL, ?4))
      ON CONFLICT DO UPDATE SET unnamed = max(unnamed, excluded.unnamed) WHERE unnamed IS NOT NULL`,
    repository,
    content,
    size,
    at,
  );
  sql.run("DELETE FROM unheld WHERE content = ?", content);
}

function closeUpload(sql: Sql, id: string): void {
  const closed = sql.one<{ repository: Id }>("DELETE FROM upload WHERE id = ? RETURNING repository", id);
  if (closed !== undefined) forgetIfEmpty(sql, closed.repository);
}

/** The children of a manifest that its repository lacks, each named once. */
function missingChildren(sql: Sql, { repository, blobs, manifests }: PutManifest): Digest[] {
  const id = findRepository(sql, repository);
  const lacks = (what: "blob" | "manifest", { digest }: Descriptor) => !has(sql, what, id, find(sql, digest));
  const missing = [
    ...blobs.filter((blob) => lacks("blob", blob)),
    ...manifests.filter((manifest) => lacks("manifest", manifest)),
  ];
  return [...new Set(missing.map(({ digest }) => digest))];
}

/** What a tag names, or undefined. */
function tagged(sql: Sql, repository: RepositoryName, tag: Tag): Digest | undefined {
  const held = sql.one<{ digest: Uint8Array }>(
    "SELECT digest FROM content WHERE id = (SELECT manifest FROM tag WHERE repository = ? AND name = ?)",
    findRepository(sql, repository),
    tag,
  );
  return held && unpackDigest(held.digest);
}

/** Whether a tag that holds `holds` may be set: the target already is success, whatever is expected. */
function isExpected(holds: Digest | undefined, { descriptor, expect }: PutManifest): boolean {
  if (expect === "any" || holds === descriptor.digest) return true;
  return holds === (expect === "absent" ? undefined : expect);
}

function setTag(sql: Sql, repository: Id, tag: Tag, manifest: Id): void {
  sql.run(
    `INSERT INTO tag (repository, name, manifest) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET manifest = excluded.manifest`,
    repository,
    tag,
    manifest,
  );
}

/**
 * Write a manifest's rows, unless they are there already.
 * @returns what it may hold, or held before, where that changed: a subject that is put again has no look at its referrers
 */
function storeManifest(sql: Sql, repository: Id, manifest: Id, command: PutManifest): Id[] {
  const { descriptor, bytes, blobs, optional, manifests, at, pushed = at } = command;
  const { mediaType } = descriptor;
  const stored = sql.one<{ media_type: string }>(
    "SELECT media_type FROM manifest WHERE repository = ? AND content = ?",
    repository,
    manifest,
  );
  // Everything else follows from the bytes and their media type.
  if (stored?.media_type === mediaType) return [];
  const before = stored === undefined ? [] : heldBy(sql, repository, manifest);
  sql.run("INSERT INTO body (content, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING", manifest, bytes);
  sql.run(
    `INSERT INTO manifest (repository, content, media_type, pushed) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET media_type = excluded.media_type`,
    repository,
    manifest,
    mediaType,
    pushed,
  );
  const named = [...blobs, ...optional, ...manifests];
  storeNamed(sql, repository, manifest, { ...command, named }, stored !== undefined);
  if (stored !== undefined) forgetChart(sql, repository, manifest);
  if (command.chart !== undefined) storeChart(sql, repository, manifest, command.chart);
  return [...before, ...heldBy(sql, repository, manifest)];
}
