import { acquire } from "../files/lock.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { LayoutIndex } from "./index.ts";
import type { Layout } from "./layout.ts";
import { LayoutWrites } from "./repository.ts";

/** What may be done to a layout while its lock is held. */
export interface LayoutWriter {
  /** The part of the layout whose names begin with `host/repository`. */
  repository(prefix: string): LayoutWrites;
  /** Let `name` point at a manifest that is there; a local name may move. */
  name(name: string, descriptor: Descriptor): Promise<void>;
}

/**
 * Put things into a layout: the lock is held shared for as long as `work` runs, so that no prune takes a blob before the
 * name that needs it is set. The layout is made where there is none.
 * @throws what `work` throws; LockBusyError when a prune does not end; node's errors
 */
export async function writing<T>(
  layout: Layout,
  signal: AbortSignal | undefined,
  work: (writer: LayoutWriter) => Promise<T>,
): Promise<T> {
  await layout.makeParent();
  await using _shared = await acquire(layout.lockPath, "shared", { signal });
  await layout.create(signal);
  return await work({
    repository: (prefix) => new LayoutWrites(layout, prefix, signal),
    name: async (name, descriptor) =>
      void (await layout.update((index) => index.with(name, descriptor), signal)),
  });
}

/**
 * Take a name away; the content stays until `prune`. An entry without a name, as other tools write them, goes by its
 * digest.
 * @returns false when nothing has that name
 */
export async function removeName(layout: Layout, name: string, signal?: AbortSignal): Promise<boolean> {
  const without = (index: LayoutIndex) =>
    index.without((entry) => (entry.name ?? entry.descriptor?.digest) === name);
  const before = await layout.index();
  if (without(before) === before) return false; // or the lock would need a store that can be written
  let removed = false;
  await layout.update((index) => {
    const rest = without(index);
    removed = rest !== index;
    return rest;
  }, signal);
  return removed;
}
