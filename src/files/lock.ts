// The one module that names bun:sqlite for locking: node has no flock, and SQLite's locks are the system's own on every
// platform. Nothing is ever written: the file stays at 0 bytes.
import { Database } from "bun:sqlite";
import { access, constants } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "./filesystem.ts";

/**
 * - `shared`: any number at once; none beside an exclusive one
 * - `turn`: one at a time, beside any number of shared ones
 * - `exclusive`: alone
 *
 * They are SQLite's SHARED, RESERVED and EXCLUSIVE locks (sqlite.org/lockingv3.html). Who holds `shared` may take `turn` on
 * top, with a second `acquire`; who holds `shared` or `turn` and asks for `exclusive` waits for himself.
 */
export type LockMode = "shared" | "turn" | "exclusive";

/** Another holder did not let go in time. Its `code` is one of the house's, as if it came from `oci/errors.ts`: data in use. */
export class LockBusyError extends Error {
  override readonly name = "LockBusyError";
  readonly code = "conflict";
  readonly hint = "Another chartroom is at work there; run it again when that has ended.";
  /** The lock's file. */
  readonly path: string;

  constructor(path: string, mode: string, wait: number) {
    super(`Cannot lock "${path}" (${mode}): it is held by another process${waited(wait)}`);
    this.path = path;
  }
}

const waited = (wait: number): string => (wait === 0 ? "" : ` and was for all of ${wait / 1000} s`);

/** A lock that is held until `release`, or until its process ends in any way, `kill -9` too. */
export interface Lock extends AsyncDisposable {
  /** Let go. Doing it again changes nothing. */
  release(): void;
}

export interface AcquireOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait, in ms; 0 tries once. Half a minute unless told. */
  readonly wait?: number | undefined;
}

const begin: Record<LockMode, string> = {
  shared: "BEGIN",
  turn: "BEGIN IMMEDIATE",
  exclusive: "BEGIN EXCLUSIVE",
};

/**
 * Held connections, so that a holder who drops his `Lock` keeps it: a connection that is collected as garbage would let go
 * of its lock silently.
 */
const held = new Set<Database>();

/**
 * Take a lock on the side file `path`, which is made when absent; its directory must be there. Waits without blocking the
 * thread; `exclusive` may be passed by whoever comes for less. Of two who try `turn` once (`wait: 0`) one gets it; two who
 * try `exclusive` may turn each other away. Never open that file by other means: POSIX drops all locks of a process on a
 * file when it closes any descriptor of that file.
 * @throws LockBusyError after `wait` ms; the signal's reason when aborted; node's error when the file cannot be opened
 */
export async function acquire(
  path: string,
  mode: LockMode,
  { signal, wait = 30_000 }: AcquireOptions = {},
): Promise<Lock> {
  signal?.throwIfAborted();
  const deadline = performance.now() + wait;
  let database: Database | undefined;
  try {
    database = new Database(path, { create: true, readwrite: true });
    while (!attempt(database, mode)) {
      if (performance.now() >= deadline) throw new LockBusyError(path, mode, wait);
      // Even steps with jitter: a wait that grows would let newcomers pass those who wait longest.
      await sleep(1 + Math.random() * 4, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  } catch (error) {
    database?.close();
    throw await explain(error, path);
  }
  return hold(database);
}

function hold(database: Database): Lock {
  held.add(database);
  const release = () => {
    held.delete(database);
    database.close();
  };
  return { release, [Symbol.asyncDispose]: async () => release() };
}

/** One try. Gives false when another holder is in the way. */
function attempt(database: Database, mode: LockMode): boolean {
  try {
    // With the default mode, BEGIN IMMEDIATE on an empty database leaves a `-journal` file beside it (seen by strace).
    database.run("PRAGMA journal_mode = MEMORY");
    database.run(begin[mode]);
    // A plain BEGIN takes its lock at the first read.
    if (mode === "shared") database.run("SELECT 1 FROM sqlite_schema");
    return true;
  } catch (error) {
    if (database.inTransaction) database.run("ROLLBACK");
    if (errorCode(error) === "SQLITE_BUSY") return false;
    throw error;
  }
}

/** SQLite says only "unable to open database file": ask the system why, without opening the file. */
async function explain(error: unknown, path: string): Promise<unknown> {
  if (!errorCode(error)?.startsWith("SQLITE_")) return error;
  const cause = await refusal(path, constants.R_OK | constants.W_OK);
  if (errorCode(cause) === "ENOENT") {
    const why = await refusal(dirname(path), constants.W_OK | constants.X_OK);
    if (why !== undefined) return why;
  } else if (cause !== undefined) return cause;
  const message = `Cannot lock "${path}": ${(error as Error).message}`;
  return Object.assign(new Error(message, { cause: error }), { code: "storage" });
}

/** Why the system refuses this access, or undefined when it does not. */
const refusal = (path: string, wanted: number): Promise<unknown> =>
  access(path, wanted).then(
    () => undefined,
    (error: unknown) => error,
  );
