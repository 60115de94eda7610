import { Database, type Statement } from "bun:sqlite";

/** What SQLite binds and gives. */
export type Value = string | number | Uint8Array | null;

/**
 * A connection to an SQLite database: synchronous, with each statement prepared once (`Database.query` keeps 20 of them).
 * Answers are read to their end before a call returns: with a cursor left open, another statement of the same connection
 * missed committed rows and the write-ahead log grew without bound (measured on Bun 1.4.5).
 */
export class Sql {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();

  /**
   * Open the database at `path`, or make an empty one.
   * @throws SQLiteError when the path cannot be opened
   */
  constructor(path: string) {
    this.#database = new Database(path, { create: true, readwrite: true, strict: true });
  }

  /** Whether a transaction is open: some errors end it on their own (sqlite.org/lang_transaction.html, §3). */
  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** The first row, or undefined. `Row` is what the caller knows of the columns. */
  one<Row>(text: string, ...values: Value[]): Row | undefined {
    return (this.#prepared(text).get(...values) ?? undefined) as Row | undefined;
  }

  /** All rows. */
  all<Row>(text: string, ...values: Value[]): Row[] {
    return this.#prepared(text).all(...values) as Row[];
  }

  /** Run a statement for what it changes, and give how many rows it changed. */
  run(text: string, ...values: Value[]): number {
    return this.#prepared(text).run(...values).changes;
  }

  /**
   * Insert one row, and give its rowid. Without RETURNING: with it SQLite 3.54 plans to look through every table that
   * refers to this one.
   */
  insert(text: string, ...values: Value[]): number {
    return Number(this.#prepared(text).run(...values).lastInsertRowid);
  }

  /** Run several statements that take no values, once. */
  script(text: string): void {
    this.#database.run(text);
  }

  /** Let go of the file. The last connection that closes takes the write-ahead log into the database. */
  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    this.#database.close(true);
  }

  #prepared(text: string): Statement {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}
