import { describe, expect } from "bun:test";
import type { Digest } from "../oci/digest.ts";
import { parseTag } from "../oci/reference.ts";
import { indexOf } from "../testing/artifacts.ts";
import { applyAll, here, linkBlob, one, pushCommands, putManifest, there, two } from "../testing/commands.ts";
import type { Catalog } from "./catalog.ts";
import type { On } from "./on.suite.ts";

const [tag, other] = [parseTag("1.0.0"), parseTag("2.0.0")];
const done = { done: true } as const;
const absent = { done: false, why: "absent" } as const;
const layer = one.blobs[1]!;

/** Manifests and tags: what a put checks and does, and what a deletion takes along. */
export function manifestTests(on: On): void {
  describe("manifests", () => {
    const held = async (catalog: Catalog) => [await catalog.tag(here, tag), await catalog.tag(here, other)];
    const blobs = (repository = here) =>
      [...one.blobs, ...two.blobs].map((blob) => linkBlob(repository, blob));
    const [first, second] = [one.descriptor.digest, two.descriptor.digest];

    on("a manifest comes back byte for byte, and its tags name it", async (catalog) => {
      const command = putManifest(here, one, ["1.0.0", "2.0.0"]);
      await applyAll(catalog, blobs());
      expect(await catalog.apply(command)).toEqual({ done: true, existed: false });
      expect(await catalog.apply(command)).toEqual({ done: true, existed: true });
      expect(await catalog.manifest(here, first)).toEqual({ descriptor: one.descriptor, bytes: one.bytes });
      expect(await held(catalog)).toEqual([first, first]);
      expect(command.bytes.byteLength).toBe(one.descriptor.size);
    });

    on(
      "what neither came nor was used since is unused, put again or not, and what is not there is not used",
      async (catalog) => {
        const use = (digest: Digest, at: number, repository = here) =>
          catalog.apply({ kind: "use-manifest", repository, digest, at });
        expect(await use(first, 9)).toEqual(absent);
        await applyAll(catalog, [...blobs(), putManifest(here, one), { ...putManifest(here, two), at: 5 }]);
        expect(await use(first, 9, there)).toEqual(absent);
        expect(await catalog.unusedManifests(here, 5, 9)).toEqual([first]);
        expect((await catalog.unusedManifests(here, 6, 9)).toSorted()).toEqual([first, second].toSorted());
        expect(await catalog.unusedManifests(here, 6, 1)).toHaveLength(1);
        expect(await catalog.unusedManifests(there, 6, 9)).toEqual([]);
        await catalog.apply({ ...putManifest(here, one, ["1.0.0"]), at: 8 });
        expect(await catalog.unusedManifests(here, 5, 9)).toEqual([first]);
        for (const at of [7, 2]) expect(await use(first, at)).toEqual(done);
        expect(await catalog.unusedManifests(here, 7, 9)).toEqual([second]);
        expect(await catalog.unusedManifests(here, 8, 9)).toHaveLength(2);
      },
    );

    on(
      "one that was pushed elsewhere before is as old as that, and waits from when it came here",
      async (catalog) => {
        await applyAll(catalog, [...blobs(), { ...putManifest(here, one), pushed: 3, at: 7 }]);
        expect(await catalog.unusedManifests(here, 4, 9)).toEqual([first]);
        expect((await catalog.loose(9, { limit: 9 })).items.map(({ since }) => since)).toEqual([7]);
      },
    );

    on("its bytes are those of the moment it was put", async (catalog) => {
      await applyAll(catalog, blobs());
      const bytes = Buffer.concat([one.bytes]);
      const put = catalog.apply({ ...putManifest(here, one), bytes });
      bytes.fill(0);
      await put;
      expect((await catalog.manifest(here, first))?.bytes).toEqual(new Uint8Array(one.bytes));
    });

    on("put again under another media type, the last one holds", async (catalog) => {
      await applyAll(catalog, pushCommands(here, one, ["1.0.0"]));
      const mediaType = "application/vnd.example.other+json";
      const plain = { ...putManifest(here, one), descriptor: { ...one.descriptor, mediaType }, blobs: [] };
      expect(await catalog.apply(plain)).toEqual({ done: true, existed: true });
      expect((await catalog.manifest(here, first))?.descriptor.mediaType).toBe(mediaType);
      expect(await held(catalog)).toEqual([first, undefined]);
      const { digest } = layer.descriptor;
      expect(await catalog.apply({ kind: "unlink-blob", repository: here, digest })).toEqual(done);
    });

    on("what it names must be in its own repository: a reference never links", async (catalog) => {
      await applyAll(catalog, pushCommands(there, one));
      const missing = one.blobs.map(({ descriptor }) => descriptor.digest);
      const refused = { done: false, why: "missing", missing } as const;
      expect(await catalog.apply(putManifest(here, one, ["1.0.0"]))).toEqual(refused);
      expect(await catalog.hasRepository(here)).toBe(false);
      await catalog.apply(linkBlob(here, one.blobs[0]!));
      const rest = { ...refused, missing: missing.slice(1) };
      expect(await catalog.apply(putManifest(here, one, ["1.0.0"]))).toEqual(rest);
      expect(await held(catalog)).toEqual([undefined, undefined]);
      expect(await catalog.manifest(here, first)).toBeUndefined();
    });

    on("an index needs its manifests, each missing one named once", async (catalog) => {
      const index = indexOf([one, two, two]);
      await applyAll(catalog, pushCommands(here, one));
      expect(await catalog.apply(putManifest(here, index))).toEqual({
        done: false,
        why: "missing",
        missing: [second],
      });
      expect((await applyAll(catalog, pushCommands(here, index, ["1.0.0"]))).at(-1)).toEqual({
        done: true,
        existed: false,
      });
    });

    on("what it may lack keeps nobody out, and stays once it is there", async (catalog) => {
      const [config, rest] = [one.blobs.slice(0, 1), one.blobs.slice(1).map(({ descriptor }) => descriptor)];
      const sparse = {
        ...putManifest(here, one, ["1.0.0"]),
        blobs: config.map(({ descriptor }) => descriptor),
        optional: rest,
      };
      await applyAll(catalog, [linkBlob(here, config[0]!), sparse]);
      expect(await catalog.tag(here, tag)).toBe(first);
      expect(await catalog.blob(here, layer.descriptor.digest)).toBeUndefined();
      const unlink = { kind: "unlink-blob", repository: here, digest: layer.descriptor.digest } as const;
      expect(await catalog.apply(unlink)).toEqual(absent);
      expect(await catalog.apply(putManifest(here, one))).toEqual({
        done: false,
        why: "missing",
        missing: [layer.descriptor.digest],
      });
      await catalog.apply(linkBlob(here, layer));
      expect(await catalog.apply(unlink)).toEqual({ done: false, why: "in-use" });
      await catalog.apply({ kind: "delete-manifest", repository: here, digest: first, at: 1 });
      expect(await catalog.apply(unlink)).toEqual(done);
    });

    on("one content as blob and as manifest stands on its own as each", async (catalog) => {
      await applyAll(catalog, [...pushCommands(here, one), linkBlob(here, one)]);
      expect(await catalog.apply({ kind: "unlink-blob", repository: here, digest: first })).toEqual(done);
      expect(await catalog.manifest(here, first)).toBeDefined();
    });

    const conflict = (holds: Digest | undefined) => ({ done: false, why: "conflict", tag, holds }) as const;
    const existed = { done: true, existed: true } as const;
    on("a tag moves only as expected", async (catalog) => {
      await applyAll(catalog, blobs());
      const put = (artifact: typeof one, expected: "any" | "absent" | Digest) =>
        catalog.apply(putManifest(here, artifact, ["1.0.0"], expected));
      expect(await put(one, second)).toEqual(conflict(undefined));
      expect(await catalog.manifest(here, first)).toBeUndefined();
      expect(await put(one, "absent")).toEqual({ done: true, existed: false });
      for (const expected of ["absent", "any", first, second] as const)
        expect(await put(one, expected)).toEqual(existed);
      expect(await put(two, "absent")).toEqual(conflict(first));
      expect(await put(two, second)).toEqual(conflict(first));
      expect(await held(catalog)).toEqual([first, undefined]);
      expect(await put(two, first)).toEqual({ done: true, existed: false });
      expect(await put(one, "any")).toEqual({ done: true, existed: false });
      expect(await held(catalog)).toEqual([first, undefined]);
    });

    on("of several tags all are set or none", async (catalog) => {
      await applyAll(catalog, [...blobs(), putManifest(here, one, ["1.0.0"])]);
      const both = putManifest(here, two, ["2.0.0", "1.0.0"], "absent");
      expect(await catalog.apply(both)).toEqual(conflict(first));
      expect(await held(catalog)).toEqual([first, undefined]);
      expect(await catalog.manifest(here, second)).toBeUndefined();
    });

    on("taking a tag away leaves the manifest", async (catalog) => {
      await applyAll(catalog, pushCommands(here, one, ["1.0.0"]));
      const untag = { kind: "untag", repository: here, tag, at: 1 } as const;
      expect(await applyAll(catalog, [untag, untag])).toEqual([done, absent]);
      expect(await catalog.tag(here, tag)).toBeUndefined();
      expect(await catalog.manifest(here, first)).toBeDefined();
      expect(await catalog.apply({ ...untag, repository: there })).toEqual(absent);
    });

    on("deleting takes the manifest and its tags, here and nowhere else", async (catalog) => {
      for (const repository of [here, there])
        await applyAll(catalog, [...blobs(repository), putManifest(repository, one, ["1.0.0", "2.0.0"])]);
      await catalog.apply(putManifest(here, two, ["2.0.0"]));
      const remove = { kind: "delete-manifest", repository: here, digest: first, at: 1 } as const;
      expect(await applyAll(catalog, [remove, remove])).toEqual([done, absent]);
      expect(await held(catalog)).toEqual([undefined, second]);
      expect(await catalog.manifest(here, first)).toBeUndefined();
      expect(await catalog.tag(there, tag)).toBe(first);
      expect((await catalog.manifest(there, first))?.bytes).toEqual(one.bytes);
      await catalog.apply({ ...remove, repository: there });
      expect(await catalog.manifest(there, first)).toBeUndefined();
      expect(await catalog.apply(putManifest(here, one))).toEqual({ done: true, existed: false });
      expect((await catalog.manifest(here, first))?.bytes).toEqual(one.bytes);
    });
  });

  describe("many at once", () => {
    on("each put is visible once it is told", async (catalog) => {
      await applyAll(catalog, pushCommands(here, one));
      const tags = Array.from({ length: 200 }, (_, i) => parseTag(`t${i}`));
      await Promise.all(
        tags.map(async (each) => {
          expect(await catalog.apply(putManifest(here, one, [each]))).toEqual({ done: true, existed: false });
          expect(await catalog.tag(here, each)).toBe(one.descriptor.digest);
        }),
      );
      expect((await catalog.tags(here, { limit: 1000 }))?.items).toEqual(tags.toSorted());
    });

    on("of two that expect a free tag exactly one wins", async (catalog) => {
      await applyAll(catalog, [...pushCommands(here, one), ...pushCommands(here, two)]);
      const outcomes = await Promise.all(
        [one, two].map((each) => catalog.apply(putManifest(here, each, ["1.0.0"], "absent"))),
      );
      expect(outcomes.filter((outcome) => outcome.done)).toHaveLength(1);
      const winner = outcomes[0]!.done ? one : two;
      expect(await catalog.tag(here, tag)).toBe(winner.descriptor.digest);
    });
  });
}
