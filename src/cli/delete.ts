import { ChartroomError } from "../oci/errors.ts";
import { confirm } from "./confirm.ts";
import { connectionOf } from "./connection.ts";
import type { Context } from "./context.ts";
import { openPlace } from "./openPlace.ts";
import { print, shown } from "./output.ts";
import { formatOne, isBelow, parsePlace } from "./place.ts";
import type { StoreOptions } from "./store.ts";

interface DeleteOptions extends StoreOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/**
 * `delete NAME:TAG` takes the tag away and leaves the manifest, `delete NAME@DIGEST` takes the manifest away with all its
 * tags. What a registry cannot do is never done in another way: a manifest may have other tags.
 */
export async function deleteNamed(
  [text = ""]: string[],
  options: DeleteOptions,
  context: Context,
): Promise<void> {
  const place = parsePlace(text);
  const { what } = place;
  if (what === undefined || isBelow(what) || (what.tag === undefined) === (what.digest === undefined))
    throw new ChartroomError("usage", `Cannot delete "${text}": expected either NAME:TAG or NAME@DIGEST`, {
      hint: "A tag goes alone; by digest the manifest goes, with all its tags.",
    });
  const { repository, tag, digest } = what;
  const ref = formatOne(what);
  const open = openPlace(place, await connectionOf(options, context), options, context);
  const held = await open.reads(repository).resolve((tag ?? digest)!);
  if (held === undefined) throw open.notFound(ref);
  const untags = tag !== undefined;
  const says = untags ? "untagged" : "deleted";
  const json = { ref, manifest: shown(held) };
  if (options.dryRun)
    return print(context, options, {
      text: `${ref}: would be ${says}\n`,
      json: { ...json, status: "dry-run" },
      quiet: undefined,
    });
  await confirm(
    untags ? `Untag ${ref}, which is ${held.digest}?` : `Delete ${ref}, and every tag of it?`,
    options,
    context,
  );
  const deletes = open.deletes(repository);
  const gone = await (untags ? deletes.untag(tag) : deletes.delete(held.digest));
  if (!gone) throw open.notFound(ref);
  print(context, options, { text: `${ref}: ${says}\n`, json: { ...json, status: says }, quiet: undefined });
}
