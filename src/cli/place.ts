import { splitName } from "../layout/name.ts";
import { type Digest, parseDigest, tryDigest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import {
  parseReference,
  parseRegistryHost,
  parseTag,
  type RegistryHost,
  repositoryOf,
  type Tag,
  tryRepositoryName,
} from "../oci/reference.ts";

/** One repository, perhaps one manifest of it. */
export interface One {
  /** With its host; in a layout, whose names may be tags alone, it may be empty. */
  readonly repository: string;
  readonly tag?: Tag | undefined;
  readonly digest?: Digest | undefined;
}

/** All repositories whose names, host included, begin so: empty, or with a `/` at the end. */
export interface Below {
  readonly prefix: string;
}

/** What is meant of a place; undefined where nothing was said, as a layout's directory may stand alone. */
export type What = One | Below | undefined;

/** Where manifests may be copied from and to, as the user names it. */
export type Place =
  | { readonly kind: "registry"; readonly host: RegistryHost; readonly what: One | Below }
  | { readonly kind: "store"; readonly what: What }
  | { readonly kind: "layout"; readonly directory: string; readonly what: What };

/** Whether all repositories below a prefix are meant. */
export const isBelow = (what: What): what is Below => what !== undefined && "prefix" in what;

/**
 * A place: `[oci://]REF` in a registry, `store:REF` in the local store, `layout:DIR[:REF]` in a layout directory; with a
 * `/` at the end all repositories below. A registry that is called `store` or `layout` needs the `oci://`.
 * @throws ChartroomError `usage`
 */
export function parsePlace(text: string): Place {
  if (text.startsWith("store:")) return { kind: "store", what: parseStored(text.slice("store:".length)) };
  if (text.startsWith("layout:")) return { kind: "layout", ...splitLayout(text.slice("layout:".length)) };
  const bare = text.startsWith("oci://") ? text.slice("oci://".length) : text;
  if (bare.endsWith("/")) {
    const host = parseRegistryHost(bare.slice(0, bare.indexOf("/")));
    return { kind: "registry", host, what: parseBelow(bare) };
  }
  const { registry, ...reference } = parseReference(text);
  const repository = repositoryOf({ registry, repository: reference.repository });
  return { kind: "registry", host: registry, what: { ...reference, repository } };
}

/** A layout's directory and what is meant in it: the reference begins behind the first colon behind which one can stand. */
function splitLayout(text: string): { directory: string; what: What } {
  for (const { index } of text.matchAll(/[:@]/g)) {
    const rest = text.slice(text[index] === ":" ? index + 1 : index);
    const what = tried(() => parseInLayout(rest));
    if (index > 0 && what !== "wrong") return { directory: text.slice(0, index), what };
  }
  if (text === "") throw new ChartroomError("usage", "Cannot parse place: layout: needs a directory");
  return { directory: text, what: text.endsWith("/") ? { prefix: "" } : undefined };
}

/** As in a layout, and names that other tools gave: `mychart:0.1.0`. */
function parseStored(text: string): What {
  const what = tried(() => parseInLayout(text));
  if (what !== "wrong") return what;
  const { repository, named } = (/[/@]/.test(text) ? undefined : splitName(text)) ?? {};
  return repository && named ? { repository, tag: named as Tag } : parseInLayout(text);
}

/** `/`, a prefix, a whole reference, a tag alone, `@digest` alone, or nothing. */
function parseInLayout(text: string): What {
  if (text === "") return undefined;
  if (text === "/") return { prefix: "" };
  if (text.endsWith("/")) return parseBelow(text);
  if (text.includes("/")) {
    const { registry, repository, ...named } = parseReference(text);
    return { ...named, repository: repositoryOf({ registry, repository }) };
  }
  const [, tag = "", digest] = /^([^@]*)(?:@(.*))?$/s.exec(text) ?? [];
  return {
    repository: "",
    ...((tag !== "" || digest === undefined) && { tag: parseTag(tag) }),
    ...(digest !== undefined && { digest: parseDigest(digest) }),
  };
}

/** `host/` or `host/path/`. */
function parseBelow(text: string): Below {
  const [host = "", ...path] = text.slice(0, -1).split("/");
  parseRegistryHost(host);
  if (path.length === 0 || tryRepositoryName(path.join("/")) !== undefined) return { prefix: text };
  throw new ChartroomError("usage", `Cannot parse prefix "${text}": expected HOST[:PORT]/[PATH/]`);
}

function tried<T>(parse: () => T): T | "wrong" {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ChartroomError) return "wrong";
    throw error;
  }
}

/** A reference of a place as it is printed and as index.json has it. */
export const formatOne = ({ repository, tag, digest }: One): string => {
  const named = [repository, tag].filter((part) => part).join(":");
  return digest === undefined ? named : `${named}@${digest}`;
};

/** What is named in a repository: by a digest or by a tag. */
export const namedIn = (repository: string, named: Tag | Digest): One => {
  const digest = tryDigest(named);
  return digest === undefined ? { repository, tag: named as Tag } : { repository, digest };
};

/**
 * What a source's reference is called in the target. A target without a tag keeps the source's; one that is a prefix has
 * below it what stands behind the source's prefix, or behind its host; one that says nothing keeps the whole name.
 * @param prefix the source's; empty where it is none
 */
export function targetIn(what: What, { repository, tag }: One, prefix: string): One {
  if (what !== undefined && !isBelow(what)) return { repository: what.repository, tag: what.tag ?? tag };
  if (what === undefined || what.prefix === "") return { repository, tag };
  const path =
    prefix === "" ? repository.slice(repository.indexOf("/") + 1) : repository.slice(prefix.length);
  return { repository: what.prefix + path, tag };
}
