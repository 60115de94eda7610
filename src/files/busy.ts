// Apart from the lock itself: who only tells of it, as every command's exit does, need not load SQLite, which takes 1 ms.

/** Another holder did not let go in time. Its `code` is one of the house's, as if it came from `oci/errors.ts`. */
export class LockBusyError extends Error {
  override readonly name = "LockBusyError";
  readonly code = "busy";
  readonly hint = "Another chartroom is at work there; run it again when that has ended.";
  /** The lock's file. */
  readonly path: string;

  constructor(path: string, mode: string, wait: number) {
    super(`Cannot lock "${path}" (${mode}): it is held by another process${waited(wait)}`);
    this.path = path;
  }
}

const waited = (wait: number): string => (wait === 0 ? "" : ` and was for all of ${wait / 1000} s`);
