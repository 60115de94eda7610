import { ChartroomError } from "../oci/errors.ts";
import { connectionOf } from "./connection.ts";
import type { Context } from "./context.ts";
import { openPlace } from "./openPlace.ts";
import { print } from "./output.ts";
import { isBelow, parsePlace } from "./place.ts";
import type { StoreOptions } from "./store.ts";

/** `tags REPOSITORY`: every tag, in the order of their bytes, as registries sort them. */
export async function tags([text = ""]: string[], options: StoreOptions, context: Context): Promise<void> {
  const place = parsePlace(text);
  const { what = { repository: "" } } = place;
  if (isBelow(what) || (what.tag ?? what.digest) !== undefined)
    throw new ChartroomError("usage", `Cannot list tags of "${text}": expected a repository alone`);
  const { repository } = what;
  const open = openPlace(place, await connectionOf(options, context), options, context);
  const found = await Array.fromAsync(open.reads(repository).tags());
  if (found.length === 0)
    throw new ChartroomError("not_found", `No tags: ${text} has none, or is not there`, {
      hint: "Check its spelling; a registry may also hide what it does not let you read.",
    });
  const lines = found.join("\n");
  print(context, options, { text: `${lines}\n`, json: { repository, tags: found }, quiet: lines });
}
