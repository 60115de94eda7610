import { describe, expect } from "bun:test";
import { parseTag } from "../oci/reference.ts";
import {
  applyAll,
  here,
  linkBlob,
  occasion,
  one,
  pushCommands,
  putManifest,
  there,
  two,
} from "../testing/commands.ts";
import type { Catalog } from "./catalog.ts";
import type { Command } from "./command.ts";
import type { Event } from "./event.ts";
import type { On } from "./on.suite.ts";
import { eventLimit } from "./telling.ts";

const layer = one.blobs[1]!;
const { digest, size, mediaType } = one.descriptor;
const blob = layer.descriptor;

/** What endpoints are to be told, and that it is told with what it tells of. */
export function eventTests(on: On): void {
  const told = async (catalog: Catalog, after = 0) =>
    (await catalog.events(after, eventLimit)).map(({ body }) => JSON.parse(body) as Event);
  const numbers = async (catalog: Catalog) =>
    (await catalog.events(0, eventLimit)).map(({ number }) => number);
  /** What becomes of the command where it has an occasion: the actions and targets that are told. */
  const telling = async (catalog: Catalog, command: Command) => {
    const last = await catalog.lastEvent();
    await catalog.apply({ ...command, occasion } as Command);
    return (await told(catalog, last)).map(({ action, target }) => [action, target]);
  };
  const tell = (...events: string[]) => ({ kind: "tell-events", events }) as const;
  const open = (...names: string[]) => ({ kind: "open-endpoints", names }) as const;
  const advance = (name: string, event: number) => ({ kind: "advance-endpoint", name, event }) as const;
  const url = `http://registry.example/v2/${here}`;

  describe("events", () => {
    on("a command without an occasion tells nothing", async (catalog) => {
      await applyAll(catalog, pushCommands(here, one, ["1"]));
      expect([await told(catalog), await catalog.lastEvent()]).toEqual([[], 0]);
    });

    on("a blob that is pushed, mounted and deleted", async (catalog) => {
      const of = {
        mediaType: "application/octet-stream",
        digest: blob.digest,
        size: blob.size,
        length: blob.size,
      };
      expect(await telling(catalog, linkBlob(here, layer))).toEqual([
        ["push", { ...of, repository: here, url: `${url}/blobs/${blob.digest}` }],
      ]);
      const mount = {
        kind: "mount-blob",
        repository: there,
        from: here,
        digest: blob.digest,
        at: 1,
      } as const;
      const mounted = `http://registry.example/v2/${there}/blobs/${blob.digest}`;
      for (let times = 0; times < 2; times++)
        expect(await telling(catalog, mount)).toEqual([
          ["mount", { ...of, repository: there, fromRepository: here, url: mounted }],
        ]);
      const unlink = { kind: "unlink-blob", repository: here, digest: blob.digest } as const;
      expect(await telling(catalog, unlink)).toEqual([["delete", { digest: blob.digest, repository: here }]]);
    });

    on(
      "a manifest that is pushed by digest, by tags, untagged and deleted with its tags",
      async (catalog) => {
        await applyAll(catalog, pushCommands(here, one));
        const target = {
          mediaType,
          digest,
          size,
          length: size,
          repository: here,
          url: `${url}/manifests/${digest}`,
        };
        expect(await telling(catalog, putManifest(here, one))).toEqual([["push", target]]);
        const tags = ["1", "2", "3"].map(parseTag);
        expect(await telling(catalog, putManifest(here, one, tags))).toEqual(
          tags.map((tag) => ["push", { ...target, tag }]),
        );
        const untag = { kind: "untag", repository: here, tag: tags[0]!, at: 1 } as const;
        expect(await telling(catalog, untag)).toEqual([["delete", { repository: here, tag: tags[0] }]]);
        const remove = { kind: "delete-manifest", repository: here, digest, at: 1 } as const;
        expect(await telling(catalog, remove)).toEqual([
          ["delete", { digest, repository: here }],
          ["delete", { repository: here, tag: tags[1] }],
          ["delete", { repository: here, tag: tags[2] }],
        ]);
      },
    );

    on("each has an id of its own and says who did it, when, and by which request", async (catalog) => {
      await applyAll(catalog, pushCommands(here, one));
      await catalog.apply({ ...putManifest(here, one, ["1", "2"]), occasion });
      const { id, request, actor, source } = occasion;
      const timestamp = "2026-11-26T00:00:00.000Z";
      expect(await told(catalog)).toMatchObject([
        { id, timestamp, request, actor, source },
        { id: `${id}.1`, timestamp, request, actor, source },
      ]);
    });

    on("what a manifest names is told where it is asked for", async (catalog) => {
      const references = one.blobs.map(({ descriptor }) => descriptor);
      await applyAll(catalog, pushCommands(here, one));
      await catalog.apply({ ...putManifest(here, one), occasion: { ...occasion, references } });
      expect((await told(catalog)).map(({ target }) => target.references)).toEqual([references]);
    });

    on("what was refused is not told", async (catalog) => {
      await applyAll(catalog, pushCommands(here, one, ["1"]));
      const absent = two.descriptor.digest;
      for (const refused of [
        putManifest(here, two),
        { kind: "unlink-blob", repository: here, digest: blob.digest },
        { kind: "unlink-blob", repository: here, digest: absent },
        { kind: "mount-blob", repository: here, from: there, digest: absent, at: 1 },
        { kind: "untag", repository: here, tag: parseTag("2"), at: 1 },
        { kind: "delete-manifest", repository: here, digest: absent, at: 1 },
      ] as const)
        expect(await telling(catalog, refused)).toEqual([]);
    });

    on("they are numbered without a gap, in the order of the commands", async (catalog) => {
      await catalog.apply(open("a"));
      await Promise.all(Array.from({ length: 50 }, (_, i) => catalog.apply(tell(`${i}`))));
      expect(await numbers(catalog)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      expect((await told(catalog)).map(String)).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
      expect((await catalog.events(10, 2)).map(({ number }) => number)).toEqual([11, 12]);
    });
  });

  describe("endpoints", () => {
    on(
      "a new one is told what comes from then on, one that was there what it has not had",
      async (catalog) => {
        expect(await catalog.apply(open("a"))).toEqual({ done: true, had: [0] });
        await applyAll(catalog, [tell("1", "2", "3"), advance("a", 2)]);
        expect(await catalog.apply(open("b", "a"))).toEqual({ done: true, had: [3, 2] });
      },
    );

    on("what all have had is forgotten, and its number is never another's", async (catalog) => {
      await applyAll(catalog, [open("a", "b"), tell("1", "2", "3"), advance("a", 3)]);
      expect(await numbers(catalog)).toEqual([1, 2, 3]);
      await catalog.apply(advance("b", 2));
      expect(await numbers(catalog)).toEqual([3]);
      await catalog.apply(advance("b", 3));
      await catalog.apply(tell("4"));
      expect(await numbers(catalog)).toContain(4);
      expect(await catalog.lastEvent()).toBe(4);
    });

    on("what one has had is never taken back", async (catalog) => {
      await applyAll(catalog, [open("a"), tell("1", "2"), advance("a", 2), advance("a", 1)]);
      expect(await catalog.apply(open("a"))).toEqual({ done: true, had: [2] });
    });

    on("one that is not named any more keeps nothing, and is new when it comes back", async (catalog) => {
      await applyAll(catalog, [open("gone", "a"), tell("1", "2"), advance("a", 2), open("a")]);
      expect(await numbers(catalog)).toEqual([2]);
      expect(await catalog.apply(advance("gone", 2))).toEqual({ done: false, why: "absent" });
      expect(await catalog.apply(open("gone"))).toEqual({ done: true, had: [2] });
      await catalog.apply(open());
      expect(await numbers(catalog)).toEqual([2]);
    });

    on("who is behind by more than the limit loses the oldest", async (catalog) => {
      const many = Array.from({ length: eventLimit }, () => "{}");
      await applyAll(catalog, [open("a"), tell(...many), tell("1", "2")]);
      expect((await catalog.events(0, 1))[0]?.number).toBe(3);
      expect(await catalog.lastEvent()).toBe(eventLimit + 2);
    });
  });
}
