import { describe, expect } from "bun:test";
import type { Digest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import { absentDigest, blobOf, imageOf } from "../testing/artifacts.ts";
import { applyAll, here, linkBlob, one, pushCommands, putManifest, there, two } from "../testing/commands.ts";
import type { PageRequest } from "./catalog.ts";
import type { On } from "./on.suite.ts";
import { paged } from "./paged.suite.ts";

const signature = imageOf([], {
  subject: one.descriptor,
  artifactType: "application/vnd.example.signature",
  annotations: { by: "ann" },
});

/** What whoever looks at everything asks. */
export function scanTests(on: On): void {
  describe("scans", () => {
    on(
      "blobs of all repositories come once each, in order of digest, in pages of any size",
      async (catalog) => {
        const large = blobOf("by another algorithm", undefined, "sha512");
        await applyAll(catalog, [
          ...pushCommands(here, one),
          ...pushCommands(there, one),
          ...pushCommands(there, two),
          linkBlob(here, large),
        ]);
        const contents = [...one.blobs, ...two.blobs, large];
        const sizes = new Map(contents.map(({ descriptor: { digest, size } }) => [digest, size]));
        const expected = [...sizes].map(([digest, size]) => ({ digest, size }));
        expected.sort((a, b) => (a.digest < b.digest ? -1 : 1));
        for (const limit of [1, 2, 100]) {
          const found = await paged(
            (page: PageRequest<Digest>) => catalog.blobs(page),
            ({ digest }) => digest,
            limit,
          );
          expect(found).toEqual(expected);
        }
      },
    );

    on("manifests of all repositories come once each, in order of digest", async (catalog) => {
      for (const repository of [here, there]) await applyAll(catalog, pushCommands(repository, one));
      await applyAll(catalog, pushCommands(there, two));
      const found = await paged(
        (page: PageRequest<Digest>) => catalog.manifests(page),
        (digest) => digest,
        1,
      );
      expect(found).toEqual([one.descriptor.digest, two.descriptor.digest].sort());
    });

    on("what no repository has is in no scan", async (catalog) => {
      await applyAll(catalog, pushCommands(here, one));
      const { digest } = one.descriptor;
      await catalog.apply({ kind: "delete-manifest", repository: here, digest, at: 1 });
      for (const { descriptor } of one.blobs)
        await catalog.apply({ kind: "unlink-blob", repository: here, digest: descriptor.digest });
      expect(await catalog.blobs({ limit: 9 })).toEqual({ items: [], more: false });
      expect(await catalog.manifests({ limit: 9 })).toEqual({ items: [], more: false });
      expect(await catalog.manifestRows(digest)).toBeUndefined();
      expect(await catalog.manifestRows(absentDigest())).toBeUndefined();
    });

    on("of a manifest all is told that is written, wherever it is held", async (catalog) => {
      const { digest, mediaType } = signature.descriptor;
      const { annotations } = parseManifest(signature.bytes, mediaType);
      const optional = blobOf("elsewhere").descriptor;
      await applyAll(catalog, [
        ...pushCommands(there, signature),
        ...signature.blobs.map((blob) => linkBlob(here, blob)),
        { ...putManifest(here, signature), optional: [optional, optional] },
        ...pushCommands(here, one),
      ]);
      const blobs = signature.blobs.map(({ descriptor }) => descriptor.digest);
      const artifactType = "application/vnd.example.signature";
      const referrer = { subject: one.descriptor.digest, artifactType, annotations };
      expect(await catalog.manifestRows(digest)).toEqual({
        bytes: new Uint8Array(signature.bytes),
        held: [
          { repository: here, mediaType, named: [...blobs, optional.digest].sort(), referrer },
          { repository: there, mediaType, named: [...blobs].sort(), referrer },
        ],
      });
      expect((await catalog.manifestRows(one.descriptor.digest))?.held).toMatchObject([
        { repository: here, referrer: undefined },
      ]);
    });

    on("rows that are well have no faults", async (catalog) => {
      await applyAll(catalog, pushCommands(here, one, ["1.0.0"]));
      for (const thorough of [true, false]) expect(await catalog.faults(thorough)).toEqual([]);
    });
  });
}
