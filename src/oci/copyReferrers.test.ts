import { describe, expect, test } from "bun:test";
import { type Artifact, blobOf, imageOf, indexOf, pushArtifact, pushContent } from "../testing/artifacts.ts";
import { MemoryRepository } from "../testing/repository.ts";
import { type CopyOptions, copy } from "./copy.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { parseTag, type RepositoryName, type Tag } from "./reference.ts";
import type { PushManifest } from "./repository.ts";

const tag = parseTag("1.0.0");
const to: CopyOptions = { tags: [tag], expect: "any" };
const withReferrers: CopyOptions = { ...to, referrers: true };

/** A target that writes down the manifests and tags it is given, and what it is asked to mount. */
class Recorder extends MemoryRepository {
  readonly stored: (Digest | Tag)[] = [];
  readonly mounted: Digest[] = [];
  mounts = true;

  override async pushManifest(descriptor: Descriptor, bytes: Uint8Array, options: PushManifest) {
    await super.pushManifest(descriptor, bytes, options);
    this.stored.push(descriptor.digest, ...options.tags);
  }

  async mount(blob: Descriptor, from: RepositoryName): Promise<boolean> {
    this.mounted.push(blob.digest);
    const { content } = this;
    if (from !== "other/repo" || !this.mounts || content === undefined) return false;
    await this.pushBlob(blob, async () => content.blob(blob));
    return true;
  }
  /** What it may mount from. */
  content: MemoryRepository | undefined;
}

const image = imageOf([blobOf("a layer")]);
const platform = imageOf([blobOf("a platform")]);
const root = indexOf([image, platform]);
const signature = (subject: Artifact, text: string, more: readonly Artifact[] = []) =>
  more.length > 0
    ? indexOf(more, { subject: subject.descriptor })
    : imageOf([blobOf(text)], { subject: subject.descriptor, artifactType: "application/x-signature" });
const onRoot = signature(root, "of the root");
const onPlatform = signature(platform, "of a platform");
const onSignature = signature(onRoot, "of the signature");

async function source(...artifacts: readonly Artifact[]): Promise<MemoryRepository> {
  const repository = new MemoryRepository();
  await pushArtifact(repository, root, to);
  for (const each of artifacts) await pushArtifact(repository, each);
  return repository;
}
const digests = (...all: readonly Artifact[]) => all.map(({ descriptor }) => descriptor.digest).toSorted();

describe("referrers", () => {
  test("stay behind unless asked for", async () => {
    const target = new Recorder();
    const done = await copy(await source(onRoot), target, root, to);
    expect(done.referrers).toBe(0);
    expect([...done.manifests].toSorted()).toEqual(digests(root, image, platform));
    expect(target.stored).not.toContain(onRoot.descriptor.digest);
  });

  test("of the root, of its children and of referrers come along, after their subject and before the tag", async () => {
    const target = new Recorder();
    const done = await copy(await source(onRoot, onPlatform, onSignature), target, root, withReferrers);
    expect(done.referrers).toBe(3);
    const place = (artifact: Artifact) => target.stored.indexOf(artifact.descriptor.digest);
    for (const [subject, referrer] of [
      [root, onRoot],
      [platform, onPlatform],
      [onRoot, onSignature],
    ] as const) {
      expect(place(subject)).toBeGreaterThanOrEqual(0);
      expect(place(referrer)).toBeGreaterThan(place(subject));
    }
    expect(target.stored.at(-1)).toBe(tag);
    const listed = await Array.fromAsync(target.referrers(onRoot.descriptor.digest));
    expect(listed.map(({ digest }) => digest)).toEqual(digests(onSignature));
  });

  test("an index that refers to what it also holds does not wait for itself", async () => {
    const around = signature(root, "", [root, onRoot]);
    const target = new Recorder();
    const done = await copy(await source(onRoot, around), target, root, withReferrers);
    expect([...done.manifests].toSorted()).toEqual(digests(root, image, platform, onRoot, around));
  });

  test("come to a target that has the root already, and what it has is not sent again", async () => {
    const target = new Recorder();
    await pushArtifact(target, root, to);
    target.stored.length = 0;
    const from = await source(onRoot, onPlatform);
    const asked: Digest[] = [];
    const read = from.blob.bind(from);
    from.blob = (blob, range) => {
      asked.push(blob.digest);
      return read(blob, range);
    };
    await copy(from, target, root, { ...withReferrers, trustPresent: true });
    const sent = [onRoot, onPlatform].flatMap(({ blobs }) => blobs.slice(1));
    expect(asked.toSorted()).toEqual(sent.map(({ descriptor }) => descriptor.digest).toSorted());
    expect(target.stored).not.toContain(image.descriptor.digest);
    expect(target.stored).toContain(onPlatform.descriptor.digest);
  });

  test("that the target has are put again: where no API lists them, the list may lack them", async () => {
    const from = await source(onRoot);
    const target = new Recorder();
    for (const each of [root, onRoot]) await pushArtifact(target, each);
    target.stored.length = 0;
    await copy(from, target, root, { ...withReferrers, trustPresent: true });
    expect(target.stored).toContain(onRoot.descriptor.digest);
    expect(target.stored).not.toContain(image.descriptor.digest);
  });

  test("that are listed and gone are passed over", async () => {
    const from = await source(onRoot);
    from.referrers = async function* (subject) {
      if (subject === root.descriptor.digest) yield* [onRoot.descriptor, onPlatform.descriptor];
    };
    const target = new Recorder();
    expect((await copy(from, target, root, withReferrers)).referrers).toBe(1);
    expect(target.stored.at(-1)).toBe(tag);
  });
});

describe("what the target has", () => {
  test("is looked at blob by blob, unless the target is one that keeps it whole", async () => {
    const from = await source();
    for (const trustPresent of [false, true]) {
      const target = new Recorder();
      // Its manifest is there and its blobs are not: files of a layout, damaged.
      await target.pushManifest(root.descriptor, root.bytes, { tags: [], expect: "any" });
      await copy(from, target, root, { ...to, trustPresent });
      expect(await target.has(image.blobs[1]!.descriptor)).toBe(!trustPresent);
      expect(await target.resolve(tag)).toMatchObject(root.descriptor);
    }
  });
});

describe("mounts", () => {
  const mountFrom = "other/repo" as RepositoryName;

  test("blobs of the same registry are taken over, and not read", async () => {
    const [from, target] = [await source(), new Recorder()];
    target.content = await source();
    from.blob = () => Promise.reject(new Error("read"));
    await copy(from, target, root, { ...to, mountFrom });
    expect(target.mounted).toHaveLength(3);
    expect(await target.resolve(tag)).toMatchObject(root.descriptor);
  });

  test("where they are refused the blobs are sent, and no more are asked for than were under way", async () => {
    const wide = imageOf(Array.from({ length: 40 }, (_, i) => blobOf(`layer ${i}`)));
    const from = new MemoryRepository();
    await pushArtifact(from, wide, to);
    const target = new Recorder();
    target.mounts = false;
    await copy(from, target, wide, { ...to, mountFrom });
    expect(target.mounted.length).toBeLessThanOrEqual(8);
    for (const { descriptor } of wide.blobs) expect(await target.has(descriptor)).toBe(true);
  });

  test("nothing is mounted that the target has, or without a repository to mount from", async () => {
    const target = new Recorder();
    target.content = await source();
    for (const blob of image.blobs) await pushContent(target, blob);
    await copy(await source(), target, image, { ...to, mountFrom });
    await copy(await source(), target, platform, to);
    expect(target.mounted).toEqual([]);
  });
});
