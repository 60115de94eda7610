import type { Command } from "../../command.ts";
import type { Sql } from "../sql.ts";
import { applyBatch } from "./batch.ts";
import { type Failure, failureOf, isLasting, type Reply } from "./messages.ts";

/**
 * Checkpoint when so many pages of the log are not in the database yet. SQLite's own automatic checkpoint runs inside a
 * COMMIT and holds its answer back: p99 was 16, 25 and 42 ms at 1,000, 4,000 and 20,000 pages. Ours runs after the answer.
 */
const checkpointPages = 1000;

/** Applies batches until the disk or the file fails; from then on it answers every batch with that failure. */
export class BatchWriter {
  readonly #sql: Sql;
  #broken: Failure | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  apply(commands: readonly Command[]): Reply {
    if (this.#broken !== undefined) return { kind: "failed", failure: this.#broken };
    try {
      return { kind: "done", results: applyBatch(this.#sql, commands) };
    } catch (error) {
      return { kind: "failed", failure: this.#failed(error) };
    }
  }

  /** Take the log into the database if it has grown. What goes wrong shows in the next batch. */
  checkpoint(): void {
    if (this.#broken !== undefined) return;
    try {
      // NOOP says how the log stands, in 1 µs.
      const stand = this.#sql.one<{ log: number; checkpointed: number }>("PRAGMA wal_checkpoint(NOOP)")!;
      if (stand.log - stand.checkpointed >= checkpointPages) this.#sql.run("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (error) {
      this.#failed(error);
    }
  }

  close(): void {
    this.#sql.close();
  }

  #failed(error: unknown): Failure {
    const failure = failureOf(error);
    if (isLasting(failure)) this.#broken = failure;
    return failure;
  }
}
