import { type Digest, tryDigest } from "../oci/digest.ts";
import { type Tag, tryTag } from "../oci/reference.ts";

/**
 * What an entry of index.json is called in a repository: `host/repository:tag` as we write it. Other tools write the tag
 * alone; that is the repository of the empty name.
 */
export const entryName = (repository: string, tag: Tag): string =>
  repository === "" ? tag : `${repository}:${tag}`;

/**
 * An entry's name taken apart, into the repository and what is named in it: a tag, or the digest that a name ends with.
 * Undefined for a name that has neither.
 */
export function splitName(name: string): { repository: string; named: Tag | Digest } | undefined {
  const at = name.lastIndexOf("@");
  const digest = at < 0 ? undefined : tryDigest(name.slice(at + 1));
  if (digest !== undefined) {
    const tagged = splitName(name.slice(0, at));
    return { repository: tagged?.repository ?? name.slice(0, at), named: digest };
  }
  const colon = name.lastIndexOf(":");
  const tag = tryTag(name.slice(colon + 1));
  return tag === undefined ? undefined : { repository: name.slice(0, Math.max(0, colon)), named: tag };
}
