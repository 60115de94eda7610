import { ChartroomError, type ErrorCode } from "../oci/errors.ts";

/**
 * What work fails with, or undefined when it succeeds. Better than `expect(…).rejects`, which in Bun 1.4.5 waits without
 * letting the test's time limit through: a promise that never settles hangs the whole run.
 */
export async function failureOf(work: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof work === "function" ? work() : work);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The code that work fails with, or "none" when it succeeds; an error that is no ChartroomError is thrown on. */
export async function codeOf(work: Promise<unknown> | (() => unknown)): Promise<ErrorCode | "none"> {
  const failure = await failureOf(work);
  if (failure === undefined) return "none";
  if (failure instanceof ChartroomError) return failure.code;
  throw failure;
}
