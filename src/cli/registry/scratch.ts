import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../catalog/catalog.ts";
import { openCatalog } from "../wiring.ts";

/** Rows that nobody keeps. */
export interface ScratchCatalog extends AsyncDisposable {
  readonly catalog: Catalog;
}

/** An empty catalog in a temporary directory of its own, which goes with it. @throws node's errors; as `openCatalog` */
export async function openScratchCatalog(): Promise<ScratchCatalog> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "chartroom-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const catalog = await openCatalog(join(folder, "catalog.db"));
  stack.defer(() => catalog.close());
  const ends = stack.move();
  return { catalog, [Symbol.asyncDispose]: () => ends.disposeAsync() };
}
