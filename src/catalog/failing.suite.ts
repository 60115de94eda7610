import { Sql, type Value } from "./sql.ts";

/** A connection whose statements that begin with `fails` throw as SQLite does. */
export class FailingSql extends Sql {
  fails = "";
  code = "SQLITE_IOERR_FSYNC";

  override run(text: string, ...values: Value[]): number {
    if (this.fails !== "" && text.startsWith(this.fails))
      throw Object.assign(new Error("disk I/O error"), { code: this.code });
    return super.run(text, ...values);
  }
}
