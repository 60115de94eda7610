import { Sql, type Value } from "./sql.ts";

/** A connection whose statements that begin with `fails` throw as SQLite does. */
export class FailingSql extends Sql {
  fails = "";
  code = "SQLITE_IOERR_FSYNC";

  override run(text: string, ...values: Value[]): number {
    this.#check(text);
    return super.run(text, ...values);
  }

  override insert(text: string, ...values: Value[]): number {
    this.#check(text);
    return super.insert(text, ...values);
  }

  #check(text: string): void {
    if (this.fails !== "" && text.startsWith(this.fails))
      throw Object.assign(new Error("disk I/O error"), { code: this.code });
  }
}
