import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileSystem, nodeFileSystem } from "../files/filesystem.ts";
import { type Digest, hexOf } from "../oci/digest.ts";
import { codeOf } from "../testing/errors.ts";
import { type PackedSample, packSample, saveSample } from "../testing/layouts.ts";
import { check } from "./check.ts";
import { type Layout, openLayout } from "./layout.ts";
import { prune } from "./prune.ts";
import { removeName, writing } from "./write.ts";

const ref = "localhost:5000/myrepo/mychart:1.0.0";
let folder = "";
let layout: Layout;
let sample: PackedSample;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-check-"));
  layout = openLayout(join(folder, "cache"));
  sample = await packSample();
  await saveSample(layout, ref, sample);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const inside = (...parts: string[]) => join(folder, "cache", ...parts);
const fileOf = (digest: Digest) => inside("blobs", "sha256", hexOf(digest));
const found = async () =>
  (await check(layout)).findings.map(({ level, where, message }) => `${level}: ${where}: ${message}`);
const edit = async (change: (index: { manifests: object[] }) => void) => {
  const index = JSON.parse(await Bun.file(layout.indexPath).text());
  change(index);
  await writeFile(layout.indexPath, JSON.stringify(index));
};

test("a whole store has nothing to find, and is counted", async () => {
  const size = [...sample.blobs, sample.manifest].reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  expect(await check(layout)).toEqual({ names: 1, blobs: 3, bytes: size, findings: [] });
});

test("one flipped bit", async () => {
  const { descriptor, bytes } = sample.blobs[1]!;
  const changed = bytes.slice();
  changed[7]! ^= 1;
  await chmod(fileOf(descriptor.digest), 0o644);
  await writeFile(fileOf(descriptor.digest), changed);
  // Whoever needs the blob is named; only where nobody does, the blob itself.
  expect(await found()).toEqual([
    `fault: ${ref}: its blob ${descriptor.digest} is corrupt: its bytes have another digest`,
  ]);
  await removeName(layout, ref);
  expect(await found()).toEqual([`fault: ${descriptor.digest}: its bytes are not what its name says`]);
  await saveSample(layout, ref, sample); // saving again mends it
  expect(await found()).toEqual([]);
});

test("a manifest with a flipped bit is named with its reference", async () => {
  const { descriptor, bytes } = sample.manifest;
  await chmod(fileOf(descriptor.digest), 0o644);
  await writeFile(
    fileOf(descriptor.digest),
    bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
  );
  expect(await found()).toEqual([
    `fault: ${ref}: its manifest ${descriptor.digest} is corrupt: its bytes have another digest`,
  ]);
});

test("a missing blob, config or manifest", async () => {
  for (const { descriptor } of [...sample.blobs, sample.manifest]) {
    await unlink(fileOf(descriptor.digest));
    expect(await found()).toEqual([
      expect.stringMatching(new RegExp(`its (blob|manifest) ${descriptor.digest} is missing`)),
    ]);
    await saveSample(layout, ref, sample);
  }
});

test("an index that does not parse, a marker that is gone or of another version", async () => {
  const index = await Bun.file(layout.indexPath).text();
  await writeFile(layout.indexPath, index.slice(0, 40));
  expect(await found()).toEqual([expect.stringContaining("Cannot read")]);
  await writeFile(layout.indexPath, index);
  await writeFile(inside("oci-layout"), '{"imageLayoutVersion":"9.0.0"}');
  expect(await found()).toEqual([expect.stringContaining('says version "9.0.0"')]);
  await unlink(inside("oci-layout"));
  expect(await found()).toEqual([expect.stringContaining("is missing")]);
});

test("an index that is gone while blobs are there", async () => {
  await unlink(layout.indexPath);
  expect(await found()).toEqual([`fault: ${layout.indexPath}: is missing`]);
});

test("what an entry without a name lacks is a warning: a layout may be sparse", async () => {
  const foreign = { mediaType: "application/x", digest: `sha256:${"0".repeat(64)}`, size: 1 };
  await edit(({ manifests }) => manifests.push(foreign));
  expect(await found()).toEqual([`warning: ${foreign.digest}: is in index.json and not among the blobs`]);
});

test("what only breaks a SHOULD is a warning", async () => {
  await writeFile(inside("blobs", "sha256", "README"), "");
  await writing(layout, undefined, (writer) => writer.name("h/a__b:1", sample.manifest.descriptor));
  await edit(({ manifests }) =>
    manifests.push(manifests.find((each) => JSON.stringify(each).includes(ref))!),
  );
  const findings = await found();
  expect(findings).toHaveLength(3);
  for (const finding of findings) expect(finding).toStartWith("warning: ");
});

test("an entry that is no descriptor, or says another size", async () => {
  await edit(({ manifests }) => {
    Object.assign(manifests[0]!, { size: 1 });
    manifests.push({ digest: "md5:1" });
  });
  const findings = await found();
  expect(findings).toHaveLength(2);
  expect(findings.join()).toMatch(/no descriptor.*its entry says 1|its entry says 1.*no descriptor/s);
});

test("a directory that holds something else is never taken for a store", async () => {
  const home = join(folder, "home");
  await mkdir(home);
  await writeFile(join(home, "letter.txt"), "Dear");
  const other = openLayout(home);
  expect(await codeOf(other.index())).toBe("invalid");
  expect(await codeOf(saveSample(other, ref, sample))).toBe("invalid");
});

test("no prune takes what a check is about to read", async () => {
  let pruned: Promise<unknown> | undefined;
  // As soon as the check has read the index the chart loses its name, and a prune comes by: it has all the time it needs,
  // if it does not wait for the check.
  const slowly: FileSystem["readdir"] = async (path: string, options?: { withFileTypes: true }) => {
    pruned ??= removeName(layout, ref).then(() => prune(layout, {}));
    await Promise.race([pruned, Bun.sleep(300)]);
    return nodeFileSystem.readdir(path, options!) as never;
  };
  const { findings } = await check(openLayout(join(folder, "cache"), { ...nodeFileSystem, readdir: slowly }));
  expect(pruned).toBeDefined();
  await pruned;
  expect(findings).toEqual([]);
  expect((await check(layout)).blobs).toBe(0);
});

test("a check makes no lock for a store that is not there", async () => {
  await check(openLayout(join(folder, "nothing")));
  expect(await readdir(folder)).not.toContain("nothing.lock");
});
