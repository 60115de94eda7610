import type { Command } from "../../command.ts";
import { executeTelling } from "../../telling.ts";
import { executors } from "../execute.ts";
import { eventRows } from "../executeEvents.ts";
import type { Sql } from "../sql.ts";
import { failureOf, isLasting, type Result } from "./messages.ts";

/**
 * Commit many commands with one fsync. Each stands in a savepoint of its own: one that throws is undone, and the others
 * go on. Results leave only after the commit, refusals too, since a refusal may rest on what an earlier command did.
 * @throws SQLiteError when the transaction failed: then no command was done
 */
export function applyBatch(sql: Sql, commands: readonly Command[]): Result[] {
  sql.run("BEGIN IMMEDIATE");
  try {
    const results = commands.map((command) => applyOne(sql, command));
    sql.run("COMMIT");
    return results;
  } catch (error) {
    if (sql.inTransaction) sql.run("ROLLBACK");
    throw error;
  }
}

function applyOne(sql: Sql, command: Command): Result {
  sql.run("SAVEPOINT command");
  try {
    const outcome = executeTelling(executors, eventRows, sql, command);
    sql.run("RELEASE command");
    return { outcome };
  } catch (error) {
    const failure = failureOf(error);
    // A full disk and its like end the whole transaction on their own (sqlite.org/lang_transaction.html, §3).
    if (!sql.inTransaction || isLasting(failure)) throw error;
    sql.run("ROLLBACK TO command");
    sql.run("RELEASE command");
    return { failure };
  }
}
