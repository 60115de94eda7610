import { describe, expect, test } from "bun:test";
import type { RepositoryName } from "../oci/reference.ts";
import { blobOf, type Content, imageOf, pushArtifact } from "../testing/artifacts.ts";
import { here, there } from "../testing/commands.ts";
import { failureOf } from "../testing/errors.ts";
import { noise } from "../testing/streams.ts";
import {
  began,
  type CollectingRegistry,
  collectingRegistry,
  grace,
  type Stopped,
} from "./collecting.suite.ts";
import { RegistryError } from "./errors.ts";
import type { Registry } from "./registry.ts";

// Each test is a trace of docs/collection.md, of the same number.

const blob = blobOf(noise(3000));
const { digest } = blob.descriptor;
const image = imageOf([blob]);
const faultOf = async (work: Promise<unknown>) => {
  const failure = await failureOf(work);
  return failure instanceof RegistryError ? failure.fault : String(failure);
};

/** Sends a blob, whether it is there or not. */
type Send = (registry: Registry, content: Content, repository?: RepositoryName) => Promise<void>;

const sendStream: Send = async ({ uploads }, { bytes, descriptor }, repository = here) => {
  const body = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  await uploads.receive(repository, descriptor.digest, { body });
};
const sendSmall: Send = ({ uploads }, { bytes, descriptor }, repository = here) => {
  const small = { size: bytes.byteLength, read: async () => bytes };
  return uploads.receiveSmall(repository, descriptor.digest, small);
};

/** Whether a repository gives a blob, byte for byte. */
async function gives(
  registry: Registry,
  { bytes, descriptor }: Content,
  repository = here,
): Promise<boolean> {
  const found = await new Response(await registry.repository(repository).blob(descriptor)).bytes();
  return Buffer.from(found).equals(bytes);
}

for (const [over, kind, send] of [
  ["memory", "memory", sendStream],
  ["memory, of small blobs", "memory", sendSmall],
  ["sqlite", "sqlite", sendStream],
] as const) {
  const race = (title: string, body: (place: CollectingRegistry) => Promise<void>) =>
    test(title, async () => {
      await using place = await collectingRegistry(kind);
      await body(place);
    });
  /** A blob that was pushed, and waits no longer. */
  const due = async (place: CollectingRegistry, repository = here) => {
    await send(place.registry, blob, repository);
    place.clock.now += grace;
  };

  describe(`collection and, over ${over},`, () => {
    for (const step of ["before remove", "after remove"] as const)
      race(
        `1. a push that links ${step === "before remove" ? "before" : "after"} the bytes go`,
        async (place) => {
          const { registry, steps } = place;
          await due(place);
          const stopped = place.stop(step);
          const collection = registry.collector.run(grace);
          await stopped.reached;
          const refused = place.stop("after link-blob");
          const push = send(registry, blob);
          await refused.reached;
          expect(await registry.repository(here).has(blob.descriptor)).toBe(false);
          refused.go();
          stopped.go();
          await Promise.all([push, collection]);
          expect(await gives(registry, blob)).toBe(true);
          expect(steps.filter((each) => each === "after link-blob")).toHaveLength(3);
        },
      );

    race("2. a push that publishes before the bytes go, and links after they were buried", async (place) => {
      const { registry } = place;
      await due(place);
      const published = place.stop("before link-blob");
      const push = send(registry, blob);
      await published.reached;
      expect(await registry.collector.run(grace)).toEqual({
        manifests: 0,
        blobs: 1,
        contents: 1,
        bytes: 3000,
      });
      published.go();
      await push;
      expect(await gives(registry, blob)).toBe(true);
    });

    race("3. a push that links before they are doomed", async (place) => {
      const { registry } = place;
      await due(place);
      const stopped = place.stop("before doom");
      const collection = registry.collector.run(grace);
      await stopped.reached;
      await send(registry, blob);
      stopped.go();
      expect(await collection).toEqual({ manifests: 0, blobs: 1, contents: 0, bytes: 0 });
      expect(await gives(registry, blob)).toBe(true);
    });

    race("4. two pushes that meet the same doomed bytes", async (place) => {
      const { registry, steps } = place;
      await due(place);
      const stopped = place.stop("before remove");
      const collection = registry.collector.run(grace);
      await stopped.reached;
      const pushes: Promise<void>[] = [];
      const refused: Stopped[] = [];
      for (const repository of [here, there]) {
        refused.push(place.stop("after link-blob"));
        pushes.push(send(registry, blob, repository));
        await refused.at(-1)?.reached;
      }
      for (const each of refused) each.go();
      await new Promise((resolve) => setImmediate(resolve));
      stopped.go();
      await Promise.all([...pushes, collection]);
      expect(await gives(registry, blob)).toBe(true);
      expect(await gives(registry, blob, there)).toBe(true);
      expect(steps.filter((each) => each === "after remove")).toHaveLength(1);
    });

    race("5. a push whose burial comes after another push has published again", async (place) => {
      const { registry, steps } = place;
      await due(place);
      const stopped = place.stop("before remove");
      const collection = registry.collector.run(grace);
      await stopped.reached;
      // Refused, and held up before it buries, until all else is over.
      const late = place.stop("after link-blob");
      const push = send(registry, blob);
      await late.reached;
      stopped.go();
      await collection;
      await send(registry, blob, there);
      late.go();
      await push;
      expect(steps.filter((each) => each === "after remove")).toHaveLength(1);
      expect(await gives(registry, blob, there)).toBe(true);
      expect(await gives(registry, blob)).toBe(true);
    });

    race("6. an upload that was half sent before, and is finished on doomed bytes", async (place) => {
      const { registry } = place;
      await due(place);
      const { uploads } = registry;
      const key = await uploads.open(here, undefined);
      const part = (start: number, end: number) => ({
        body: new Blob([blob.bytes.slice(start, end) as Uint8Array<ArrayBuffer>]).stream(),
        start,
      });
      await uploads.append(key, part(0, 1000));
      const stopped = place.stop("after remove");
      const collection = registry.collector.run(grace);
      await stopped.reached;
      const finish = uploads.finish(key, digest, part(1000, 3000));
      stopped.go();
      await Promise.all([finish, collection]);
      expect(await gives(registry, blob)).toBe(true);
      expect(await faultOf(uploads.find(key))).toBe("uploadUnknown");
    });

    race("7. a mount, before and after its source is taken", async (place) => {
      const { registry } = place;
      await due(place);
      const target = registry.repository(there);
      const before = place.stop("before collect-blob");
      const collection = registry.collector.run(grace);
      await before.reached;
      expect(await target.mount(blob.descriptor, here)).toBe(true);
      before.go();
      expect(await collection).toMatchObject({ blobs: 1, contents: 0 });
      expect(await gives(registry, blob, there)).toBe(true);
      place.clock.now += grace;
      const after = place.stop("before remove");
      const second = registry.collector.run(grace);
      await after.reached;
      expect(await registry.repository(here).mount(blob.descriptor, there)).toBe(false);
      after.go();
      expect(await second).toEqual({ manifests: 0, blobs: 1, contents: 1, bytes: 3000 });
    });

    race("8. a HEAD, before and after the blob is taken", async (place) => {
      const { registry, clock, steps } = place;
      await send(registry, blob);
      const repository = registry.repository(here);
      clock.now += grace / 2;
      expect(await repository.keep(blob.descriptor)).toBe(3000);
      expect(steps).not.toContain("before renew-blob");
      clock.now += grace / 2 - 1;
      expect(await repository.keep(blob.descriptor)).toBe(3000);
      // What this HEAD said holds for half the grace period at least.
      clock.now += grace / 2;
      await registry.collector.run(grace);
      await pushArtifact(repository, image);
      expect(await gives(registry, blob)).toBe(true);
      await repository.delete(image.descriptor.digest);
      clock.now += grace;
      const taken = place.stop("before doom");
      const collection = registry.collector.run(grace);
      await taken.reached;
      expect(await repository.keep(blob.descriptor)).toBeUndefined();
      taken.go();
      await collection;
    });

    race("9. a manifest, before and after its blobs are taken", async (place) => {
      const { registry, clock } = place;
      const repository = registry.repository(here);
      const small = imageOf([], {}, blob);
      const put = () => repository.pushManifest(small.descriptor, small.bytes, { tags: [], expect: "any" });
      await due(place);
      const before = place.stop("before collect-blob");
      const collection = registry.collector.run(grace);
      await before.reached;
      await put();
      before.go();
      expect(await collection).toEqual({ manifests: 0, blobs: 0, contents: 0, bytes: 0 });
      expect(await gives(registry, blob)).toBe(true);
      await repository.delete(small.descriptor.digest);
      clock.now += grace;
      const after = place.stop("after collect-blob");
      const second = registry.collector.run(grace);
      await after.reached;
      expect(await faultOf(put())).toBe("manifestBlobUnknown");
      after.go();
      expect(await second).toEqual({ manifests: 0, blobs: 1, contents: 1, bytes: 3000 });
      // A client that was refused sends what was missing, and its manifest again.
      await pushArtifact(repository, small);
      expect(await gives(registry, blob)).toBe(true);
    });

    race("10. a manifest that is deleted and pushed again", async (place) => {
      const { registry, clock } = place;
      const repository = registry.repository(here);
      await pushArtifact(repository, image);
      await repository.delete(image.descriptor.digest);
      clock.now += grace - 1;
      expect((await registry.collector.run(grace)).blobs).toBe(0);
      await repository.pushManifest(image.descriptor, image.bytes, { tags: [], expect: "any" });
      clock.now += 10 * grace;
      expect((await registry.collector.run(grace)).blobs).toBe(0);
      expect(await gives(registry, blob)).toBe(true);
    });

    race("11. a blob that is deleted and pushed again", async (place) => {
      const { registry } = place;
      await send(registry, blob);
      await registry.repository(here).deleteBlob(digest);
      const stopped = place.stop("before bury");
      const collection = registry.collector.run(grace);
      await stopped.reached;
      const push = send(registry, blob);
      stopped.go();
      await Promise.all([push, collection]);
      expect(await gives(registry, blob)).toBe(true);
    });

    race("12. a GET, whose row and bytes are taken in between", async (place) => {
      const { registry, blobs } = place;
      await due(place);
      const read = blobs.read.bind(blobs);
      let between = async () => void (await registry.collector.run(grace));
      blobs.read = async (...wanted) => {
        const work = between;
        between = async () => {};
        await work();
        return read(...wanted);
      };
      expect(await faultOf(registry.repository(here).blob(blob.descriptor))).toBe("blobUnknown");
      await due(place);
      between = async () => {
        await registry.collector.run(grace);
        const open = registry.repository(here).blob(blob.descriptor);
        expect(await faultOf(open)).toBe("blobUnknown");
        await send(registry, blob);
      };
      expect(await gives(registry, blob)).toBe(true);
    });

    race("13. a backup: nothing goes while collection is held", async (place) => {
      const { registry, clock } = place;
      await due(place);
      const stopped = place.stop("before remove");
      const collection = registry.collector.run(grace);
      await stopped.reached;
      let held = false;
      const holding = registry.collector.hold().then((hold) => {
        held = true;
        return hold;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(held).toBe(false);
      stopped.go();
      expect(await collection).toMatchObject({ contents: 1 });
      {
        using _hold = await holding;
        await send(registry, blob);
        await registry.repository(here).deleteBlob(digest);
        clock.now += grace;
        expect(await failureOf(registry.collector.run(grace))).toMatchObject({ code: "busy" });
        expect(await failureOf(registry.collector.take(digest))).toMatchObject({ code: "busy" });
        expect(await place.blobs.stat(digest)).toBe(3000);
      }
      expect(await registry.collector.run(grace)).toEqual({
        manifests: 0,
        blobs: 0,
        contents: 1,
        bytes: 3000,
      });
    });

    for (const step of ["after doom", "after remove"] as const)
      race(`14. a death ${step}: the next start finishes, and a push that comes first too`, async (place) => {
        for (const next of ["start", "push"]) {
          await due(place);
          place.fail(step);
          expect(String(await failureOf(place.registry.collector.run(grace)))).toContain("made to fail");
          expect((await place.catalog.unheldBytes(digest))?.doomed).toBe(true);
          const registry = place.restarted();
          if (next === "start") {
            const buried = place.stop("after bury");
            await registry.start(() => {}, "off");
            await buried.reached;
            buried.go();
            await registry.close();
            expect(await place.catalog.unheldBytes(digest)).toBeUndefined();
            expect(await place.blobs.stat(digest)).toBeUndefined();
          } else {
            await send(registry, blob);
            expect(await gives(registry, blob)).toBe(true);
          }
        }
      });

    race("15. a push without a row yet, whose bytes a check takes for orphans", async (place) => {
      const { registry } = place;
      const published = place.stop("before link-blob");
      const push = send(registry, blob);
      await published.reached;
      expect(await place.catalog.repositoriesWithBlob(digest, 1)).toEqual([]);
      expect(await registry.collector.take(digest)).toBe(3000);
      published.go();
      await push;
      expect(await gives(registry, blob)).toBe(true);
      expect(await registry.collector.take(digest)).toBeUndefined();
      expect(await gives(registry, blob)).toBe(true);
    });
  });
}

test("the clock of these traces begins where nothing is due", () => expect(began).toBeGreaterThan(grace));
