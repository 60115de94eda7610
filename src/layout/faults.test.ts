import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "../files/filesystem.ts";
import { hexOf } from "../oci/digest.ts";
import { worthResuming } from "../oci/repository.ts";
import { blobOf } from "../testing/artifacts.ts";
import { type Fault, TestFileSystem } from "../testing/filesystem.ts";
import { type PackedSample, packSample, saveSample } from "../testing/layouts.ts";
import { noise, streamOf } from "../testing/streams.ts";
import { charts } from "./charts.ts";
import { check } from "./check.ts";
import { type Layout, openLayout } from "./layout.ts";
import { deleteManifest } from "./prune.ts";
import { writing } from "./write.ts";

const old = "localhost:5000/myrepo/mychart:1.0.0";
let base = "";
let first: PackedSample;
/** A store with one chart under two names and another that was moved away, to begin each scene with. */
let seed = "";

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-layout-faults-"));
  first = await packSample();
  seed = join(base, "seed");
  const layout = openLayout(join(seed, "cache"));
  await saveSample(layout, old, await packSample({ "values.yaml": "replicas: 2\n" }));
  await saveSample(layout, old, first);
  const ingest = join(layout.ingestPath, `sha256-${hexOf(large.descriptor.digest)}`);
  await writeFile(ingest, large.bytes.subarray(0, part));
});
afterAll(() => rm(base, { recursive: true, force: true }));

/** A blob of which the seed has a part already, as a process that was killed leaves it. */
const large = blobOf(noise(worthResuming + 200_000));
const part = 100_000;

/** What no command does by itself; what commands do is failed in `cli/chart/faults.test.ts`. */
const scenes: Record<string, (layout: Layout) => Promise<unknown>> = {
  "a blob gone on with": (layout) =>
    writing(layout, undefined, (writer) =>
      writer
        .repository("localhost:5000/myrepo/large")
        .pushBlob(large.descriptor, async (from) => streamOf(large.bytes.subarray(from), { chunk: 65_536 })),
    ),
  delete: (layout) =>
    deleteManifest(layout, "localhost:5000/myrepo/mychart", first.manifest.descriptor.digest),
};

let count = 0;
/** A copy of the seed over a file system that fails. */
async function place(): Promise<{ root: string; fs: TestFileSystem; layout: Layout }> {
  const root = join(base, `place-${count++}`);
  await cp(seed, root, { recursive: true });
  const fs = await TestFileSystem.over(root);
  return { root, fs, layout: openLayout(join(root, "cache"), fs) };
}

const faultsOf = async (root: string) =>
  (await check(openLayout(join(root, "cache")))).findings.filter(({ level }) => level === "fault");

/** That whatever index.json names is a whole chart. */
async function expectWhole(root: string): Promise<void> {
  expect(await faultsOf(root)).toEqual([]);
  for (const row of await charts(openLayout(join(root, "cache")))) expect(row).not.toHaveProperty("error");
}

const kinds: [string, Fault, (name: string) => boolean][] = [
  ["fails", { code: "EIO" }, () => true],
  ["is cut short and fails", { code: "ENOSPC", short: true }, (name) => name === "writev"],
];

for (const [name, scene] of Object.entries(scenes)) {
  for (const [how, fault, concerns] of kinds)
    test(`${name}: whichever call ${how}, the store is whole and a repeat succeeds`, async () => {
      const model = await place();
      await scene(model.layout);
      const calls = [...model.fs.calls];
      expect(calls.length).toBeGreaterThan(5);
      for (const [fatal, call] of calls.entries()) {
        if (!concerns(call.name)) continue;
        const { root, fs, layout } = await place();
        fs.fault = (index) => (index === fatal ? fault : undefined);
        await scene(layout).catch((error) => expect(error).toBeInstanceOf(Error));
        await expectWhole(root);
        expect(fs.openFiles).toBe(0);
        fs.fault = () => undefined;
        await scene(openLayout(join(root, "cache"), nodeFileSystem));
        await expectWhole(root);
        await rm(root, { recursive: true });
      }
    }, 60_000);

  test(`${name}: wherever the power fails, what is named is whole`, async () => {
    const model = await place();
    await scene(model.layout);
    for (const last of model.fs.calls.keys()) {
      const { root, fs, layout } = await place();
      fs.fault = (index) => (index >= last ? { code: "EIO" } : undefined);
      await scene(layout).catch((error) => expect(error).toBeInstanceOf(Error));
      for (const entries of ["synced", "all"] as const) {
        const into = join(base, `after-${count++}`);
        await fs.afterPowerLoss(into, entries);
        await expectWhole(into);
        await scene(openLayout(join(into, "cache"), nodeFileSystem));
        await expectWhole(into);
        await rm(into, { recursive: true });
      }
      await rm(root, { recursive: true });
    }
  }, 60_000);
}

test("an entry is not on the disk before a blob that another process linked", async () => {
  const { fs, layout } = await place();
  const other = await packSample({ "values.yaml": "replicas: 3\n" });
  // What another process has done that did not come to its sync of the directory.
  for (const { descriptor, bytes } of [...other.blobs, other.manifest]) {
    if ((await layout.blobs.stat(descriptor.digest)) !== undefined) continue; // the config, which both have
    const path = join(layout.directory, "blobs", "sha256", hexOf(descriptor.digest));
    const file = await fs.open(path, "wx");
    await file.writev([bytes], 0);
    await file.datasync();
    await file.close();
  }
  await writing(layout, undefined, (writer) => writer.name(`${old}-other`, other.manifest.descriptor));
  const into = join(base, "after-another");
  await fs.afterPowerLoss(into, "synced");
  expect(await faultsOf(into)).toEqual([]);
  expect((await openLayout(join(into, "cache")).index()).get(`${old}-other`)).toBeDefined();
});
