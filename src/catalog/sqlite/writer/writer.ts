// The catalog's writer: a worker, because each commit waits for the disk. It has the one connection that writes.

import { Sql } from "../sql.ts";
import { BatchWriter } from "./batchWriter.ts";
import { failureOf, type Reply, type Request } from "./messages.ts";

declare const self: Worker;

// A thread has a policy of its own, and begins with the binary's reluctant one (tools/task.mjs).
Bun.unsafe.setJITPolicy(1);

let writer: BatchWriter | undefined;

self.onmessage = ({ data }: MessageEvent<Request>) => {
  self.postMessage(answer(data));
  if (data.kind === "apply") writer?.checkpoint();
};

function answer(request: Request): Reply {
  try {
    if (request.kind === "open") writer = new BatchWriter(open(request.path));
    else if (writer === undefined) throw new Error("the catalog is not open");
    else if (request.kind === "apply") return writer.apply(request.commands);
    else writer.close();
    return { kind: "done", results: [] };
  } catch (error) {
    return { kind: "failed", failure: failureOf(error) };
  }
}

function open(path: string): Sql {
  const sql = new Sql(path);
  // An acknowledged write survives power loss: FULL syncs the log at each commit. On macOS a plain fsync leaves bytes in
  // the drive's cache, so SQLite is told to ask for more; elsewhere that means nothing.
  sql.script("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");
  sql.script("PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA busy_timeout = 5000");
  // What a savepoint would undo goes to a file in /var/tmp by default once it is 64 KiB, in twice as many writes as the log's.
  sql.script("PRAGMA temp_store = MEMORY");
  // What a dead process left in the log may stand in the kernel's memory alone, called clean after a failed sync: commits
  // behind it would be lost with it. Copied into the database now, all that is there is synced anew, and the log is empty.
  sql.run("PRAGMA wal_checkpoint(TRUNCATE)");
  return sql;
}
