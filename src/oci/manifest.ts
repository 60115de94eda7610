import { type Descriptor, parseDescriptor } from "./descriptor.ts";
import { ChartroomError } from "./errors.ts";
import { isStringMap, type JsonObject, parseJsonObject } from "./json.ts";
import { mediaTypes } from "./mediaTypes.ts";

interface Common {
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  readonly subject: Descriptor | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** An image manifest: the shape of charts, images and artifacts alike. */
export interface ImageManifest extends Common {
  readonly kind: "image";
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** An image index: manifests under one name. */
export interface IndexManifest extends Common {
  readonly kind: "index";
  readonly manifests: readonly Descriptor[];
}

/** A manifest of a type that we do not know: kept and served, never looked into. */
export interface OpaqueManifest extends Common {
  readonly kind: "opaque";
}

export type Manifest = ImageManifest | IndexManifest | OpaqueManifest;

const kinds = new Map<string, "image" | "index">([
  [mediaTypes.manifest, "image"],
  [mediaTypes.dockerManifest, "image"],
  [mediaTypes.index, "index"],
  [mediaTypes.dockerManifestList, "index"],
]);

/** What a document of the other kind has, or one of Docker's schema 1. */
const foreign = { image: ["manifests", "fslayers"], index: ["config", "layers", "fslayers"] };

/**
 * Whether a document is of one kind by its type and of another by its members: programs that go by these would find other content
 * under its digest than those that go by that (CVE-2021-41190). Go's take members in any case for theirs.
 */
export function isAmbiguous(document: JsonObject, mediaType: string): boolean {
  const kind = kinds.get(mediaType);
  if (kind === undefined) return false;
  const members = Object.keys(document).filter((name) => document[name] !== null);
  return members.some((name) => foreign[kind].includes(name.toLowerCase()));
}

/**
 * A manifest out of its bytes. Parsed to check and to follow, never to be written again: the bytes are the identity.
 * Extra members are fine, as are empty lists and unknown media types (distribution-spec conformance data sets).
 * @param mediaType what the sender or the descriptor says; the document's own `mediaType` must agree where it has one
 * @throws ChartroomError `invalid` when the document is broken or says another type than `mediaType`
 */
export function parseManifest(bytes: Uint8Array, mediaType: string): Manifest {
  const document = parseJsonObject(bytes, "manifest");
  if (document.mediaType !== undefined && document.mediaType !== mediaType)
    throw new ChartroomError(
      "invalid",
      `Cannot parse manifest: it says mediaType ${JSON.stringify(document.mediaType)}, expected "${mediaType}"`,
    );
  const kind = kinds.get(mediaType);
  const common = commonOf(document, mediaType);
  if (kind === undefined) return { kind: "opaque", ...common };
  if (document.schemaVersion !== 2)
    throw new ChartroomError("invalid", "Cannot parse manifest: schemaVersion is not 2");
  if (kind === "index") return { kind, ...common, manifests: descriptors(document, "manifests") };
  return {
    kind,
    ...common,
    config: parseDescriptor(document.config, "config"),
    layers: descriptors(document, "layers"),
  };
}

function commonOf(document: JsonObject, mediaType: string): Common {
  const { artifactType, subject, annotations } = document;
  return {
    mediaType,
    artifactType: typeof artifactType === "string" && artifactType !== "" ? artifactType : undefined,
    subject: subject === undefined || subject === null ? undefined : parseDescriptor(subject, "subject"),
    annotations: isStringMap(annotations) ? annotations : {},
  };
}

function descriptors(document: JsonObject, member: string): Descriptor[] {
  const list = document[member];
  // Go writes an empty list as null (oras-go's index after its last delete); the specification says an array.
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list))
    throw new ChartroomError("invalid", `Cannot parse manifest: ${member} is not a list`);
  return list.map((each, i) => parseDescriptor(each, `${member}[${i}]`));
}

/** The blobs that a manifest names, config first, in its own order. */
export const blobsOf = (manifest: Manifest): readonly Descriptor[] =>
  manifest.kind === "image" ? [manifest.config, ...manifest.layers] : [];

/** The manifests that a manifest names. The subject is no child: it may come later, or never. */
export const manifestsOf = (manifest: Manifest): readonly Descriptor[] =>
  manifest.kind === "index" ? manifest.manifests : [];

/** The artifactType a referrer is listed under (distribution-spec, "Listing Referrers"): its own, else the config's type. */
export const artifactTypeOf = (manifest: Manifest): string | undefined =>
  manifest.artifactType ?? (manifest.kind === "image" ? manifest.config.mediaType : undefined);
