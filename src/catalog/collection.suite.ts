import { describe, expect } from "bun:test";
import type { Digest } from "../oci/digest.ts";
import { absentDigest, blobOf, imageOf } from "../testing/artifacts.ts";
import {
  applyAll,
  here,
  linkBlob,
  nameOf,
  one,
  pushCommands,
  putManifest,
  there,
} from "../testing/commands.ts";
import type { Catalog, PageRequest, Waiting } from "./catalog.ts";
import type { On } from "./on.suite.ts";
import { paged } from "./paged.suite.ts";

const done = { done: true } as const;
const absent = { done: false, why: "absent" } as const;
const inUse = { done: false, why: "in-use" } as const;
const layer = one.blobs[1]!;
const { digest } = layer.descriptor;
const link = (at: number, repository = here) => ({ ...linkBlob(repository, layer), at });
const collect = (before: number, repository = here) =>
  ({ kind: "collect-blob", repository, digest, before }) as const;
const remove = (at: number) =>
  ({ kind: "delete-manifest", repository: here, digest: one.descriptor.digest, at }) as const;
const [doom, bury] = [{ kind: "doom", digest } as const, { kind: "bury", digest } as const];
const unlink = (repository = here) => ({ kind: "unlink-blob", repository, digest }) as const;

/** What no manifest names, what no repository has, and how it goes. */
export function collectionTests(on: On): void {
  const since = (catalog: Catalog) => catalog.unnamedSince(here, digest);

  describe("unnamed blobs", () => {
    on(
      "a blob is unnamed until a manifest names it, and again when the last that did is gone",
      async (catalog) => {
        const other = imageOf([layer], { annotations: { other: "yes" } });
        expect(await since(catalog)).toBeUndefined();
        await catalog.apply(link(10));
        expect(await since(catalog)).toBe(10);
        await applyAll(catalog, pushCommands(here, one).slice(0, 1));
        await applyAll(catalog, [
          { ...putManifest(here, one), at: 20 },
          { ...putManifest(here, other), at: 20 },
        ]);
        expect(await since(catalog)).toBeUndefined();
        await catalog.apply(link(25));
        expect(await since(catalog)).toBeUndefined();
        await catalog.apply(remove(30));
        expect(await since(catalog)).toBeUndefined();
        await catalog.apply({ ...remove(40), digest: other.descriptor.digest });
        expect(await since(catalog)).toBe(40);
      },
    );

    on("who links, mounts or asks for it again puts it off, and nobody puts it back", async (catalog) => {
      const renew = (at: number) => ({ kind: "renew-blob", repository: here, digest, at }) as const;
      const mount = (at: number) =>
        ({ kind: "mount-blob", repository: here, from: there, digest, at }) as const;
      expect(await catalog.apply(renew(5))).toEqual(absent);
      await catalog.apply(link(1, there));
      for (const [command, expected] of [
        [mount(10), 10],
        [renew(20), 20],
        [renew(15), 20],
        [link(30), 30],
        [link(25), 30],
        [mount(40), 40],
        [mount(35), 40],
      ] as const) {
        expect((await catalog.apply(command)).done).toBe(true);
        expect(await since(catalog)).toBe(expected);
      }
      await applyAll(catalog, [...pushCommands(here, one), renew(50)]);
      expect(await since(catalog)).toBeUndefined();
    });

    on("a blob that comes after a sparse manifest is named by it at once", async (catalog) => {
      const { blobs, ...manifest } = putManifest(here, one);
      await applyAll(catalog, [{ ...manifest, blobs: [], optional: blobs }, link(10)]);
      expect(await since(catalog)).toBeUndefined();
      expect(await catalog.apply(collect(99))).toEqual(inUse);
      await catalog.apply(remove(20));
      expect(await since(catalog)).toBe(20);
    });

    on(
      "a manifest that is put again as what names nothing lets its blobs go, and takes them back",
      async (catalog) => {
        const put = putManifest(here, one);
        const descriptor = { ...put.descriptor, mediaType: "application/json" };
        await applyAll(catalog, [...pushCommands(here, one), { ...put, descriptor, blobs: [], at: 10 }]);
        expect(await since(catalog)).toBe(10);
        await catalog.apply({ ...put, at: 20 });
        expect(await since(catalog)).toBeUndefined();
      },
    );

    on("it is taken when it was unnamed for long enough, and not otherwise", async (catalog) => {
      expect(await catalog.apply(collect(99))).toEqual(absent);
      await catalog.apply(link(10));
      expect(await catalog.apply(collect(9))).toEqual(inUse);
      expect(await catalog.blob(here, digest)).toBe(layer.descriptor.size);
      expect(await applyAll(catalog, [collect(10), collect(10)])).toEqual([done, absent]);
      expect(await catalog.blob(here, digest)).toBeUndefined();
      expect(await catalog.hasRepository(here)).toBe(false);
      await applyAll(catalog, pushCommands(here, one));
      expect(await catalog.apply(collect(99))).toEqual(inUse);
    });

    on("they are listed longest first, in pages", async (catalog) => {
      const names = ["a", "b", "c"].map(nameOf);
      const commands = [3, 1, 2].flatMap((at) =>
        names.map((repository) => ({ ...linkBlob(repository, blobOf(`at ${at}`)), at })),
      );
      await applyAll(catalog, [...commands, ...pushCommands(here, one)]);
      for (const limit of [1, 2, 4, 100]) {
        const found = await paged<Waiting, Waiting>(
          (page) => catalog.unnamed(2, page),
          (blob) => blob,
          limit,
        );
        expect(found.map(({ since: at }) => at)).toEqual([1, 1, 1, 2, 2, 2]);
        const key = ({ repository, digest: each, since: at }: Waiting) => `${at} ${repository} ${each}`;
        const expected = commands
          .filter(({ at }) => at < 3)
          .map(({ repository, digest: each, size, at }) => ({ repository, digest: each, size, since: at }));
        const sorted = (blobs: Waiting[]) => blobs.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
        expect(sorted(found)).toEqual(sorted(expected));
      }
      expect(await catalog.countUnnamed(2)).toBe(6);
      expect(await catalog.countUnnamed(0)).toBe(0);
    });
  });

  describe("unheld bytes", () => {
    const all = async (catalog: Catalog) => (await catalog.unheld({ limit: 100 })).items;

    on("bytes are unheld once the last repository that had them has not", async (catalog) => {
      await applyAll(catalog, [link(1), link(1, there), unlink()]);
      expect(await all(catalog)).toEqual([]);
      await catalog.apply(collect(1, there));
      expect(await all(catalog)).toEqual([{ digest, doomed: false }]);
      expect(await catalog.unheldBytes(digest)).toEqual({ digest, doomed: false });
      await catalog.apply(link(2));
      expect(await all(catalog)).toEqual([]);
      expect(await catalog.unheldBytes(digest)).toBeUndefined();
    });

    on("nothing that a repository has is doomed", async (catalog) => {
      await catalog.apply(link(1));
      expect(await catalog.apply(doom)).toEqual(inUse);
      expect(await catalog.unheldBytes(digest)).toBeUndefined();
      await applyAll(catalog, [
        { kind: "mount-blob", repository: there, from: here, digest, at: 1 },
        unlink(),
      ]);
      expect(await catalog.apply(doom)).toEqual(inUse);
    });

    on("no doomed digest is linked or mounted until it is buried", async (catalog) => {
      const open = { kind: "open-upload", id: "u", repository: here, user: undefined, at: 1 } as const;
      await applyAll(catalog, [link(1), unlink(), open]);
      expect(await applyAll(catalog, [doom, doom])).toEqual([done, done]);
      expect(await catalog.unheldBytes(digest)).toEqual({ digest, doomed: true });
      expect(await catalog.apply(linkBlob(here, layer, "u"))).toEqual({ done: false, why: "doomed" });
      expect(await catalog.upload("u")).toBeDefined();
      expect(
        await catalog.apply({ kind: "mount-blob", repository: there, from: here, digest, at: 1 }),
      ).toEqual(absent);
      expect(await catalog.hasRepository(there)).toBe(false);
      expect(await catalog.burials(digest)).toBe(0);
      expect(await applyAll(catalog, [bury, bury])).toEqual([done, done]);
      expect(await catalog.burials(digest)).toBe(1);
      expect(await catalog.unheldBytes(digest)).toBeUndefined();
      // Published before they were buried, and after.
      const late = linkBlob(here, layer, "u");
      expect(await catalog.apply(late)).toEqual({ done: false, why: "doomed" });
      expect(await catalog.blob(here, digest)).toBeUndefined();
      expect(await catalog.apply({ ...late, burials: 1 })).toEqual(done);
      expect(await catalog.upload("u")).toBeUndefined();
    });

    on("a burial of what is not doomed changes nothing", async (catalog) => {
      await applyAll(catalog, [link(1), unlink(), bury]);
      expect(await all(catalog)).toEqual([{ digest, doomed: false }]);
      expect(await catalog.burials(digest)).toBe(0);
    });

    on("bytes that the catalog never knew can be doomed too", async (catalog) => {
      const unknown = absentDigest();
      expect(await catalog.apply({ kind: "doom", digest: unknown })).toEqual(done);
      expect(await all(catalog)).toEqual([{ digest: unknown, doomed: true }]);
    });

    on("they are listed in pages", async (catalog) => {
      const contents = Array.from({ length: 5 }, (_, i) => blobOf(`content ${i}`).descriptor.digest);
      for (const each of contents) await catalog.apply({ kind: "doom", digest: each });
      const found = await paged(
        (page: PageRequest<Digest>) => catalog.unheld(page),
        (each) => each.digest,
        2,
      );
      expect(found.map((each) => each.digest).toSorted()).toEqual(contents.toSorted());
    });
  });
}
