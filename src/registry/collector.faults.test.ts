import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { type FileSystem, nodeFileSystem } from "../files/filesystem.ts";
import { blobOf, imageOf, pushArtifact, pushContent } from "../testing/artifacts.ts";
import { here, there } from "../testing/commands.ts";
import { fileRegistry } from "../testing/fileRegistry.ts";
import { type Call, TestFileSystem } from "../testing/filesystem.ts";
import { noise } from "../testing/streams.ts";
import type { Registry } from "./registry.ts";

/** Hundreds of days, each with its syncs: seconds on a quiet machine. */
const minute = 60_000;

// Blobs lie on a file system that fails as it is told; rows are in memory, and outlive the process as those on a disk do.
const grace = 1000;
const image = imageOf([blobOf(noise(3000))]);
const doomed = imageOf([blobOf(noise(500, 2))], {}, blobOf("{ }"));
const never = blobOf("never named");
const contents = [...image.blobs, ...doomed.blobs, never];

let base = "";
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-collector-faults-"));
});
afterAll(() => rm(base, { recursive: true }));

let count = 0;
/** A new place: its file system, its rows, its clock. */
async function place() {
  const root = join(base, `place-${count++}`);
  await mkdir(root);
  return {
    root,
    fs: await TestFileSystem.over(root),
    catalog: new MemoryCatalog(),
    clock: { now: 1_000_000 },
  };
}
type Place = Awaited<ReturnType<typeof place>>;

/** A process over a place, from its start on. */
const started = ({ catalog, clock }: Place, fs: FileSystem, root: string) =>
  fileRegistry(root, fs, catalog, { now: () => clock.now, rules: { grace } });

/** Push, delete, collect, and push again what was collected. Gives which steps were done; a later one may need an earlier. */
async function day({ clock }: Place, registry: Registry): Promise<boolean[]> {
  const [ours, theirs] = [registry.repository(here), registry.repository(there)];
  const steps: (() => Promise<unknown>)[] = [
    () => pushArtifact(ours, image),
    () => pushArtifact(theirs, doomed),
    () => theirs.delete(doomed.descriptor.digest),
    () => pushContent(ours, never),
    () => {
      clock.now += grace;
      return registry.collector.run(grace);
    },
    () => pushArtifact(theirs, doomed),
  ];
  const done: boolean[] = [];
  for (const step of steps)
    done.push(
      await step().then(
        () => true,
        () => false,
      ),
    );
  return done;
}

/** What was acknowledged is held still: of it collection took nothing. */
async function acknowledged({ catalog }: Place, [ours, , , , , theirs]: readonly boolean[]): Promise<void> {
  for (const [done, repository, { blobs }] of [
    [ours, here, image] as const,
    [theirs, there, doomed] as const,
  ])
    for (const { descriptor } of done ? blobs : [])
      expect(await catalog.blob(repository, descriptor.digest)).toBe(descriptor.size);
}

/** Whatever a repository has is there, byte for byte. Once all was collected, nothing else is. */
async function sound(
  { catalog, clock }: Place,
  { registry, blobs }: ReturnType<typeof started>,
): Promise<void> {
  const named = new Set<string>();
  for (const repository of [here, there])
    for (const { descriptor, bytes } of contents) {
      if ((await catalog.blob(repository, descriptor.digest)) === undefined) continue;
      const found = await new Response(await registry.repository(repository).blob(descriptor)).bytes();
      expect(Buffer.from(found).equals(bytes)).toBe(true);
      if ((await catalog.unnamedSince(repository, descriptor.digest)) === undefined)
        named.add(descriptor.digest);
    }
  clock.now += grace;
  await registry.collector.run(grace);
  // What the catalog knows nothing of, as a check does; of all else nothing goes by this.
  for await (const { digest } of blobs.list()) await registry.collector.take(digest);
  const kept = await Array.fromAsync(blobs.list());
  expect(new Set<string>(kept.map(({ digest }) => digest))).toEqual(named);
}

/** The calls of a day on which nothing fails. */
async function usualCalls(): Promise<readonly Call[]> {
  const usual = await place();
  const { registry } = started(usual, usual.fs, usual.root);
  expect(await day(usual, registry)).not.toContain(false);
  await registry.close();
  expect(usual.fs.calls.filter(({ name }) => name === "unlink")).toHaveLength(3);
  return [...usual.fs.calls];
}

const codes = ["EIO", "ENOSPC", "EACCES"];

test(
  "whichever call fails in a day of pushes, deletes and collections, nothing held is lost and a start collects the rest",
  async () => {
    const calls = await usualCalls();
    for (const [fatal] of calls.entries()) {
      const spot = await place();
      spot.fs.fault = (index) => (index === fatal ? { code: codes[fatal % codes.length]! } : undefined);
      const first = started(spot, spot.fs, spot.root);
      const done = await day(spot, first.registry);
      await first.registry.close();
      spot.fs.fault = () => undefined;
      const next = started(spot, spot.fs, spot.root);
      await acknowledged(spot, done);
      await sound(spot, next);
      expect(await day(spot, next.registry)).not.toContain(false);
      await sound(spot, next);
      await next.registry.close();
      expect(spot.fs.openFiles).toBe(0);
      await rm(spot.root, { recursive: true });
    }
  },
  minute,
);

test(
  "wherever the power fails in it, nothing held is lost and a start collects the rest",
  async () => {
    const calls = await usualCalls();
    for (const [last, { name }] of calls.entries()) {
      // Before these there is nothing new to lose.
      if (["read", "stat", "open"].includes(name)) continue;
      for (const entries of ["synced", "all"] as const) {
        const spot = await place();
        spot.fs.fault = (index) => (index >= last ? { code: "EIO" } : undefined);
        const dying = started(spot, spot.fs, spot.root);
        const done = await day(spot, dying.registry);
        await dying.registry.close().catch(() => {});
        const left = `${spot.root}-left`;
        await spot.fs.afterPowerLoss(left, entries);
        const next = started(spot, nodeFileSystem, left);
        await acknowledged(spot, done);
        await sound(spot, next);
        expect(await day(spot, next.registry)).not.toContain(false);
        await sound(spot, next);
        await next.registry.close();
        await rm(left, { recursive: true });
        await rm(spot.root, { recursive: true });
      }
    }
  },
  minute,
);
