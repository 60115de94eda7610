import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "../files/filesystem.ts";
import { inParallel } from "../oci/parallel.ts";
import { WriteStop } from "../registry/writeStop.ts";
import { blobOf, imageOf, indexOf } from "../testing/artifacts.ts";
import { fingerprint } from "../testing/distribution.ts";
import { type Call, TestFileSystem } from "../testing/filesystem.ts";
import { Place } from "./place.suite.ts";

// Both directories lie on a file system that fails as it is told; rows are in memory, and believed.
const one = imageOf([blobOf("one")]);
const index = indexOf([one]);

let base = "";
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-adopt-faults-"));
});
afterAll(() => rm(base, { recursive: true }));

let count = 0;
async function place(): Promise<{ at: Place; fs: TestFileSystem }> {
  const at = new Place(join(base, `${count++}`));
  await mkdir(at.there.root, { recursive: true });
  await mkdir(at.data);
  await at.there.push("a/b", index, "1", "2");
  await at.there.push("c", one, "1");
  return { at, fs: await TestFileSystem.over(at.folder) };
}

async function expectAll(at: Place): Promise<void> {
  await at.expectHere("a/b", index);
  await at.expectHere("c", one);
  for (const tag of ["1", "2"]) expect(await at.tag("a/b", tag)).toBe(index.descriptor.digest);
  expect(await at.tag("c", "1")).toBe(one.descriptor.digest);
}

/** That each blob which a row names is there, whole. */
async function expectRowsTrue(at: Place): Promise<void> {
  for (const blob of one.blobs) for (const repository of ["a/b", "c"]) await at.expectWhole(repository, blob);
}

/** Try every point, some at once. */
async function each(
  calls: readonly Call[],
  point: (index: number, call: Call) => Promise<void>,
): Promise<void> {
  await inParallel([...calls.entries()], 8, ([at, call]) => point(at, call));
}

for (const how of ["link", "copy"] as const) {
  const usualCalls = async (): Promise<readonly Call[]> => {
    const { at, fs } = await place();
    expect((await at.adopted({ how, fs })).findings).toEqual([]);
    await expectAll(at);
    return [...fs.calls];
  };

  test(`by ${how}, whichever call fails, what is acknowledged is whole, and a repeat has all of it`, async () => {
    const calls = await usualCalls();
    await each(calls, async (fatal) => {
      const { at, fs } = await place();
      const before = await fingerprint(at.there.root);
      let failed: Call["name"] | undefined;
      fs.fault = (n, { name }) => {
        if (n !== fatal) return undefined;
        failed = name;
        return { code: "EIO" };
      };
      const told: string[] = [];
      const writes = new WriteStop(({ message }) => told.push(message));
      const first = await at.adopted({ how, fs, writes }).catch(() => undefined);
      fs.fault = () => undefined;
      expect(told.length).toBe(failed === "sync" || failed === "datasync" ? 1 : 0);
      if (told.length > 0) expect(first).toBeUndefined();
      await expectRowsTrue(at);
      // It is told, or it did no harm.
      if (first?.findings.length === 0) await expectAll(at);
      expect((await at.adopted({ how, fs })).findings).toEqual([]);
      await expectAll(at);
      expect(fs.openFiles).toBe(0);
      expect(await fingerprint(at.there.root)).toBe(before);
      await rm(at.folder, { recursive: true });
    });
  });

  test(`by ${how}, wherever the power fails, what is acknowledged is whole, and a repeat has all of it`, async () => {
    const calls = await usualCalls();
    await each(calls, async (last, { name }) => {
      // Before these there is nothing new to lose.
      if (["read", "stat", "lstat", "readFile", "readdir", "open"].includes(name)) return;
      const { at, fs } = await place();
      fs.fault = (n) => (n >= last ? { code: "EIO" } : undefined);
      await at.adopted({ how, fs }).catch(() => {});
      for (const entries of ["synced", "all"] as const) {
        const left = new Place(`${at.folder}-${entries}`, at.catalog);
        await fs.afterPowerLoss(left.folder, entries);
        await expectRowsTrue(left);
        if (entries === "all") {
          expect((await left.adopted({ how, fs: nodeFileSystem })).findings).toEqual([]);
          await expectAll(left);
        }
        await rm(left.folder, { recursive: true });
      }
      await rm(at.folder, { recursive: true });
    });
  });
}
