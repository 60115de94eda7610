import { describe, expect, test } from "bun:test";
import { CatalogFull } from "../catalog/catalog.ts";
import { blobOf, type Content, imageOf, indexOf, pushArtifact, pushContent } from "../testing/artifacts.ts";
import { here, there } from "../testing/commands.ts";
import { failureOf } from "../testing/errors.ts";
import { noise } from "../testing/streams.ts";
import { began, type CollectingRegistry, collectingRegistry, grace } from "./collecting.suite.ts";
import { WritesStopped } from "./writeStop.ts";

const [layer, other] = [blobOf(noise(3000)), blobOf(noise(500, 2))];
const image = imageOf([layer]);
const tagged = (tag: string) => ({ tags: [tag as never], expect: "any" as const });
const nothing = { manifests: 0, blobs: 0, contents: 0, bytes: 0 };
const digestsOf = (contents: readonly Content[]) =>
  contents.map(({ descriptor }) => descriptor.digest).toSorted();

/** The digests of all bytes that there are. */
const kept = async ({ blobs }: CollectingRegistry) =>
  (await Array.fromAsync(blobs.list())).map(({ digest }) => digest).toSorted();

for (const kind of ["memory", "sqlite"] as const) {
  const on = (title: string, body: (place: CollectingRegistry) => Promise<void>) =>
    test(title, async () => {
      await using place = await collectingRegistry(kind);
      await body(place);
    });

  describe(`collection over ${kind}`, () => {
    on("takes blobs that no manifest named in time, and leaves all that one names", async (place) => {
      const { registry, clock } = place;
      const repository = registry.repository(here);
      const signature = imageOf([blobOf("signature")], { subject: image.descriptor });
      for (const root of [image, signature, indexOf([imageOf([blobOf("child")])])])
        await pushArtifact(repository, root);
      await pushContent(repository, other);
      const all = await kept(place);
      clock.now += grace - 1;
      expect(await registry.collector.run(grace)).toEqual(nothing);
      clock.now += 1;
      expect(await registry.collector.run(grace)).toEqual({
        manifests: 0,
        blobs: 1,
        contents: 1,
        bytes: 500,
      });
      expect(await kept(place)).toEqual(all.filter((digest) => digest !== other.descriptor.digest));
      clock.now += 100 * grace;
      expect(await registry.collector.run(0)).toEqual(nothing);
    });

    on("ends soon when it is asked to, and goes on the next time", async (place) => {
      const { registry } = place;
      for (let at = 0; at < 40; at++) await pushContent(registry.repository(here), blobOf(`blob ${at}`));
      const [ending, reason] = [new AbortController(), new Error("Ctrl-C")];
      const taken = place.stop("after collect-blob");
      const collection = failureOf(registry.collector.run(0, false, ending.signal));
      await taken.reached;
      ending.abort(reason);
      taken.go();
      expect(await collection).toBe(reason);
      expect(await registry.collector.run(0)).toMatchObject({ blobs: 24, contents: 40 });
      expect(await kept(place)).toEqual([]);
    });

    on(
      "takes a manifest's blobs a grace period after it was deleted, but no manifest for want of a tag",
      async (place) => {
        const { registry, clock } = place;
        const repository = registry.repository(here);
        await pushArtifact(repository, image, tagged("v1"));
        await pushArtifact(repository, imageOf([layer, other]), tagged("v1"));
        clock.now += 10 * grace;
        expect(await registry.collector.run(grace)).toEqual(nothing);
        await repository.delete(imageOf([layer, other]).descriptor.digest);
        clock.now += grace;
        expect(await registry.collector.run(grace)).toEqual({
          manifests: 0,
          blobs: 1,
          contents: 1,
          bytes: 500,
        });
        expect(await repository.manifest(image.descriptor.digest)).toBeDefined();
        await repository.delete(image.descriptor.digest);
        clock.now += grace;
        expect(await registry.collector.run(grace)).toEqual({
          manifests: 0,
          blobs: 2,
          contents: 2,
          bytes: 3002,
        });
        expect(await kept(place)).toEqual([]);
        expect((await registry.repositories({ limit: 9 }, () => true)).items).toEqual([]);
      },
    );

    on(
      "takes manifests that nothing holds when it is told to, and what hangs on them a grace period later each",
      async (place) => {
        const { registry, clock } = place;
        const repository = registry.repository(here);
        const child = imageOf([other]);
        const index = indexOf([child]);
        const signature = imageOf([], { subject: index.descriptor });
        await pushArtifact(repository, image, tagged("v1"));
        for (const root of [index, signature]) await pushArtifact(repository, root);
        clock.now += grace;
        expect(await registry.collector.run(grace)).toEqual(nothing);
        const { digest, size } = index.descriptor;
        const due = {
          kind: "manifest",
          repository: here,
          digest,
          size,
          since: began,
          due: began + grace,
        } as const;
        expect(await Array.fromAsync(registry.collector.explain(grace, clock.now, true))).toEqual([due]);
        expect(await registry.collector.run(grace, true)).toEqual({ ...nothing, manifests: 1 });
        expect(await repository.resolve(child.descriptor.digest)).toBeDefined();
        clock.now += grace;
        expect(await registry.collector.run(grace, true)).toEqual({ ...nothing, manifests: 2 });
        clock.now += grace;
        expect(await registry.collector.run(grace, true)).toEqual({
          manifests: 0,
          blobs: 1,
          contents: 1,
          bytes: 500,
        });
        expect(await repository.resolve(image.descriptor.digest)).toBeDefined();
        await repository.untag("v1" as never);
        expect(await registry.collector.run(0, true)).toEqual({
          manifests: 1,
          blobs: 2,
          contents: 2,
          bytes: 3002,
        });
      },
    );

    on("leaves bytes that another repository has", async (place) => {
      const { registry, clock } = place;
      await pushContent(registry.repository(here), layer);
      await registry.repository(there).mount(layer.descriptor, here);
      await registry.repository(here).deleteBlob(layer.descriptor.digest);
      expect(await registry.collector.run(grace)).toEqual(nothing);
      clock.now += grace;
      expect(await registry.collector.run(grace)).toEqual({
        manifests: 0,
        blobs: 1,
        contents: 1,
        bytes: 3000,
      });
    });

    on("frees the bytes of a deleted blob without waiting", async (place) => {
      const { registry } = place;
      await pushContent(registry.repository(here), layer);
      await registry.repository(here).deleteBlob(layer.descriptor.digest);
      expect(await registry.collector.run(grace)).toEqual({
        manifests: 0,
        blobs: 0,
        contents: 1,
        bytes: 3000,
      });
    });

    on("explains what it would take, when, and what that frees; and touches nothing", async (place) => {
      const { registry, clock } = place;
      const [ours, theirs] = [registry.repository(here), registry.repository(there)];
      const gone = blobOf("gone");
      await pushArtifact(ours, image);
      for (const each of [other, gone]) await pushContent(ours, each);
      await ours.deleteBlob(gone.descriptor.digest);
      clock.now += 10;
      await theirs.mount(other.descriptor, here);
      const explained = (until: number) => Array.fromAsync(registry.collector.explain(grace, until));
      const bytes = { kind: "bytes", digest: gone.descriptor.digest, size: 4 } as const;
      expect(await explained(began)).toEqual([bytes]);
      const { digest } = other.descriptor;
      const blob = { kind: "blob", digest, size: 500, last: false } as const;
      expect(await explained(began + 10 + grace)).toEqual([
        { ...blob, repository: here, since: began, due: began + grace },
        { ...blob, repository: there, since: began + 10, due: began + 10 + grace },
        bytes,
      ]);
      clock.now = began + grace;
      expect(await registry.collector.run(grace)).toEqual({ manifests: 0, blobs: 1, contents: 1, bytes: 4 });
      expect(await explained(began + 10 + grace)).toEqual([
        { ...blob, repository: there, since: began + 10, due: began + 10 + grace, last: true },
      ]);
    });

    on("takes more than a step holds", async (place) => {
      const { registry, clock } = place;
      const contents = Array.from({ length: 50 }, (_, i) => blobOf(`content ${i}`));
      for (const each of contents) await pushContent(registry.repository(here), each);
      clock.now += grace;
      expect(await registry.collector.due()).toBe(50);
      expect(await registry.collector.run(grace)).toMatchObject({ blobs: 50, contents: 50 });
      expect(await registry.collector.due()).toBe(0);
      expect(await kept(place)).toEqual([]);
    });

    on(
      "leaves what it cannot remove doomed, says so, takes the rest, and takes that the next time",
      async (place) => {
        const { registry, clock } = place;
        for (const each of [layer, other]) await pushContent(registry.repository(here), each);
        clock.now += grace;
        place.fail("before remove");
        expect(String(await failureOf(registry.collector.run(grace)))).toContain(
          "made to fail before remove",
        );
        const left = await kept(place);
        expect(left).toHaveLength(1);
        expect(await place.catalog.unheldBytes(left[0]!)).toEqual({ digest: left[0]!, doomed: true });
        expect(await registry.collector.run(grace)).toMatchObject({ blobs: 0, contents: 1 });
        expect(await kept(place)).toEqual([]);
      },
    );

    on("goes on in the background from start to close, counts, and tells what goes wrong", async (place) => {
      const { registry, clock } = place;
      await pushContent(registry.repository(here), layer);
      clock.now += grace;
      place.fail("before doom");
      const failed = Promise.withResolvers<unknown>();
      await registry.start(failed.resolve, "off");
      expect(String(await failed.promise)).toContain("made to fail before doom");
      const buried = place.stop("after bury");
      await buried.reached;
      buried.go();
      await registry.close();
      expect(registry.collector.total).toEqual({
        manifests: 0,
        blobs: 1,
        contents: 1,
        bytes: 3000,
        failures: 1,
      });
    });
  });
}

test("nothing is collected, and no HEAD writes, where the rules say no grace period", async () => {
  await using place = await collectingRegistry("memory", {});
  const { registry, clock, steps } = place;
  await pushContent(registry.repository(here), layer);
  clock.now += 1e12;
  await registry.start(() => {}, "off");
  expect(await registry.repository(here).keep(layer.descriptor)).toBe(3000);
  expect(await registry.collector.due()).toBe(0);
  await registry.close();
  expect(steps.filter((step) => !/upload|link|changes/.test(step))).toEqual([]);
});

test("a HEAD that cannot renew a blob is answered all the same", async () => {
  await using place = await collectingRegistry("memory");
  await pushContent(place.registry.repository(here), layer);
  place.clock.now += grace;
  place.fail("before renew-blob", new CatalogFull("storage", "the disk is full"));
  expect(await place.registry.repository(here).keep(layer.descriptor)).toBe(3000);
  expect(place.steps).not.toContain("after renew-blob");
});

test("once writing has ended collection ends too, without a word of its own", async () => {
  await using place = await collectingRegistry("memory");
  const { registry, clock } = place;
  await pushContent(registry.repository(here), layer);
  clock.now += grace;
  place.fail("before collect-blob", new WritesStopped(new Error("sync failed")));
  const told: unknown[] = [];
  await registry.start((error) => told.push(error), "off");
  await registry.close();
  expect(told).toEqual([]);
  expect(registry.collector.total.failures).toBe(0);
  expect(await kept(place)).toEqual(digestsOf([layer]));
});
