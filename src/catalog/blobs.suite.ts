import { describe, expect } from "bun:test";
import { absentDigest, blobOf } from "../testing/artifacts.ts";
import { applyAll, here, linkBlob, nameOf, one, pushCommands, there } from "../testing/commands.ts";
import type { PageRequest } from "./catalog.ts";
import type { On } from "./on.suite.ts";
import { paged } from "./paged.suite.ts";

const done = { done: true } as const;
const absent = { done: false, why: "absent" } as const;
const layer = one.blobs[1]!;

/** Upload sessions, and the blobs that they bring. */
export function blobTests(on: On): void {
  describe("uploads", () => {
    const open = { kind: "open-upload", id: "b", repository: here, user: "ann", at: 7 } as const;

    on("a session is kept as it was opened, and opening it again changes nothing", async (catalog) => {
      expect(await catalog.apply(open)).toEqual(done);
      await catalog.apply({ kind: "advance-upload", id: "b", offset: 5 });
      expect(await catalog.apply({ ...open, user: "bob", at: 9 })).toEqual(done);
      const session = { id: "b", repository: here, user: "ann", offset: 5, started: 7 };
      expect(await catalog.upload("b")).toEqual(session);
      expect(await catalog.upload("c")).toBeUndefined();
    });

    on("acknowledged bytes are never taken back", async (catalog) => {
      await catalog.apply(open);
      for (const offset of [10, 4]) await catalog.apply({ kind: "advance-upload", id: "b", offset });
      expect((await catalog.upload("b"))?.offset).toBe(10);
      expect(await catalog.apply({ kind: "advance-upload", id: "c", offset: 1 })).toEqual(absent);
    });

    on("a session ends once, and ending it again is success", async (catalog) => {
      await catalog.apply({ ...open, user: undefined });
      expect(await catalog.hasRepository(here)).toBe(true);
      for (let times = 0; times < 2; times++)
        expect(await catalog.apply({ kind: "close-upload", id: "b" })).toEqual(done);
      expect(await catalog.upload("b")).toBeUndefined();
      expect(await catalog.hasRepository(here)).toBe(false);
    });

    on("sessions are listed by id", async (catalog) => {
      for (const id of ["c", "a", "b"]) await catalog.apply({ ...open, id });
      const ids = await paged(
        (page: PageRequest<string>) => catalog.uploads(page),
        ({ id }) => id,
        2,
      );
      expect(ids.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    });

    on("linking its blob ends a session", async (catalog) => {
      await catalog.apply(open);
      const link = linkBlob(here, layer, "b");
      expect(await applyAll(catalog, [link, link])).toEqual([done, done]);
      expect(await catalog.upload("b")).toBeUndefined();
      expect(await catalog.blob(here, link.digest)).toBe(link.size);
    });
  });

  describe("blobs", () => {
    const { digest, size } = layer.descriptor;
    const mount = { kind: "mount-blob", repository: there, from: here, digest, at: 1 } as const;
    const unlink = { kind: "unlink-blob", repository: here, digest } as const;

    on("a blob is in the repositories that have it and in no other", async (catalog) => {
      const long = blobOf("long hash", undefined, "sha512");
      await applyAll(catalog, [linkBlob(here, layer), linkBlob(here, long)]);
      expect(await catalog.blob(here, digest)).toBe(size);
      expect(await catalog.blob(here, long.descriptor.digest)).toBe(long.descriptor.size);
      expect(await catalog.blob(there, digest)).toBeUndefined();
      expect(await catalog.manifest(here, digest)).toBeUndefined();
      expect(await catalog.hasRepository(there)).toBe(false);
    });

    on("mounting takes it over while the source has it", async (catalog) => {
      expect(await catalog.apply(mount)).toEqual(absent);
      expect(await catalog.hasRepository(there)).toBe(false);
      await catalog.apply(linkBlob(here, layer));
      expect(await catalog.apply(mount)).toEqual({ done: true, size });
      await catalog.apply(unlink);
      expect(await catalog.apply(mount)).toEqual({ done: true, size });
      expect(await catalog.blob(there, digest)).toBe(size);
      expect(await catalog.blob(here, digest)).toBeUndefined();
    });

    on("repositories that have a blob are found, no more than asked for", async (catalog) => {
      const holders = ["c", "a", "b"].map(nameOf);
      for (const holder of holders) await catalog.apply(linkBlob(holder, layer));
      const found = await catalog.repositoriesWithBlob(digest, 10);
      expect(found.toSorted()).toEqual(holders.toSorted());
      const two_ = await catalog.repositoriesWithBlob(digest, 2);
      expect(new Set(two_).size).toBe(2);
      expect(holders).toEqual(expect.arrayContaining([...two_]));
      expect(await catalog.repositoriesWithBlob(absentDigest(), 10)).toEqual([]);
    });

    on("a blob stays while a manifest of its repository names it", async (catalog) => {
      await applyAll(catalog, [...pushCommands(here, one, ["1.0.0"]), linkBlob(there, layer)]);
      expect(await catalog.apply(unlink)).toEqual({ done: false, why: "in-use" });
      expect(await catalog.apply({ ...unlink, repository: there })).toEqual(done);
      await catalog.apply({
        kind: "delete-manifest",
        repository: here,
        digest: one.descriptor.digest,
        at: 1,
      });
      expect(await applyAll(catalog, [unlink, unlink])).toEqual([done, absent]);
      expect(await catalog.blob(here, digest)).toBeUndefined();
    });
  });
}
