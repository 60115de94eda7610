import { ChartroomError } from "../../oci/errors.ts";
import type { Catalog, Questions } from "../catalog.ts";
import type { Command, Outcome } from "../command.ts";
import { Remembered } from "../remembered.ts";
import * as charts from "./chartQuestions.ts";
import * as collection from "./collectionQuestions.ts";
import { loose } from "./loose.ts";
import * as questions from "./questions.ts";
import { scansOver } from "./scanQuestions.ts";
import { upgrade } from "./schema.ts";
import { Sql } from "./sql.ts";
import { unusedManifests } from "./use.ts";
import { failureOf, type Request } from "./writer/messages.ts";
import { cannotWrite, Outbox, type OutboxLimits } from "./writer/outbox.ts";
import { startWriter, type Writer } from "./writer/thread.ts";

/** About a tenth of a second of the writer's work, and memory that a small machine has. */
const defaultLimits: OutboxLimits = { commands: 1024, bytes: 64 * 1024 * 1024 };

/**
 * The catalog in an SQLite database, made where there is none and upgraded where it is older. Questions run on the
 * caller's thread; commands go to the one writer, a worker that commits many with one fsync, so that no request waits for
 * the disk of another. Whoever opens it owns it: one process at a time, held by a lock that is not the catalog's affair.
 *
 * What `apply` throws: `busy` when more than `limits` waits to be written, `storage` when the disk is full or failing.
 * After an I/O error nothing is written until the catalog is opened anew.
 * @throws ChartroomError `storage` when it cannot be opened or a newer chartroom wrote it, `invalid` when the file is
 *   something else; nothing is changed then
 */
export async function openSqliteCatalog(
  path: string,
  limits: OutboxLimits = defaultLimits,
): Promise<Catalog> {
  const sql = openDatabase(path);
  const writer = startWriter();
  try {
    await told(writer, { kind: "open", path });
  } catch (error) {
    writer.stop();
    sql.close();
    throw error;
  }
  return catalogOver(sql, writer, new Outbox(writer, limits));
}

/** Questions on a connection of their own. */
export interface CatalogReader extends Questions {
  close(): void;
}

/**
 * Read a catalog of the newest schema beside whoever owns it, on a connection of its own: for a thread that nobody waits for.
 * @throws SQLiteError
 */
export function openSqliteReader(path: string): CatalogReader {
  const sql = new Sql(path);
  sql.script("PRAGMA query_only = ON");
  return { ...questionsOver(sql), close: () => sql.close() };
}

/** The connection of the questions, over a database of the newest schema. */
function openDatabase(path: string): Sql {
  let sql: Sql | undefined;
  try {
    sql = new Sql(path);
    upgrade(sql, path);
    // Readers go on while the writer writes (sqlite.org/wal.html). The mode is kept in the file.
    sql.script("PRAGMA journal_mode = WAL; PRAGMA query_only = ON");
    // 16 MiB at most, in place of 2: a page of 1,000 repositories out of 100,000 takes 0.6 ms, and took 1.4.
    sql.script("PRAGMA cache_size = -16384");
    return sql;
  } catch (cause) {
    sql?.close();
    if (cause instanceof ChartroomError) throw cause;
    const { message, code } = failureOf(cause);
    if (code === "SQLITE_NOTADB")
      throw new ChartroomError("invalid", `Cannot open catalog ${path}: it is not a database`, { cause });
    throw new ChartroomError("storage", `Cannot open catalog ${path}: ${message}`, { cause });
  }
}

/** Ask the writer, and throw what it could not do. */
async function told(writer: Writer, request: Request): Promise<void> {
  const reply = await writer.ask(request);
  if (reply.kind === "failed") throw cannotWrite(reply.failure);
}

function catalogOver(sql: Sql, writer: Writer, outbox: Outbox): Catalog {
  const remembered = new Remembered({
    tag: (repository, tag) => questions.tag(sql, repository, tag),
    manifest: (repository, digest) => questions.manifest(sql, repository, digest),
    blob: (repository, digest) => questions.blob(sql, repository, digest),
    chartChange: (prefix) => charts.chartChange(sql, prefix),
  });
  return {
    ...questionsOver(sql),
    tag: (repository, tag) => remembered.tag(repository, tag),
    manifest: (repository, digest) => remembered.manifest(repository, digest),
    blob: (repository, digest) => remembered.blob(repository, digest),
    chartChange: (prefix) => remembered.chartChange(prefix),
    apply: async <C extends Command>(command: C) => {
      try {
        return (await outbox.send(command)) as Outcome<C>;
      } finally {
        remembered.forget(command);
      }
    },
    waiting: () => outbox.waiting,
    close: async () => {
      await outbox.close();
      sql.close();
      // The writer closes last, and so takes the write-ahead log into the database.
      try {
        await told(writer, { kind: "close" });
      } finally {
        writer.stop();
      }
    },
  };
}

const questionsOver = (sql: Sql): Questions => ({
  ...scansOver(sql),
  hasRepository: async (name) => questions.hasRepository(sql, name),
  repositories: async (page) => questions.repositories(sql, page),
  tags: async (repository, page) => questions.tags(sql, repository, page),
  tag: async (repository, tag) => questions.tag(sql, repository, tag),
  manifest: async (repository, digest) => questions.manifest(sql, repository, digest),
  blob: async (repository, digest) => questions.blob(sql, repository, digest),
  repositoriesWithBlob: async (digest, limit) => questions.repositoriesWithBlob(sql, digest, limit),
  referrers: async (repository, subject, artifactType, page) =>
    questions.referrers(sql, repository, subject, artifactType, page),
  unnamedSince: async (repository, digest) => collection.unnamedSince(sql, repository, digest),
  unnamed: async (before, page) => collection.unnamed(sql, before, page),
  countUnnamed: async (before) => collection.countUnnamed(sql, before),
  loose: async (before, page) => loose(sql, before, page),
  unheld: async (page) => collection.unheld(sql, page),
  unheldBytes: async (digest) => collection.unheldBytes(sql, digest),
  burials: async (digest) => collection.burials(sql, digest),
  unusedManifests: async (repository, before, limit) => unusedManifests(sql, repository, before, limit),
  upload: async (id) => questions.upload(sql, id),
  uploads: async (page) => questions.uploads(sql, page),
  events: async (after, limit) => questions.events(sql, after, limit),
  lastEvent: async () => questions.lastEvent(sql),
  unreadCharts: async (limit) => charts.unreadCharts(sql, limit),
  chartFacts: async (content) => charts.chartFacts(sql, content),
  chartEntries: async (contents, form) => charts.chartEntries(sql, contents, form),
  chartChange: async (prefix) => charts.chartChange(sql, prefix),
  chartTags: async (prefix, page) => charts.chartTags(sql, prefix, page),
  taggedChart: async (repository, tag) => charts.taggedChart(sql, repository, tag),
  chartPrefixes: async (page) => charts.chartPrefixes(sql, page),
});
