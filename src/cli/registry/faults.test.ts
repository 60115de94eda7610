import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../catalog/catalog.ts";
import { openSqliteCatalog } from "../../catalog/sqlite/sqlite.ts";
import { type FileSystem, nodeFileSystem } from "../../files/filesystem.ts";
import { inParallel } from "../../oci/parallel.ts";
import { blobOf, imageOf } from "../../testing/artifacts.ts";
import { fileRegistry } from "../../testing/fileRegistry.ts";
import { type Call, TestFileSystem } from "../../testing/filesystem.ts";
import { noise } from "../../testing/streams.ts";
import { Witness } from "../../testing/witness.ts";

/** Hundreds of days, each with its syncs: seconds on a quiet machine. */
const minute = 60_000;

// Blobs lie on a file system that fails as it is told; rows are SQLite's, on the real disk, which is believed.
let base = "";
let catalog: Catalog;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-server-faults-"));
  catalog = await openSqliteCatalog(join(base, "catalog.db"));
});
afterAll(async () => {
  await catalog.close();
  await rm(base, { recursive: true });
});

let count = 0;
/** A new place for blobs; its number names the repository too, so that one catalog serves every point. */
async function place() {
  const number = count++;
  const root = join(base, `place-${number}`);
  await mkdir(root);
  return { root, fs: await TestFileSystem.over(root), repository: `point-${number}` };
}

/** A process over a place, from its start on. */
const started = (root: string, fs: FileSystem) => fileRegistry(root, fs, catalog);

const layer = blobOf(noise(3_000));
const image = imageOf([layer]);
const signature = imageOf([blobOf(noise(700, 2))], {
  artifactType: "application/vnd.example.signature",
  subject: image.descriptor,
});
const doomed = imageOf([blobOf(noise(500, 3))]);

/** What a client does in a day: push an image, its referrer and another, and delete that. Gives what was acknowledged. */
async function day(witness: Witness): Promise<boolean[]> {
  const { digest } = image.descriptor;
  const done: boolean[] = [];
  for (const { blobs } of [image, signature, doomed])
    for (const blob of blobs) done.push(await witness.blob(blob, blob === layer ? "session" : "whole"));
  done.push(await witness.manifest(image, "v1"));
  done.push(await witness.manifest(signature, undefined, digest));
  done.push((await witness.half(layer)) !== undefined);
  done.push(await witness.manifest(doomed, "old"));
  done.push(await witness.remove("manifests/old"));
  done.push(await witness.remove(`manifests/${doomed.descriptor.digest}`));
  done.push(await witness.remove(`blobs/${doomed.blobs[1]?.descriptor.digest}`));
  return done;
}

/** The calls of a day on which nothing fails. */
async function usualCalls(): Promise<readonly Call[]> {
  const { root, fs, repository } = await place();
  const { ask, stop } = started(root, fs);
  const witness = new Witness(ask, repository);
  expect(await day(witness)).not.toContain(false);
  expect(await witness.lost()).toEqual([]);
  await stop();
  return [...fs.calls];
}

/** Try every point, some at once: they share the catalog, and so its syncs. */
const each = (
  calls: readonly Call[],
  point: (index: number, call: Call) => Promise<void>,
): Promise<unknown> => inParallel([...calls.entries()], 8, ([index, call]) => point(index, call));

const codes = ["EIO", "ENOSPC", "EACCES"];

for (const short of [false, true])
  test(
    `whichever ${short ? "write is cut short" : "call fails"}, what was acknowledged is there, and a repeat succeeds`,
    async () => {
      const calls = await usualCalls();
      await each(calls, async (fatal, { name }) => {
        if (short && name !== "writev") return;
        const { root, fs, repository } = await place();
        const fault = { code: codes[fatal % codes.length]!, short };
        fs.fault = (index) => (index === fatal ? fault : undefined);
        const first = started(root, fs);
        let ask = first.ask;
        const witness = new Witness((...request) => ask(...request), repository);
        await day(witness);
        fs.fault = () => undefined;
        expect(await witness.lost()).toEqual([]);
        // A sync that failed is mended by a start alone; anything else by asking again.
        expect(first.told.length).toBe(name === "sync" || name === "datasync" ? 1 : 0);
        if (first.told.length === 0) expect(await day(witness)).not.toContain(false);
        await first.stop();
        const next = started(root, fs);
        ask = next.ask;
        expect(await witness.lost()).toEqual([]);
        expect(await day(witness)).not.toContain(false);
        expect(await witness.lost()).toEqual([]);
        await next.stop();
        expect(fs.openFiles).toBe(0);
        await rm(root, { recursive: true });
      });
    },
    minute,
  );

test(
  "wherever the power fails, what was acknowledged is there, and a repeat succeeds",
  async () => {
    const calls = await usualCalls();
    await each(calls, async (last, { name }) => {
      // Before these there is nothing new to lose.
      if (["read", "stat", "open"].includes(name)) return;
      const { root, fs, repository } = await place();
      fs.fault = (index) => (index >= last ? { code: "EIO" } : undefined);
      const dying = started(root, fs);
      let ask = dying.ask;
      const witness = new Witness((...request) => ask(...request), repository);
      await day(witness);
      await dying.stop().catch(() => {});
      for (const entries of ["synced", "all"] as const) {
        const left = `${root}-${entries}`;
        await fs.afterPowerLoss(left, entries);
        const next = started(left, nodeFileSystem);
        ask = next.ask;
        expect(await witness.lost()).toEqual([]);
        if (entries === "all") expect(await day(witness)).not.toContain(false);
        await next.stop();
        await rm(left, { recursive: true });
      }
      await rm(root, { recursive: true });
    });
  },
  minute,
);

test(
  "after a sync that failed no write is acknowledged, every read is, and a start mends it",
  async () => {
    const { root, fs, repository } = await place();
    const first = started(root, fs);
    let ask = first.ask;
    const witness = new Witness((...request) => ask(...request), repository);
    expect(await day(witness)).not.toContain(false);
    const session = (await witness.half(layer)) ?? "";
    fs.fault = (_, { name }) => (name === "sync" || name === "datasync" ? { code: "EIO" } : undefined);
    expect(await witness.blob(blobOf("lost"), "whole")).toBe(false);
    fs.fault = () => undefined;
    expect(first.told).toEqual([expect.stringContaining("until chartroom is started again")]);
    const { digest } = layer.descriptor;
    for (const line of [
      `POST /v2/${repository}/blobs/uploads/`,
      `POST /v2/${repository}/other/blobs/uploads/?mount=${digest}`,
      `PATCH ${session}`,
      `PUT ${session}?digest=${digest}`,
      `DELETE ${session}`,
      `DELETE /v2/${repository}/manifests/v1`,
      `DELETE /v2/${repository}/blobs/${digest}`,
    ]) {
      const answer = await ask(line, line.startsWith("P") ? layer.bytes : undefined);
      expect([line, answer.status]).toEqual([line, 503]);
    }
    const again = await ask(`PUT /v2/${repository}/manifests/v2`, image.bytes, image.descriptor.mediaType);
    expect(again.status).toBe(503);
    expect(await again.text()).toContain("until it is started again");
    expect(first.told).toHaveLength(1);
    expect(await witness.lost()).toEqual([]);
    await first.stop();
    const next = started(root, fs);
    ask = next.ask;
    expect(await witness.lost()).toEqual([]);
    expect(await day(witness)).not.toContain(false);
    await next.stop();
  },
  minute,
);
