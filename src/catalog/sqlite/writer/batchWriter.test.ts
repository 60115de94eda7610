import { expect, test } from "bun:test";
import { here, linkBlob, one, putManifest } from "../../../testing/commands.ts";
import { noise } from "../../../testing/streams.ts";
import { freshCatalogs } from "../../fresh.suite.ts";
import { FailingSql } from "../failing.suite.ts";
import { BatchWriter } from "./batchWriter.ts";
import type { Reply } from "./messages.ts";

const fresh = freshCatalogs();
const link = linkBlob(here, one.blobs[0]!);
const done: Reply = { kind: "done", results: [{ outcome: { done: true } }] };
const failedWith = (code: string): Reply => ({
  kind: "failed",
  failure: { message: "disk I/O error", code },
});

async function writing(body: (writer: BatchWriter, sql: FailingSql) => void): Promise<void> {
  const sql = new FailingSql(await fresh());
  sql.script("PRAGMA wal_autocheckpoint = 0");
  const writer = new BatchWriter(sql);
  try {
    body(writer, sql);
  } finally {
    writer.close();
  }
}

const logOf = (sql: FailingSql) =>
  sql.one<{ log: number; checkpointed: number }>("PRAGMA wal_checkpoint(NOOP)")!;
/** A command that writes more pages than the log may hold back. */
const large = { ...putManifest(here, one), bytes: noise(4_200_000), blobs: [] };

test("after a failed fsync nothing is written, though a second one would succeed", () =>
  writing((writer, sql) => {
    sql.fails = "COMMIT";
    expect(writer.apply([link])).toEqual(failedWith("SQLITE_IOERR_FSYNC"));
    sql.fails = "";
    expect(writer.apply([link])).toEqual(failedWith("SQLITE_IOERR_FSYNC"));
  }));

test("a full disk or a lock fails its batch only", () =>
  writing((writer, sql) => {
    for (const code of ["SQLITE_FULL", "SQLITE_BUSY"]) {
      Object.assign(sql, { fails: "COMMIT", code });
      expect(writer.apply([link])).toEqual(failedWith(code));
      sql.fails = "";
      expect(writer.apply([link])).toEqual(done);
    }
  }));

test("the log goes into the database once it has grown", () =>
  writing((writer, sql) => {
    writer.apply([link]);
    writer.checkpoint();
    expect(logOf(sql)).toMatchObject({ checkpointed: 0 });
    writer.apply([large]);
    writer.checkpoint();
    const { log, checkpointed } = logOf(sql);
    expect(log).toBeGreaterThan(1000);
    expect(checkpointed).toBe(log);
  }));

test("a checkpoint that the disk fails stops the writer", () =>
  writing((writer, sql) => {
    writer.apply([large]);
    sql.fails = "PRAGMA wal_checkpoint";
    writer.checkpoint();
    sql.fails = "";
    expect(writer.apply([link])).toEqual(failedWith("SQLITE_IOERR_FSYNC"));
  }));
