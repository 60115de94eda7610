import type { Catalog } from "../../../src/catalog/catalog.ts";
import { dataPathsOf } from "../../../src/registry/dataPaths.ts";
import { checkedData } from "../../../src/testing/checked.ts";
import { nameOf } from "../../../src/testing/commands.ts";
import type { FileRegistry } from "../../../src/testing/fileRegistry.ts";

/**
 * What a check finds wrong in a data directory; waste is no wrong.
 * @param partly an adoption was not through: what it could not bring is told by it, and missing until the next
 */
export async function wrongIn(
  { root, blobs }: FileRegistry,
  catalog: Catalog,
  partly: boolean,
): Promise<string[]> {
  const { findings } = await checkedData({ data: dataPathsOf(root), blobs, catalog });
  return findings
    .filter(({ level }) => level === "fault" || (level === "warning" && !partly))
    .map(({ level, where, message }) => `${level}: ${where}: ${message}`);
}

/** Let go of all that is in these repositories, and say what remains of it nevertheless. */
export async function leftOver(
  { registry, store }: FileRegistry,
  repositories: readonly string[],
): Promise<string[]> {
  const { blobs, catalog } = store;
  for (const name of repositories) {
    const repository = registry.repository(nameOf(name));
    for await (const tag of repository.tags()) await repository.untag(tag);
  }
  // Younger than now is nothing, whatever the clock of the disk says.
  await registry.uploads.reap(-60_000);
  await registry.collector.run(0, true);
  // What the catalog knows nothing of, as a check does; of all else nothing goes by this.
  for await (const { digest } of blobs.list()) await registry.collector.take(digest);
  const left: string[] = [];
  for (const name of repositories)
    if (await catalog.hasRepository(nameOf(name))) left.push(`repository ${name} remains`);
  for await (const { digest } of blobs.list()) left.push(`blob ${digest} remains`);
  for await (const { name } of blobs.ingests()) left.push(`ingest ${name} remains`);
  return left;
}
