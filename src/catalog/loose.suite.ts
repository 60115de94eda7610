import { describe, expect } from "bun:test";
import { parseTag } from "../oci/reference.ts";
import type { Artifact } from "../testing/artifacts.ts";
import { imageOf, indexOf } from "../testing/artifacts.ts";
import { applyAll, here, nameOf, one, pushCommands, putManifest, there, two } from "../testing/commands.ts";
import type { Catalog, Waiting } from "./catalog.ts";
import type { On } from "./on.suite.ts";
import { paged } from "./paged.suite.ts";

const put = (artifact: Artifact, at: number, tags: readonly string[] = []) =>
  pushCommands(here, artifact, tags).map((command) => ({ ...command, at }));
const remove = ({ descriptor }: Artifact, at: number, looseSince?: number) =>
  ({ kind: "delete-manifest", repository: here, digest: descriptor.digest, looseSince, at }) as const;

/** Manifests that no tag, no index and no subject holds. */
export function looseTests(on: On): void {
  /** Since when manifests are loose, in the order of those asked for. */
  const since = async (catalog: Catalog, ...artifacts: readonly Artifact[]) => {
    const { items } = await catalog.loose(1000, { limit: 1000 });
    return artifacts.map((each) => items.find(({ digest }) => digest === each.descriptor.digest)?.since);
  };

  describe("loose manifests", () => {
    on("a tag holds a manifest, and lets it go when it moves or is taken away", async (catalog) => {
      await applyAll(catalog, put(one, 10));
      expect(await since(catalog, one)).toEqual([10]);
      await applyAll(catalog, [...put(one, 20), ...put(two, 20, ["b"])]);
      expect(await since(catalog, one, two)).toEqual([20, undefined]);
      await applyAll(catalog, put(one, 30, ["a", "b"]));
      expect(await since(catalog, one, two)).toEqual([undefined, 30]);
      const untag = (tag: string, at: number) =>
        ({ kind: "untag", repository: here, tag: parseTag(tag), at }) as const;
      await catalog.apply(untag("a", 40));
      expect(await since(catalog, one)).toEqual([undefined]);
      await catalog.apply(untag("b", 50));
      expect(await since(catalog, one)).toEqual([50]);
    });

    on("an index holds what it names, before and after that comes, until it goes", async (catalog) => {
      const index = indexOf([one, two]);
      const { manifests, ...sparse } = putManifest(here, index, ["a"]);
      await applyAll(catalog, put(one, 10));
      await catalog.apply({ ...sparse, manifests: [], optional: manifests, at: 20 });
      await applyAll(catalog, put(two, 30));
      expect(await since(catalog, one, two, index)).toEqual([undefined, undefined, undefined]);
      const outer = indexOf([index]);
      await applyAll(catalog, [{ ...putManifest(here, outer), at: 40 }, remove(index, 50)]);
      expect(await since(catalog, one, two, outer)).toEqual([50, 50, 40]);
    });

    on("a subject holds its referrers while it is there", async (catalog) => {
      const signature = imageOf([], { subject: one.descriptor });
      const report = imageOf([], { subject: signature.descriptor });
      await applyAll(catalog, [...put(signature, 10), ...put(report, 10)]);
      expect(await since(catalog, signature, report)).toEqual([10, undefined]);
      await applyAll(catalog, put(one, 20, ["a"]));
      expect(await since(catalog, signature, report)).toEqual([undefined, undefined]);
      await catalog.apply(remove(one, 30));
      expect(await since(catalog, signature, report)).toEqual([30, undefined]);
      await catalog.apply(remove(signature, 40));
      expect(await since(catalog, report)).toEqual([40]);
    });

    on("one that was loose for long enough is taken on that condition, and no other", async (catalog) => {
      await applyAll(catalog, [...put(one, 10), ...put(two, 10, ["a"])]);
      const inUse = { done: false, why: "in-use" } as const;
      expect(await applyAll(catalog, [remove(one, 90, 9), remove(two, 90, 99)])).toEqual([inUse, inUse]);
      expect(await catalog.manifest(here, one.descriptor.digest)).toBeDefined();
      expect(await applyAll(catalog, [remove(one, 90, 10), remove(one, 90, 10)])).toEqual([
        { done: true },
        { done: false, why: "absent" },
      ]);
      expect(await since(catalog, one, two)).toEqual([undefined, undefined]);
      expect(await catalog.unnamedSince(here, one.blobs[1]!.descriptor.digest)).toBe(90);
    });

    on("what one repository holds is loose in another", async (catalog) => {
      await applyAll(catalog, [...pushCommands(here, one, ["a"]), ...pushCommands(there, one)]);
      const { items } = await catalog.loose(1000, { limit: 10 });
      const { digest, size } = one.descriptor;
      expect(items).toEqual([{ repository: there, digest, size, since: 1 }]);
    });

    on("they are listed longest first, in pages", async (catalog) => {
      for (const at of [3, 1, 2])
        for (const name of ["a", "b"])
          await applyAll(
            catalog,
            pushCommands(nameOf(name), imageOf([], { annotations: { at: `${at}` } })).map((each) => ({
              ...each,
              at,
            })),
          );
      const found = await paged<Waiting, Waiting>(
        (page) => catalog.loose(2, page),
        (each) => each,
        1,
      );
      expect(found.map(({ since: at }) => at)).toEqual([1, 1, 2, 2]);
    });
  });
}
