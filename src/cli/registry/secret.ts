import { ChartroomError } from "../../oci/errors.ts";
import type { Context } from "../context.ts";

/**
 * The password on standard input: all of it, but for one newline at the end, as Helm and Docker read it.
 * @throws ChartroomError `usage` when it is not UTF-8
 */
export async function passwordFromInput(context: Context): Promise<string> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await context.readInput());
    return text.replace(/\r?\n$/, "");
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ChartroomError("usage", "Cannot use the password on standard input: it is not UTF-8", {
      cause,
    });
  }
}
