import { type Descriptor, describe } from "../oci/descriptor.ts";
import { ChartroomError } from "../oci/errors.ts";
import { jsonBytes } from "../oci/json.ts";
import { blobsOf, parseManifest } from "../oci/manifest.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import type { Source, StoredManifest } from "../oci/repository.ts";
import { parseGoYaml } from "./go/yaml.ts";
import { inMemory } from "./packed.ts";

/** Where Artifact Hub looks for who owns a classic repository. */
export const repositoryMetadataFile = "artifacthub-repo.yml";
/** Where it looks for who owns a chart's repository in a registry (Artifact Hub, "Helm charts repositories", OCI support). */
export const repositoryMetadataTag: Tag = parseTag("artifacthub.io");

/** In bytes; real ones have some hundreds. */
export const repositoryMetadataLimit = 1024 * 1024;

const configType = "application/vnd.cncf.artifacthub.config.v1+yaml";
const layerType = "application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml";

/** The file that an artifact holds; undefined for another kind of artifact, or one that is too large. @throws ChartroomError `invalid` */
export const repositoryMetadataIn = ({ bytes, descriptor }: StoredManifest): Descriptor | undefined =>
  blobsOf(parseManifest(bytes, descriptor.mediaType)).find(
    ({ mediaType, size }) => mediaType === layerType && size <= repositoryMetadataLimit,
  );

/** The artifact, and where its parts are. */
export interface PackedMetadata {
  readonly manifest: StoredManifest;
  readonly source: Source;
}

/**
 * The artifact as `oras push` makes it by Artifact Hub's instructions, its file's bytes as they are, and without a date.
 * @throws ChartroomError `invalid` for what is no metadata
 */
export function packMetadata(bytes: Uint8Array): PackedMetadata {
  checkMetadata(bytes);
  const config = new TextEncoder().encode("{}");
  const parts = [
    { descriptor: describe(config, configType), bytes: config },
    { descriptor: describe(bytes, layerType), bytes },
  ] as const;
  const document = jsonBytes({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: parts[0].descriptor,
    layers: [
      {
        ...parts[1].descriptor,
        annotations: { "org.opencontainers.image.title": repositoryMetadataFile },
      },
    ],
  });
  const manifest = { descriptor: describe(document, mediaTypes.manifest), bytes: document };
  return { manifest, source: inMemory(manifest, parts) };
}

/** A server may have a page for everything that it has not. @throws ChartroomError `invalid` for such a page */
function checkMetadata(bytes: Uint8Array): void {
  const value = parseGoYaml(bytes, repositoryMetadataFile);
  const members = value instanceof Map ? [...value.keys()] : [];
  if (members.some((key) => ["repositoryID", "owners", "ignore"].includes(String(key)))) return;
  throw new ChartroomError(
    "invalid",
    `Cannot bring ${repositoryMetadataFile} along: it says nothing of a repository`,
  );
}
