import type { Command, Outcome } from "../../command.ts";

/** What the request's thread asks of the writer. The next is asked after the answer to the last. */
export type Request =
  | { readonly kind: "open"; readonly path: string }
  | { readonly kind: "apply"; readonly commands: readonly Command[] }
  | { readonly kind: "close" };

/** An error as plain data: structured clone keeps no more of one than its message. */
export interface Failure {
  readonly message: string;
  /** SQLite's name of it, like `SQLITE_FULL`, where SQLite threw it. */
  readonly code: string | undefined;
}

/** What became of one command of a batch: its outcome, or an error that was its own. */
export type Result = { readonly outcome: Outcome } | { readonly failure: Failure };

/** The writer's answer. `failed` means that nothing of the request was done, as far as anyone can know. */
export type Reply =
  | { readonly kind: "done"; readonly results: readonly Result[] }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Any thrown value as plain data. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: String(error), code: undefined };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return { message: error.message, code };
}

/**
 * Whether SQLite names a fault of the disk or of the file. After a failed fsync the kernel has dropped what it could not
 * write, and the next fsync succeeds without it: who wrote may not write again until the file was opened anew.
 */
export const isLasting = ({ code }: Failure): boolean =>
  code !== undefined && /^SQLITE_(IOERR|CORRUPT|NOTADB)/.test(code);
