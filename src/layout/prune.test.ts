import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf, hexOf } from "../oci/digest.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import { parseTag } from "../oci/reference.ts";
import {
  type Artifact,
  blobOf,
  type Content,
  imageOf,
  indexOf,
  pushArtifact,
  pushContent,
} from "../testing/artifacts.ts";
import { codeOf, failureOf } from "../testing/errors.ts";
import { TestFileSystem } from "../testing/filesystem.ts";
import { packSample, saveSample } from "../testing/layouts.ts";
import { check } from "./check.ts";
import { type Layout, openLayout } from "./layout.ts";
import { deleteManifest, prune } from "./prune.ts";
import { removeName, writing } from "./write.ts";

const prefix = "localhost:5000/myrepo/mychart";
let folder = "";
let layout: Layout;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-prune-"));
  layout = openLayout(join(folder, "cache"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const push = (artifact: Artifact, ...tags: string[]) =>
  writing(layout, undefined, (writer) =>
    pushArtifact(writer.repository(prefix), artifact, { tags: tags.map(parseTag), expect: "any" }),
  );
const there = async ({ descriptor }: Content) => (await layout.blobs.stat(descriptor.digest)) !== undefined;

test("a store that is not there has nothing to free, and is not made", async () => {
  expect(await prune(layout, {})).toEqual({ blobs: [], unfinished: 0, freed: 0 });
  expect(await readdir(folder)).toEqual([]);
});

test("what a removed name alone led to is freed; what another name needs stays", async () => {
  const [shared, own] = [blobOf("shared"), blobOf("own")];
  const [gone, kept] = [imageOf([shared, own]), imageOf([shared])];
  await push(gone, "1");
  await push(kept, "2");
  await removeName(layout, `${prefix}:1`);
  expect((await prune(layout, { dryRun: true })).blobs.map(({ digest }) => digest).sort()).toEqual(
    [own.descriptor.digest, gone.descriptor.digest].sort(),
  );
  expect(await there(own)).toBe(true);
  const { freed } = await prune(layout, {});
  expect(freed).toBe(own.descriptor.size + gone.descriptor.size);
  expect([await there(own), await there(gone), await there(shared), await there(kept)]).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect((await check(layout)).findings).toEqual([]);
});

test("a moved name's old chart goes", async () => {
  const [old, now] = [await packSample(), await packSample({ "values.yaml": "replicas: 2\n" })];
  await saveSample(layout, `${prefix}:1`, old);
  await saveSample(layout, `${prefix}:1`, now);
  await prune(layout, {});
  expect(await layout.manifest(old.manifest.descriptor.digest)).toBeUndefined();
  expect(await layout.manifest(now.manifest.descriptor.digest)).toBeDefined();
});

test("children of an index, referrers and unknown formats keep what they name", async () => {
  const child = imageOf([blobOf("child layer")]);
  const index = indexOf([child, indexOf([imageOf([blobOf("deep")])])]);
  const signature = imageOf([blobOf("signature")], {
    subject: child.descriptor,
    artifactType: "application/x-signature",
  });
  const part = blobOf("a part of the future");
  await push(index, "1");
  await push(signature);
  await writing(layout, undefined, async (writer) => {
    const repository = writer.repository(prefix);
    await pushContent(repository, part);
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/x-future",
      parts: [{ id: part.descriptor.digest }],
    });
    const future = new TextEncoder().encode(text);
    const descriptor = {
      mediaType: "application/x-future",
      digest: digestOf(future),
      size: future.byteLength,
    };
    await repository.pushManifest(descriptor, future, { tags: [parseTag("future")], expect: "any" });
  });
  expect((await prune(layout, {})).blobs).toEqual([]);
  expect([await there(part), await there(signature.blobs[1]!), await there(child.blobs[1]!)]).toEqual([
    true,
    true,
    true,
  ]);
});

test("a manifest that is nested as deep as it is long keeps what it names", async () => {
  const { descriptor } = blobOf("deep down");
  const text = `{"schemaVersion":2,"layers":[],"config":${JSON.stringify(descriptor)},"x":${"[".repeat(50_000)}"${descriptor.digest}"${"]".repeat(50_000)}}`;
  const bytes = new TextEncoder().encode(text);
  await writing(layout, undefined, async (writer) => {
    const repository = writer.repository(prefix);
    await pushContent(repository, blobOf("deep down"));
    const manifest = { mediaType: mediaTypes.manifest, digest: digestOf(bytes), size: bytes.byteLength };
    await repository.pushManifest(manifest, bytes, { tags: [parseTag("deep")], expect: "any" });
  });
  expect((await prune(layout, {})).blobs).toEqual([]);
});

test("nothing is freed while a name's manifest cannot be read", async () => {
  const [lost, orphan] = [imageOf([blobOf("layer")]), blobOf("nobody's")];
  await push(lost, "1");
  await writing(layout, undefined, (writer) => pushContent(writer.repository(prefix), orphan));
  await unlink(join(folder, "cache", "blobs", "sha256", hexOf(lost.descriptor.digest)));
  expect(await codeOf(prune(layout, {}))).toBe("not_verified");
  expect(await there(orphan)).toBe(true);
  await removeName(layout, `${prefix}:1`);
  await prune(layout, {});
  expect(await there(orphan)).toBe(false);
});

test("an entry without a name is in nobody's way when it is gone, and goes by its digest when it is corrupt", async () => {
  const signature = imageOf([blobOf("signature")], { subject: imageOf([blobOf("chart")]).descriptor });
  await push(signature);
  const { digest } = signature.descriptor;
  const path = join(folder, "cache", "blobs", "sha256", hexOf(digest));
  await chmod(path, 0o644);
  await writeFile(path, "{");
  expect(await codeOf(prune(layout, {}))).toBe("not_verified");
  await unlink(path);
  expect((await prune(layout, {})).blobs).toHaveLength(2); // its config and its layer
  expect(await removeName(layout, digest)).toBe(true);
  expect(await removeName(layout, digest)).toBe(false);
  expect((await layout.index()).entries).toEqual([]);
});

test("nothing is freed while index.json is missing", async () => {
  await saveSample(layout, `${prefix}:1`, await packSample());
  await unlink(layout.indexPath);
  expect(await codeOf(prune(layout, {}))).toBe("not_verified");
  expect(await Array.fromAsync(layout.blobs.list())).toHaveLength(3);
});

test("what a killed process left is freed, another tool's directories are not", async () => {
  await saveSample(layout, `${prefix}:1`, await packSample());
  const ingest = join(folder, "cache", "ingest");
  await writeFile(join(ingest, `sha256-${"0".repeat(64)}-left`), "half a blob");
  await writeFile(join(ingest, "replace.new"), "{");
  await mkdir(join(ingest, "0123abcd"), { recursive: true });
  await writeFile(join(ingest, "0123abcd", "data"), "Helm's");
  expect((await prune(layout, {})).unfinished).toBe(12);
  expect(await readdir(ingest)).toEqual(["0123abcd"]);
});

test("a prune waits for who is putting something in", async () => {
  const artifact = imageOf([blobOf("slow")]);
  let pruned: Promise<unknown> | undefined;
  await writing(layout, undefined, async (writer) => {
    const repository = writer.repository(prefix);
    for (const blob of artifact.blobs) await pushContent(repository, blob);
    pruned = prune(layout, {});
    await Bun.sleep(50);
    await repository.pushManifest(artifact.descriptor, artifact.bytes, {
      tags: [parseTag("1")],
      expect: "any",
    });
  });
  await pruned;
  expect((await check(layout)).findings).toEqual([]);
  expect(await there(artifact.blobs[1]!)).toBe(true);
});

test("a deletion waits for who is putting something in", async () => {
  const artifact = imageOf([blobOf("slow")]);
  await push(artifact, "1");
  let deleted: Promise<unknown> | undefined;
  let over = false;
  await writing(layout, undefined, async (writer) => {
    deleted = deleteManifest(layout, prefix, artifact.descriptor.digest).then(() => {
      over = true;
    });
    // Long enough for a deletion that does not wait.
    for (let i = 0; i < 20; i++) await layout.index();
    expect(over).toBe(false);
    await writer.name(`${prefix}:2`, artifact.descriptor);
  });
  await deleted;
  expect((await check(layout)).findings).toEqual([]);
});

test("nothing is freed while the disk does not give what a child manifest says", async () => {
  const child = imageOf([blobOf("layer")]);
  await push(indexOf([child]), "1");
  const fs = await TestFileSystem.over(folder);
  const failing = openLayout(join(folder, "cache"), fs);
  fs.fault = (_, { name, path }) =>
    name === "read" && path.endsWith(hexOf(child.descriptor.digest)) ? { code: "EIO" } : undefined;
  expect(await failureOf(prune(failing, {}))).toMatchObject({ code: "EIO" });
  expect((await check(layout)).findings).toEqual([]);
  expect(await there(child.blobs[1]!)).toBe(true);
});
