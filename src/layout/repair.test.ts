import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Digest, hexOf } from "../oci/digest.ts";
import { parseTag } from "../oci/reference.ts";
import { blobOf, imageOf, indexOf, pushArtifact } from "../testing/artifacts.ts";
import { codeOf } from "../testing/errors.ts";
import { type Fault, TestFileSystem } from "../testing/filesystem.ts";
import { type PackedSample, packSample, saveSample } from "../testing/layouts.ts";
import { charts } from "./charts.ts";
import { check } from "./check.ts";
import { type Layout, openLayout } from "./layout.ts";
import { prune } from "./prune.ts";
import { repair } from "./repair.ts";
import { writing } from "./write.ts";

const refs = ["localhost:5000/a:1", "localhost:5000/b:1"] as const;
let folder = "";
let layout: Layout;
let samples: [PackedSample, PackedSample];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-repair-"));
  layout = openLayout(join(folder, "cache"));
  samples = [await packSample(), await packSample({ "values.yaml": "replicas: 2\n" })];
  await saveSample(layout, refs[0], samples[0]);
  await saveSample(layout, refs[1], samples[1]);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const faults = async (of = layout) =>
  (await check(of)).findings.filter(({ level }) => level === "fault").map(({ message }) => message);
const aside = async () => (await readdir(join(layout.ingestPath, "quarantine"))).toSorted();
const names = async () => (await layout.index()).named().map(({ name }) => name);
const repaired = async () => (await repair(layout)).map(({ where, message }) => `${where}: ${message}`);

async function corrupt(digest: Digest): Promise<void> {
  await chmod(layout.blobPath(digest), 0o644);
  await writeFile(layout.blobPath(digest), "rotten");
}

test("a whole layout is left as it is, and so is one that is not there", async () => {
  const before = await readFile(layout.indexPath);
  expect(await repair(layout)).toEqual([]);
  expect(await readFile(layout.indexPath)).toEqual(before);
  expect(await repair(openLayout(join(folder, "none")))).toEqual([]);
  expect(await readdir(folder)).not.toContain("none");
});

test("a corrupted blob is put aside, its bytes kept; the chart can be saved again", async () => {
  const { digest } = samples[0].blobs[1]!.descriptor;
  await corrupt(digest);
  expect(await repaired()).toEqual([expect.stringContaining(`${digest}: its bytes are not`)]);
  expect(await aside()).toEqual([`sha256-${hexOf(digest)}`]);
  expect(await readFile(join(layout.ingestPath, "quarantine", `sha256-${hexOf(digest)}`), "utf8")).toBe(
    "rotten",
  );
  expect(await names()).toEqual([...refs]);
  expect(await faults()).toEqual([`its blob ${digest} is missing`]);
  await prune(layout, {});
  expect(await aside()).toHaveLength(1);
  await saveSample(layout, refs[0], samples[0]);
  expect(await faults()).toEqual([]);

  await corrupt(digest);
  await repair(layout);
  expect(await aside()).toEqual([`sha256-${hexOf(digest)}`, `sha256-${hexOf(digest)}.1`]);
});

test("of an index.json that is cut, what can be read is kept; what lost its name is listed by digest", async () => {
  const whole = await readFile(layout.indexPath, "utf8");
  await writeFile(layout.indexPath, whole.slice(0, -20));
  expect(await faults()).toHaveLength(1);
  expect(await repaired()).toEqual([
    expect.stringContaining("does not parse; it was rebuilt"),
    `${refs[0]}: could still be read in it`,
    `${samples[1].manifest.descriptor.digest}: mychart 0.1.0: no name of it is known; it is listed by its digest, and \`chartroom copy store:@DIGEST store:REF\` names it`,
  ]);
  expect(await readFile(join(layout.ingestPath, "quarantine", "index.json"), "utf8")).toBe(
    whole.slice(0, -20),
  );
  expect(await names()).toEqual([refs[0]]);
  expect(await faults()).toEqual([]);
  await prune(layout, {});
  expect(await layout.manifest(samples[1].manifest.descriptor.digest)).toBeDefined();
  expect(await repair(layout)).toEqual([]);
});

test("names that were listed come back, where their manifest is there and what is in index.json says nothing else", async () => {
  await saveSample(layout, "h/gone:1", await packSample({ "values.yaml": "gone: true\n" }));
  const gone = (await layout.index()).get("h/gone:1")!.descriptor!.digest;
  await charts(layout);
  await unlink(layout.blobPath(gone));
  const whole = await readFile(layout.indexPath, "utf8");
  await writeFile(layout.indexPath, whole.slice(0, 20));
  expect(await repaired()).toEqual([
    expect.stringContaining("does not parse; it was rebuilt"),
    ...refs.map(
      (ref, i) => `${ref}: ${samples[i]!.manifest.descriptor.digest} had that name when it was last listed`,
    ),
  ]);
  expect(await names()).toEqual([...refs]);
  for (const [i, ref] of refs.entries())
    expect((await layout.index()).get(ref)?.descriptor).toMatchObject(samples[i]!.manifest.descriptor);

  // The first of them has moved since, and can be read: what is remembered of it counts for nothing.
  await writing(layout, undefined, (writer) => writer.name(refs[0], samples[1].manifest.descriptor));
  await writeFile(layout.indexPath, (await readFile(layout.indexPath, "utf8")).slice(0, -20));
  await repair(layout);
  expect((await layout.index()).get(refs[0])?.descriptor?.digest).toBe(samples[1].manifest.descriptor.digest);
});

test("a missing index.json is rebuilt from roots alone: no child, and referrers with their type", async () => {
  const child = imageOf([blobOf("a layer")]);
  const parent = indexOf([child]);
  const referrer = imageOf([blobOf("signed")], {
    artifactType: "application/x-signature",
    subject: parent.descriptor,
  });
  await writing(layout, undefined, async (writer) => {
    const repository = writer.repository("h/index");
    await pushArtifact(repository, parent, { tags: [parseTag("1")], expect: "any" });
    await pushArtifact(repository, referrer);
  });
  await unlink(layout.indexPath);
  await unlink(layout.markerPath);
  const said = await repaired();
  expect(said[0]).toBe(`${layout.indexPath}: is missing; it was rebuilt`);
  expect(said.at(-1)).toBe(`${layout.markerPath}: was missing; it was written`);
  const { entries } = await layout.index();
  const roots = [...samples.map(({ manifest }) => manifest), parent, referrer];
  expect(entries.map(({ descriptor }) => descriptor?.digest).toSorted()).toEqual(
    roots.map(({ descriptor }) => descriptor.digest).toSorted(),
  );
  const listed = entries.find(({ descriptor }) => descriptor?.digest === referrer.descriptor.digest);
  expect(listed?.descriptor?.artifactType).toBe("application/x-signature");
  expect(await faults()).toEqual([]);
});

test("a layout without ingest/, as other tools make them, is repaired and named in", async () => {
  await rm(layout.ingestPath, { recursive: true });
  await writing(layout, undefined, (writer) => writer.name("h/new:1", samples[0].manifest.descriptor));
  expect(await names()).toEqual(["h/new:1", ...refs]);
  await rm(layout.ingestPath, { recursive: true });
  await unlink(layout.indexPath);
  await repair(layout);
  expect(await faults()).toEqual([]);
});

test("a marker that does not parse is put aside; one of another version, and what is no layout, are left alone", async () => {
  await writeFile(layout.markerPath, "{");
  await repair(layout);
  expect(await aside()).toEqual(["oci-layout"]);
  expect(await faults()).toEqual([]);
  await writeFile(layout.markerPath, '{"imageLayoutVersion":"9.0.0"}');
  expect(await codeOf(repair(layout))).toBe("invalid");

  const home = join(folder, "home");
  await mkdir(home);
  await writeFile(join(home, "letter.txt"), "Dear");
  await writeFile(join(home, "index.json"), "my own index");
  expect(await codeOf(repair(openLayout(home)))).toBe("invalid");
  expect(await readFile(join(home, "index.json"), "utf8")).toBe("my own index");
});

const kinds: [string, (fatal: number) => (index: number) => Fault | undefined][] = [
  ["fails", (fatal) => (index) => (index === fatal ? { code: "EIO" } : undefined)],
  ["is the last one", (fatal) => (index) => (index >= fatal ? { code: "EIO" } : undefined)],
];
for (const [how, faultAt] of kinds)
  test(`whichever call ${how}, nothing is lost and a repeat repairs`, async () => {
    const { digest } = samples[0].blobs[1]!.descriptor;
    await corrupt(digest);
    const broken = (await readFile(layout.indexPath, "utf8")).slice(0, -20);
    await writeFile(layout.indexPath, broken);
    await unlink(layout.markerPath);
    let calls = 1;
    for (let fatal = -1; fatal < calls; fatal++) {
      const root = join(folder, `place-${fatal}`);
      await mkdir(root);
      await cp(layout.directory, join(root, "cache"), { recursive: true });
      const fs = await TestFileSystem.over(root);
      if (fatal >= 0) fs.fault = faultAt(fatal);
      await repair(openLayout(join(root, "cache"), fs)).catch((error) => expect(error).toBeInstanceOf(Error));
      if (fatal < 0) calls = fs.calls.length;
      expect(fs.openFiles).toBe(0);
      const again = openLayout(join(root, "cache"));
      await repair(again);
      expect(await faults(again)).toEqual([`its blob ${digest} is missing`]);
      expect((await again.index()).entries).toHaveLength(2);
      const kept = join(again.ingestPath, "quarantine");
      expect(await readFile(join(kept, `sha256-${hexOf(digest)}`), "utf8")).toBe("rotten");
      expect(await readFile(join(kept, "index.json"), "utf8")).toBe(broken);
      await rm(root, { recursive: true });
    }
    expect(calls).toBeGreaterThan(20);
  }, 60_000);
