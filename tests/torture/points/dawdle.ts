import { setTimeout as sleep } from "node:timers/promises";
import type { Catalog } from "../../../src/catalog/catalog.ts";
import type { FileSystem } from "../../../src/files/filesystem.ts";
import { replacing } from "../../../src/registry/replacing.ts";
import type { Random } from "../random.ts";

/**
 * A file system and a catalog that wait at random where a collection and a push can meet: each of the steps of both then falls between
 * any two of the other's. Without it a removal takes no time, and none ever did.
 */
export function dawdling(
  random: Random,
  fs: FileSystem,
  catalog: Catalog,
): { readonly fs: FileSystem; readonly catalog: Catalog } {
  const dawdle = (longest: number) => sleep(random.of([0, 0, longest / 5, longest]));
  return {
    fs: replacing(fs, {
      unlink: async (path) => {
        // As long as a push takes.
        await dawdle(100);
        return fs.unlink(path);
      },
    }),
    catalog: replacing(catalog, {
      burials: async (digest) => {
        await dawdle(50);
        return catalog.burials(digest);
      },
      apply: async (command) => {
        if (["doom", "bury", "link-blob"].includes(command.kind)) await dawdle(10);
        return catalog.apply(command);
      },
    }),
  };
}
