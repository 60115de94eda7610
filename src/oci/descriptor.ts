import { type Digest, digestOf, tryDigest } from "./digest.ts";
import { ChartroomError } from "./errors.ts";
import { isObject, isStringMap } from "./json.ts";

/** Where content is told from outside: its type, digest and size in bytes (image-spec descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where else the content may be had; a descriptor with URLs need not be in the repository. */
  readonly urls?: readonly string[];
}

/** The descriptor of bytes in memory. */
export function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

/**
 * A descriptor out of parsed JSON; members we do not know are left out.
 * @param where names the place in the error, e.g. `layers[0]`
 * @throws ChartroomError `invalid` when a required member is missing or wrong
 */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  const refuse = (why: string) => new ChartroomError("invalid", `Cannot parse descriptor ${where}: ${why}`);
  if (!isObject(value)) throw refuse("expected an object");
  const { mediaType, digest, size, artifactType, annotations, urls } = value;
  if (typeof mediaType !== "string" || mediaType === "") throw refuse("mediaType is missing");
  const parsed = typeof digest === "string" ? tryDigest(digest) : undefined;
  if (parsed === undefined)
    throw refuse(`${JSON.stringify(digest) ?? "no digest"} is no digest that we can verify`);
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw refuse("size is not a number of bytes");
  // Member by member: an index has ten thousand of these, and spreading parts together takes four times as long.
  const descriptor: { -readonly [Member in keyof Descriptor]: Descriptor[Member] } = {
    mediaType,
    digest: parsed,
    size: size as number,
  };
  if (typeof artifactType === "string" && artifactType !== "") descriptor.artifactType = artifactType;
  if (annotations !== undefined && annotations !== null) {
    if (!isStringMap(annotations)) throw refuse("annotations are not strings");
    descriptor.annotations = annotations;
  }
  if (Array.isArray(urls)) descriptor.urls = urls.filter((url) => typeof url === "string");
  return descriptor;
}
