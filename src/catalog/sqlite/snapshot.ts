import { ChartroomError } from "../../oci/errors.ts";
import { executors } from "./execute.ts";
import { upgrade } from "./schema.ts";
import { Sql } from "./sql.ts";

/**
 * Copy a catalog as it stands at one moment, while others write to it, into a new database of the newest schema. It has no
 * upload sessions: their bytes are not part of a copy, and what was not finished was never acknowledged. Blocks its thread
 * for as long as that takes; what it made is not synced.
 * @param to where nothing is yet
 * @throws ChartroomError `storage` when the disk is full or failing, the catalog is broken or a newer chartroom wrote it,
 *   `invalid` when it is none
 */
export function snapshotSqlite(from: string, to: string): void {
  try {
    copyDatabase(from, to);
  } catch (cause) {
    if (cause instanceof ChartroomError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ChartroomError("storage", `Cannot copy catalog ${from} to ${to}: ${why}`, { cause });
  }
}

function copyDatabase(from: string, to: string): void {
  const source = new Sql(from);
  try {
    source.run("VACUUM INTO ?", to);
  } finally {
    source.close();
  }
  const copy = new Sql(to);
  try {
    upgrade(copy, to);
    copy.script("PRAGMA foreign_keys = ON; BEGIN");
    for (const { id } of copy.all<{ id: string }>("SELECT id FROM upload"))
      executors["close-upload"](copy, { kind: "close-upload", id });
    copy.script("COMMIT");
  } finally {
    copy.close();
  }
}
