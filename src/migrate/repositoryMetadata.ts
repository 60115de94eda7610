import { type PackedMetadata, packMetadata, repositoryMetadataTag } from "../chart/repositoryMetadata.ts";
import { copy } from "../oci/copy.ts";
import type { RepositoryName } from "../oci/reference.ts";
import type { MigrationTarget } from "./migrate.ts";
import type { ChartSource } from "./source.ts";

/**
 * What a classic repository tells Artifact Hub of itself, brought to the repositories of its charts: there each chart is a
 * repository of its own.
 */
export class RepositoryMetadata {
  readonly #source: Pick<ChartSource, "repositoryMetadata">;
  readonly #target: MigrationTarget;
  #packed: Promise<PackedMetadata | undefined> | undefined;
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
    this.#packed ??= this.#source.repositoryMetadata().then((bytes) => bytes && packMetadata(bytes));
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
