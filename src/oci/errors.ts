/**
 * What can go wrong, as a closed list. `cli/exit.ts` turns a code into an exit code, `server/v2/errors.ts` into a status.
 *
 * - `usage`: the caller's words are off: a reference, a flag, an argument
 * - `invalid`: content breaks a rule: not a chart, a hostile archive, a manifest that does not parse
 * - `not_found`, `not_allowed`, `conflict`: as HTTP's 404, 401/403 and 409/412
 * - `not_verified`: bytes differ from their digest or size
 * - `network`: no such host, refused, timed out, TLS not trusted
 * - `remote`: the other side answered nonsense, or failed
 * - `storage`: the disk is full, read-only or failing
 * - `busy`: too much is under way; the same again a little later succeeds (HTTP's 503)
 * - `interrupted`: the user stopped it
 */
export type ErrorCode =
  | "usage"
  | "invalid"
  | "not_found"
  | "not_allowed"
  | "conflict"
  | "not_verified"
  | "network"
  | "remote"
  | "storage"
  | "busy"
  | "interrupted";

/** What an error may carry beside its sentence. */
export interface ErrorContext {
  /** What to do next, as one sentence or a command to type. */
  hint?: string;
  cause?: unknown;
  /** How long the other side asks to be left alone, in ms. */
  retryAfter?: number;
}

/** An error a person can act on: one sentence that says what happened and what was expected, a code, and often a hint. */
export class ChartroomError extends Error {
  override readonly name = "ChartroomError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, { hint, cause, retryAfter }: ErrorContext = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.retryAfter = retryAfter;
  }
}
