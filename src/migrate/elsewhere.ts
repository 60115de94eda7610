import { ChartroomError } from "../oci/errors.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import type { IndexRow } from "./indexRow.ts";
import { refusal } from "./urls.ts";

/**
 * Where a row's chart is when the index says that it is in a registry, as Helm reads it: by the first URL. Undefined where that
 * leads to an archive.
 * @param home of the index: what is outside may not lead inside
 * @throws ChartroomError `invalid` when it is no reference, or leads to where nothing is asked for
 */
export function referenceOf(
  home: URL,
  { urls: [first = ""] }: Pick<IndexRow, "urls">,
): Reference | undefined {
  if (!first.startsWith("oci://")) return undefined;
  const refuse = (why: string) =>
    new ChartroomError("invalid", `Cannot fetch ${first.slice(0, 200)}: ${why}`);
  let reference: Reference;
  try {
    reference = parseReference(first);
  } catch (error) {
    if (!(error instanceof ChartroomError)) throw error;
    throw refuse(error.message);
  }
  const refused = refusal(home, new URL(`https://${reference.registry}`));
  if (refused !== undefined) throw refuse(refused);
  return reference;
}
