import { describe, expect } from "bun:test";
import type { Digest } from "../oci/digest.ts";
import { parseTag } from "../oci/reference.ts";
import { imageOf, indexOf } from "../testing/artifacts.ts";
import { applyAll, here, linkBlob, nameOf, one, pushCommands, there } from "../testing/commands.ts";
import type { Catalog, PageRequest } from "./catalog.ts";
import type { On } from "./on.suite.ts";
import { paged } from "./paged.suite.ts";

const layer = one.blobs[1]!;
const all = { limit: 1000 };

/** Tags, repositories and referrers, page by page. */
export function listTests(on: On): void {
  describe("lists", () => {
    on("tags come in ASCII order, in pages of any size", async (catalog) => {
      const sorted = ["0", "1.10.0", "1.9.0", "1.9.0-rc.1", "A", "B-1", "Z", "_", "_x", "a", "a.b", "b", "z"];
      await applyAll(catalog, pushCommands(here, one, sorted.toReversed()));
      for (const limit of [1, 2, 5, sorted.length, 1000]) {
        const found = await paged(
          (page: PageRequest<string>) => catalog.tags(here, page),
          (each) => each,
          limit,
        );
        expect(found as string[]).toEqual(sorted);
      }
    });

    on("a page begins behind a value that need not exist, and knows whether more follow", async (catalog) => {
      await applyAll(catalog, pushCommands(here, one, ["a", "c", "e"]));
      const page = async (after: string | undefined, limit: number) => catalog.tags(here, { after, limit });
      const [a, c, e] = ["a", "c", "e"].map(parseTag);
      expect(await page("b", 1)).toEqual({ items: [c!], more: true });
      expect(await page("b", 2)).toEqual({ items: [c!, e!], more: false });
      expect(await page("c", 2)).toEqual({ items: [e!], more: false });
      expect(await page("not a tag at all: ü", 2)).toEqual({ items: [], more: false });
      expect(await page("", 1)).toEqual({ items: [a!], more: true });
      expect(await page("e", 0)).toEqual({ items: [], more: false });
      expect(await page(undefined, 0)).toEqual({ items: [], more: true });
    });

    on("a repository without tags has none; what is no repository has no list", async (catalog) => {
      await catalog.apply(linkBlob(here, layer));
      expect(await catalog.tags(here, all)).toEqual({ items: [], more: false });
      expect(await catalog.tags(there, all)).toBeUndefined();
      expect(await catalog.hasRepository(here)).toBe(true);
      await catalog.apply({ kind: "unlink-blob", repository: here, digest: layer.descriptor.digest });
      expect(await catalog.tags(here, all)).toBeUndefined();
      expect(await catalog.hasRepository(here)).toBe(false);
    });

    on("repositories that hold a manifest are listed, in ASCII order", async (catalog) => {
      const names = ["a", "a-b", "a.b", "a/b", "a0", "a_b", "b"].map(nameOf);
      for (const each of names.toReversed()) await applyAll(catalog, pushCommands(each, one));
      await catalog.apply(linkBlob(there, layer));
      const listed = () =>
        paged(
          (page: PageRequest<string>) => catalog.repositories(page),
          (each) => each,
          2,
        );
      expect(await listed()).toEqual(names);
      await catalog.apply({
        kind: "delete-manifest",
        repository: names[1]!,
        digest: one.descriptor.digest,
        at: 1,
      });
      expect(await listed()).toEqual(names.toSpliced(1, 1));
    });
  });

  describe("referrers", () => {
    const subject = one.descriptor;
    const signature = imageOf([], { subject, artifactType: "application/x.sig", annotations: { by: "ann" } });
    const report = indexOf([], { subject, artifactType: "application/x.report" });
    const plain = imageOf([], { subject });
    const described = [
      {
        ...signature.descriptor,
        artifactType: "application/x.sig",
        annotations: { by: "ann" },
      },
      { ...report.descriptor, artifactType: "application/x.report" },
      { ...plain.descriptor, artifactType: plain.blobs[0]!.descriptor.mediaType },
    ].sort((a, b) => (a.digest < b.digest ? -1 : 1));
    const pushAll = (catalog: Catalog) =>
      applyAll(
        catalog,
        [signature, report, plain].flatMap((each) => pushCommands(here, each)),
      );

    on("they are listed by digest before their subject comes and after it went", async (catalog) => {
      await pushAll(catalog);
      const found = () => catalog.referrers(here, subject.digest, undefined, all);
      expect(await found()).toEqual({ items: described, more: false });
      await applyAll(catalog, pushCommands(here, one));
      await catalog.apply({ kind: "delete-manifest", repository: here, digest: subject.digest, at: 1 });
      expect(await found()).toEqual({ items: described, more: false });
      expect(await catalog.referrers(there, subject.digest, undefined, all)).toEqual({
        items: [],
        more: false,
      });
    });

    on("they come by type and in pages", async (catalog) => {
      await pushAll(catalog);
      const pages = await paged(
        (page: PageRequest<Digest>) => catalog.referrers(here, subject.digest, undefined, page),
        ({ digest }) => digest,
        1,
      );
      expect(pages).toEqual(described);
      const typed = await catalog.referrers(here, subject.digest, "application/x.sig", { limit: 1 });
      expect(typed).toEqual({
        items: described.filter(({ annotations }) => annotations !== undefined),
        more: false,
      });
    });

    on("a deleted referrer is listed no more", async (catalog) => {
      await pushAll(catalog);
      await catalog.apply({
        kind: "delete-manifest",
        repository: here,
        digest: signature.descriptor.digest,
        at: 1,
      });
      const left = described.filter(({ digest }) => digest !== signature.descriptor.digest);
      expect((await catalog.referrers(here, subject.digest, undefined, all)).items).toEqual(left);
    });
  });
}
