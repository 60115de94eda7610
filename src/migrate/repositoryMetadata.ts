import { parseGoYaml } from "../chart/go/yaml.ts";
import { inMemory } from "../chart/packed.ts";
import { copy } from "../oci/copy.ts";
import { describe } from "../oci/descriptor.ts";
import { ChartroomError } from "../oci/errors.ts";
import { jsonBytes } from "../oci/json.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import { parseTag, type RepositoryName, type Tag } from "../oci/reference.ts";
import type { Source, StoredManifest } from "../oci/repository.ts";
import type { MigrationTarget } from "./migrate.ts";
import type { ChartSource } from "./source.ts";

/** Where Artifact Hub looks for who owns a classic repository. */
export const repositoryMetadataFile = "artifacthub-repo.yml";
/** Where it looks for who owns a chart's repository in a registry (Artifact Hub, "Helm charts repositories", OCI support). */
export const repositoryMetadataTag: Tag = parseTag("artifacthub.io");

/** In bytes; real ones have some hundreds. */
export const repositoryMetadataLimit = 1024 * 1024;

const configType = "application/vnd.cncf.artifacthub.config.v1+yaml";
const layerType = "application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml";

/**
 * What a classic repository tells Artifact Hub of itself, brought to the repositories of its charts: there each chart is a
 * repository of its own.
 */
export class RepositoryMetadata {
  readonly #source: Pick<ChartSource, "repositoryMetadata">;
  readonly #target: MigrationTarget;
  #packed: Promise<Packed | undefined> | undefined;
  readonly #brought = new Map<RepositoryName, Promise<boolean>>();

  constructor(source: Pick<ChartSource, "repositoryMetadata">, target: MigrationTarget) {
    this.#source = source;
    this.#target = target;
  }

  /**
   * Bring it to a repository, once however often it is asked. What stands under its tag already stays: perhaps somebody has
   * put there what is right for the chart alone.
   * @param dryRun only tell whether it would be brought
   * @returns false where the source has none, or the repository has one
   */
  bring(repository: RepositoryName, dryRun: boolean): Promise<boolean> {
    const brought = this.#brought.get(repository) ?? this.#bring(repository, dryRun);
    this.#brought.set(repository, brought);
    return brought;
  }

  async #bring(repository: RepositoryName, dryRun: boolean): Promise<boolean> {
    this.#packed ??= this.#source.repositoryMetadata().then((bytes) => bytes && packed(bytes));
    const metadata = await this.#packed;
    if (metadata === undefined) return false;
    const held = await this.#target.reads(repository).resolve(repositoryMetadataTag);
    if (held !== undefined || dryRun) return held === undefined;
    await this.#target.push(repository, async (writes) => {
      await copy(metadata.source, writes, metadata.manifest, {
        tags: [repositoryMetadataTag],
        expect: "absent",
      });
    });
    return true;
  }
}

interface Packed {
  readonly manifest: StoredManifest;
  readonly source: Source;
}

/** The artifact as `oras push` makes it by Artifact Hub's instructions, its file's bytes as they are, and without a date. */
function packed(bytes: Uint8Array): Packed {
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

/** @throws ChartroomError `invalid` for what is no metadata: a server may have a page for everything that it has not */
function checkMetadata(bytes: Uint8Array): void {
  const value = parseGoYaml(bytes, repositoryMetadataFile);
  const members = value instanceof Map ? [...value.keys()] : [];
  if (members.some((key) => ["repositoryID", "owners", "ignore"].includes(String(key)))) return;
  throw new ChartroomError(
    "invalid",
    `Cannot bring ${repositoryMetadataFile} along: it says nothing of a repository`,
  );
}
