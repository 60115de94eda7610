import { ChartroomError } from "../oci/errors.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { ask } from "./prompt.ts";

/**
 * Go on only when the user says so: by `--yes`, or by `y` on a terminal.
 * @param question as it ends in a question mark
 * @throws ChartroomError `usage` where nobody can be asked, `interrupted` for any answer but yes
 */
export async function confirm(
  question: string,
  { yes, ...options }: GlobalOptions & { readonly yes?: boolean },
  context: Context,
): Promise<void> {
  if (yes) return;
  const asked = { label: `${question} [y/N]: `, about: "a confirmation", secret: false };
  const [answer = ""] = await ask(
    [asked],
    "Nothing was done. --yes does it without asking.",
    options,
    context,
  );
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new ChartroomError("interrupted", "Nothing was done: the answer was not yes");
}
