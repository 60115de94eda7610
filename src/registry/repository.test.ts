import { describe, expect, test } from "bun:test";
import { truncate } from "node:fs/promises";
import { MemoryBlobs } from "../blobs/memory.ts";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { type RepositoryName, tryRepositoryName } from "../oci/reference.ts";
import { repositorySuite } from "../oci/repository.suite.ts";
import { absentDigest, blobOf, imageOf, indexOf, pushArtifact, pushContent } from "../testing/artifacts.ts";
import { testData } from "../testing/dataDirectory.ts";
import { failureOf } from "../testing/errors.ts";
import { bytesOf } from "../testing/streams.ts";
import { RegistryError } from "./errors.ts";
import { Registry } from "./registry.ts";

const name = (text: string) => tryRepositoryName(text) as RepositoryName;

function make() {
  const blobs = new MemoryBlobs();
  const registry = new Registry({ blobs, catalog: new MemoryCatalog(), now: () => 0 });
  return { blobs, mine: registry.repository(name("mine")), other: registry.repository(name("other")) };
}

/** What a refusal says: its reason and its details. */
async function refusalOf(work: Promise<unknown>): Promise<Pick<RegistryError, "fault" | "details">> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RegistryError)) throw new Error("expected a refusal", { cause: error });
  return { fault: error.fault, details: error.details };
}

repositorySuite("registry", async () => ({ repository: make().mine, close: async () => {} }));

describe("a repository of ours", () => {
  const blob = blobOf("content");

  test("does not give what another repository has", async () => {
    const { mine, other } = make();
    const image = imageOf([blob]);
    await pushArtifact(other, image);
    expect(await mine.has(blob.descriptor)).toBe(false);
    expect((await refusalOf(mine.blob(blob.descriptor))).fault).toBe("blobUnknown");
    expect(await mine.manifest(image.descriptor.digest)).toBeUndefined();
  });

  test("refuses a manifest whose blobs it does not have, and names each", async () => {
    const { mine, other } = make();
    const second = blobOf("second");
    const image = imageOf([blob, second, blob]);
    await pushContent(mine, image.blobs[0] ?? blob);
    await pushContent(other, blob);
    const pushed = mine.pushManifest(image.descriptor, image.bytes, { tags: [], expect: "any" });
    expect(await refusalOf(pushed)).toEqual({
      fault: "manifestBlobUnknown",
      details: [{ digest: blob.descriptor.digest }, { digest: second.descriptor.digest }],
    });
    expect(await mine.manifest(image.descriptor.digest)).toBeUndefined();
  });

  test("refuses an index whose manifests it does not have", async () => {
    const { mine } = make();
    const index = indexOf([imageOf([blob])]);
    const pushed = mine.pushManifest(index.descriptor, index.bytes, { tags: [], expect: "any" });
    expect((await refusalOf(pushed)).fault).toBe("manifestBlobUnknown");
  });

  test("takes a manifest whose blob is to be had elsewhere, and one whose subject is missing", async () => {
    const { mine } = make();
    const foreign = { ...blob, descriptor: { ...blob.descriptor, urls: ["https://example.org/layer"] } };
    const subject = { ...blob.descriptor, digest: absentDigest() };
    const image = imageOf([foreign], { subject });
    for (const each of image.blobs.slice(0, 1)) await pushContent(mine, each);
    await mine.pushManifest(image.descriptor, image.bytes, { tags: [], expect: "any" });
    expect(await Array.fromAsync(mine.referrers(subject.digest))).toHaveLength(1);
  });

  test("mounts from the repository named, or from any", async () => {
    const { mine, other } = make();
    expect(await mine.mount(blob.descriptor, other.name)).toBe(false);
    expect(await mine.mount(blob.descriptor)).toBe(false);
    await pushContent(other, blob);
    expect(await mine.mount(blob.descriptor, name("third"))).toBe(false);
    expect(await mine.mount(blob.descriptor)).toBe(true);
    expect(await bytesOf(await mine.blob(blob.descriptor))).toEqual(blob.bytes);
  });

  test("keeps a blob while a manifest names it", async () => {
    const { mine } = make();
    const image = imageOf([blob]);
    await pushArtifact(mine, image);
    expect((await refusalOf(mine.deleteBlob(blob.descriptor.digest))).fault).toBe("blobInUse");
    await mine.delete(image.descriptor.digest);
    expect(await mine.deleteBlob(blob.descriptor.digest)).toBe(true);
    expect(await mine.deleteBlob(blob.descriptor.digest)).toBe(false);
    expect(await mine.has(blob.descriptor)).toBe(false);
  });

  test("leaves no session behind when a push fails", async () => {
    const { blobs, mine } = make();
    const wrong = mine.pushBlob(blob.descriptor, async () => new Blob(["another"]).stream());
    expect((await refusalOf(wrong)).fault).toBe("digestInvalid");
    expect(await Array.fromAsync(blobs.ingests())).toEqual([]);
  });

  test("says so when a blob's bytes are lost", async () => {
    const { blobs, mine } = make();
    await pushContent(mine, blob);
    await blobs.remove(blob.descriptor.digest);
    await expect(mine.blob(blob.descriptor)).rejects.toMatchObject({ code: "storage" });
  });

  test("never gives a blob that has lost its end for a shorter one", async () => {
    await using it = await testData();
    const mine = it.registry.repository(name("mine"));
    await pushContent(mine, blob);
    await truncate(it.blobPath(blob.descriptor.digest), 3);
    const streamed = mine.blob(blob.descriptor).then(bytesOf);
    expect(String(await failureOf(streamed))).toContain("ends at byte 3, expected 7");
    expect(String(await failureOf(mine.bytes(blob.descriptor)))).toContain("it has 3 bytes, expected 7");
  });
});
