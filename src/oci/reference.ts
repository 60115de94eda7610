import { type Digest, parseDigest, shortHex } from "./digest.ts";
import { ChartroomError } from "./errors.ts";

/** `host[:port]` of a registry, as typed. */
export type RegistryHost = string & { readonly __registryHost: unique symbol };
/** A repository's name inside its registry, e.g. `myrepo/mychart`. */
export type RepositoryName = string & { readonly __repositoryName: unique symbol };
/** A tag, e.g. `2.7.0`. */
export type Tag = string & { readonly __tag: unique symbol };

/** `host[:port]/repository[:tag][@digest]`: what the user types and what the store keeps as `ref.name`. */
export interface Reference {
  readonly registry: RegistryHost;
  readonly repository: RepositoryName;
  readonly tag?: Tag;
  readonly digest?: Digest;
}

// distribution-spec, "Pulling manifests": one `.`, one or two `_`, any run of `-` between runs of [a-z0-9].
const nameGrammar = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagGrammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
// A DNS name, an IPv4 address, or an IPv6 address in brackets; then perhaps a port.
const hostGrammar =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?$/;
/** Many clients hold host and name to 255 characters together (distribution-spec, "Pulling manifests", note). */
const nameLimit = 255;

/** `text` as a repository's name, or undefined when it is none. */
export const tryRepositoryName = (text: string): RepositoryName | undefined =>
  text.length <= nameLimit && nameGrammar.test(text) ? (text as RepositoryName) : undefined;

/** `text` as a tag, or undefined when it is none. A `+` is none: `parseTag` turns it into `_`. */
export const tryTag = (text: string): Tag | undefined => (tagGrammar.test(text) ? (text as Tag) : undefined);

/**
 * A chart version as a tag: `+` becomes `_`, as Helm writes it, since a tag may not hold `+`.
 * @throws ChartroomError `usage` when the rest does not fit the grammar of tags
 */
export function parseTag(text: string): Tag {
  const tag = tryTag(text.replaceAll("+", "_"));
  if (tag !== undefined) return tag;
  if (text === "") throw new ChartroomError("usage", "Cannot parse tag: it is empty");
  throw new ChartroomError(
    "usage",
    `Cannot parse tag "${text}": expected at most 128 letters, digits, ".", "_" and "-", the first no "." or "-"`,
  );
}

/** @throws ChartroomError `usage` when `text` is no `host[:port]` */
export function parseRegistryHost(text: string): RegistryHost {
  const match = hostGrammar.exec(text);
  if (match !== null && Number(match[1] ?? 1) <= 65535 && match[1] !== "0") return text as RegistryHost;
  throw new ChartroomError("usage", `Cannot parse registry "${text}": expected HOST or HOST:PORT`, {
    hint: /^https?:\/\//.test(text)
      ? "Leave out the scheme; --plain-http asks for http."
      : "For example localhost:5000.",
  });
}

/**
 * What one logs in to: `host[:port]`, or with a path that the login is for alone.
 * @throws ChartroomError `usage` when it is neither
 */
export function parseLoginTarget(text: string): { registry: RegistryHost; path?: RepositoryName } {
  const slash = text.indexOf("/");
  if (slash < 0 || /^[a-z]+:\/\//.test(text)) return { registry: parseRegistryHost(text) };
  const path = tryRepositoryName(text.slice(slash + 1));
  if (path !== undefined) return { registry: parseRegistryHost(text.slice(0, slash)), path };
  throw new ChartroomError("usage", `Cannot parse "${text}": expected HOST[:PORT], or HOST[:PORT]/PATH`, {
    hint: "A path is lower-case letters and digits, with . _ - between them and / between parts; no tag.",
  });
}

/**
 * The one parser of references. An `oci://` in front is taken off; nothing is ever put in: no default registry, no
 * default tag. `+` in a tag becomes `_`.
 * @throws ChartroomError `usage` that names the part which does not parse
 */
export function parseReference(text: string): Reference {
  const refuse = (
    why: string,
    hint = "Expected HOST[:PORT]/REPOSITORY[:TAG], for example localhost:5000/myrepo/mychart:2.7.0.",
  ) => new ChartroomError("usage", `Cannot parse reference "${text}": ${why}`, { hint });
  const bare = text.startsWith("oci://") ? text.slice("oci://".length) : text;
  if (bare === "") throw refuse("it is empty");
  if (/^https?:\/\//.test(bare))
    throw refuse("it is a URL", "Leave out the scheme; --plain-http asks for http.");
  const slash = bare.indexOf("/");
  if (slash < 0) throw refuse("the registry is missing");
  const [host, rest] = [bare.slice(0, slash), bare.slice(slash + 1)];
  const at = rest.indexOf("@");
  const named = at < 0 ? rest : rest.slice(0, at);
  const colon = named.indexOf(":");
  const path = colon < 0 ? named : named.slice(0, colon);

  const registry = within(refuse, () => parseRegistryHost(host));
  const repository = tryRepositoryName(path);
  if (path === "") throw refuse("the repository is empty");
  if (repository === undefined)
    throw refuse(
      /[A-Z]/.test(path) ? "the repository has upper-case letters" : `"${path}" is no repository name`,
      "A repository is lower-case letters and digits, with . _ - between them and / between parts.",
    );
  if (colon >= 0 && colon === named.length - 1) throw refuse("the tag is empty");
  const tag = colon < 0 ? undefined : within(refuse, () => parseTag(named.slice(colon + 1)));
  const digest = at < 0 ? undefined : within(refuse, () => parseDigest(rest.slice(at + 1)));
  return { registry, repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/** Run a part's parser and put its reason into the whole reference's error. */
function within<T>(refuse: (why: string) => ChartroomError, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ChartroomError)) throw error;
    throw refuse(error.message.replace(/^Cannot parse /, ""));
  }
}

/** `host[:port]/repository`, without tag and digest. */
export const repositoryOf = ({ registry, repository }: Pick<Reference, "registry" | "repository">): string =>
  `${registry}/${repository}`;

/** A reference as text, the way it parses again. */
export const formatReference = (reference: Reference): string =>
  repositoryOf(reference) +
  (reference.tag === undefined ? "" : `:${reference.tag}`) +
  (reference.digest === undefined ? "" : `@${reference.digest}`);

/** What a line of output begins with: the tag, or `sha256:<first seven>` for a reference by digest. */
export const labelOf = ({ tag, digest }: Pick<Reference, "tag" | "digest">): string =>
  tag ?? (digest === undefined ? "" : `${digest.slice(0, digest.indexOf(":"))}:${shortHex(digest)}`);
