import { ChartroomError, type ErrorCode } from "../oci/errors.ts";

/** Exit codes, fixed for ever: scripts branch on them. */
export const exitCodes: Record<ErrorCode, number> = {
  invalid: 1,
  remote: 1,
  storage: 1,
  busy: 1,
  usage: 2,
  not_found: 3,
  not_allowed: 4,
  conflict: 5,
  not_verified: 6,
  network: 7,
  interrupted: 130,
};

/** What a person or a program is told of an error. */
export interface Explanation {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Errors of the operating system that a person can do something about: what to say, and what next. */
const storageErrors: Record<string, { says: string; hint?: string }> = {
  ENOSPC: { says: "the disk is full", hint: "Free some space and run it again; nothing was lost." },
  EDQUOT: { says: "the disk quota is used up", hint: "Free some space and run it again; nothing was lost." },
  EROFS: {
    says: "the file system is read-only",
    hint: "Nothing was changed. Choose a place that can be written.",
  },
  EACCES: {
    says: "permission denied",
    hint: "Look at its owner and mode, and at those of the directories above.",
  },
  EPERM: { says: "not permitted" },
  EIO: { says: "the disk reports an error" },
  ENOTDIR: { says: "a part of the path is a file" },
  EISDIR: { says: "it is a directory" },
  ENOENT: { says: "no such file or directory" },
  EMFILE: { says: "too many open files", hint: "Raise the limit with ulimit -n." },
};

/**
 * Any thrown value as what its reader should see: our own errors as they are, the operating system's in words, an abort as
 * an interruption. Whatever is left is a fault of ours and says so.
 */
export function explain(error: unknown): Explanation {
  if (error instanceof ChartroomError) return error;
  if (error instanceof AggregateError && error.errors.length > 0) return explain(error.errors[0]);
  if (!(error instanceof Error)) return { code: "invalid", message: String(error), hint: undefined };
  if (error.name === "AbortError")
    return { code: "interrupted", message: "interrupted", hint: "Run it again to go on." };
  const { code, path, hint } = error as NodeJS.ErrnoException & { hint?: string };
  if (code !== undefined && Object.hasOwn(exitCodes, code))
    return { code: code as ErrorCode, message: error.message, hint };
  if (code?.startsWith("SQLITE_"))
    return {
      code: "storage",
      message: `Cannot read the catalog: ${error.message}`,
      hint: "Look after the disk. A broken catalog is not mended: restore a backup (docs/operations.md).",
    };
  const known = code === undefined ? undefined : storageErrors[code];
  if (known !== undefined)
    return {
      code: "storage",
      message: path === undefined ? `Cannot go on: ${known.says}` : `Cannot use ${path}: ${known.says}`,
      hint: known.hint,
    };
  return {
    code: "invalid",
    message: `unexpected: ${error.message}`,
    hint: "This is a fault in chartroom; --debug shows where.",
  };
}

/** What `explain` says, as plain data: for another thread, or another process. */
export function failureOf(error: unknown): Explanation {
  const { code, message, hint } = explain(error);
  return { code, message, hint };
}
