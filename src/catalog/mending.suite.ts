import { describe, expect } from "bun:test";
import { blobOf, imageOf } from "../testing/artifacts.ts";
import { applyAll, here, linkBlob, one, pushCommands, putManifest, there } from "../testing/commands.ts";
import type { RestateManifest } from "./mending.ts";
import type { On } from "./on.suite.ts";

const layer = one.blobs[1]!;
const { digest } = layer.descriptor;
const done = { done: true } as const;
const absent = { done: false, why: "absent" } as const;

/** What a repair does. */
export function mendingTests(on: On): void {
  describe("mending", () => {
    on(
      "a blob that is lost goes out of every repository, is doomed, and comes again once it is buried",
      async (catalog) => {
        await applyAll(catalog, [...pushCommands(here, one, ["1.0.0"]), ...pushCommands(there, one)]);
        const lose = { kind: "lose-blob", digest } as const;
        expect(await catalog.apply(lose)).toEqual({ done: true, repositories: [here, there] });
        for (const repository of [here, there])
          expect(await catalog.blob(repository, digest)).toBeUndefined();
        expect(await catalog.unheldBytes(digest)).toEqual({ digest, doomed: true });
        expect(await catalog.apply(linkBlob(here, layer))).toEqual({ done: false, why: "doomed" });
        await catalog.apply({ kind: "bury", digest });
        const burials = await catalog.burials(digest);
        expect(await catalog.apply({ ...linkBlob(here, layer), burials })).toEqual(done);
        expect(await catalog.unnamedSince(here, digest)).toBeUndefined();
        expect((await catalog.manifest(there, one.descriptor.digest))?.bytes).toEqual(
          new Uint8Array(one.bytes),
        );
      },
    );

    on("of a blob that nobody has nothing is lost, and nothing doomed", async (catalog) => {
      expect(await catalog.apply({ kind: "lose-blob", digest })).toEqual(absent);
      expect(await catalog.unheldBytes(digest)).toBeUndefined();
    });

    on(
      "what a manifest names is written anew; what it no longer names waits for collection",
      async (catalog) => {
        const other = blobOf("another");
        const subject = one.descriptor.digest;
        await applyAll(catalog, [...pushCommands(here, one, ["1.0.0"]), linkBlob(here, other)]);
        const put = putManifest(here, imageOf([other], { subject: one.descriptor }));
        const { descriptor } = one;
        const restate: RestateManifest = {
          ...{ kind: "restate-manifest", repository: here, descriptor, named: [other.descriptor] },
          ...{ subject, artifactType: put.artifactType, annotations: { by: "ann" }, at: 7 },
        };
        for (let times = 0; times < 2; times++) expect(await catalog.apply(restate)).toEqual(done);
        const referrer = { subject, artifactType: put.artifactType, annotations: { by: "ann" } };
        expect((await catalog.manifestRows(descriptor.digest))?.held).toEqual([
          { repository: here, mediaType: descriptor.mediaType, named: [other.descriptor.digest], referrer },
        ]);
        expect(await catalog.unnamedSince(here, digest)).toBe(7);
        expect(await catalog.unnamedSince(here, other.descriptor.digest)).toBeUndefined();
        expect<readonly string[] | undefined>((await catalog.tags(here, { limit: 9 }))?.items).toEqual([
          "1.0.0",
        ]);
        expect(await catalog.apply({ ...restate, repository: there })).toEqual(absent);
        expect(await catalog.hasRepository(there)).toBe(false);
      },
    );
  });
}
