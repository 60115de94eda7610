import { type Digest, shortHex } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { Tag } from "../oci/reference.ts";
import type { Reads, StoredManifest } from "../oci/repository.ts";

/**
 * The manifest that a tag or digest names. With both the digest decides, and a tag that has moved on is an error, as in Helm.
 * @param missing makes the error for what is not there
 * @throws ChartroomError `not_found` or `conflict`
 */
export async function namedManifest(
  reads: Reads,
  { tag, digest }: { readonly tag?: Tag | undefined; readonly digest?: Digest | undefined },
  missing: () => ChartroomError,
): Promise<StoredManifest> {
  const name = digest ?? tag;
  const found = name && (await reads.manifest(name));
  if (found === undefined) throw missing();
  if (tag !== undefined && digest !== undefined) {
    const held = await reads.resolve(tag);
    if (held !== undefined && held.digest !== digest)
      throw new ChartroomError("conflict", `The tag ${tag} holds ${held.digest}, not ${digest}`);
  }
  return found;
}

/**
 * The refusal to replace what a tag holds.
 * @param done what was not done: `pushed`, `copied`
 */
export const tagTaken = (ref: string, held: Digest, wanted: Digest, done: string): ChartroomError =>
  new ChartroomError(
    "conflict",
    `${ref} holds another manifest: sha256:${shortHex(held)}, not sha256:${shortHex(wanted)}`,
    { hint: `Nothing was ${done}. --force replaces what the tag holds.` },
  );
