import { afterEach, expect, test } from "bun:test";
import { parseManifest } from "../oci/manifest.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import { referrersTag } from "../oci/referrers.ts";
import { blobOf, imageOf, pushArtifact } from "../testing/artifacts.ts";
import { codeOf } from "../testing/errors.ts";
import { oldRegistry, refuse, type TestRegistry, testRegistry } from "../testing/registry.ts";
import { remoteOf } from "../testing/remote.ts";

let registry: TestRegistry;
afterEach(() => registry.stop());

const subject = imageOf([blobOf("subject")]);
const tag = referrersTag(subject.descriptor.digest);
const artifactType = "application/x-signature";
const annotations = { "org.example.by": "a test" };
const referrer = (text: string) =>
  imageOf([blobOf(text)], { subject: subject.descriptor, artifactType, annotations });

async function listUnderTag() {
  const stored = await registry.repository.manifest(tag);
  if (stored === undefined) return undefined;
  expect(stored.descriptor.mediaType).toBe(mediaTypes.index);
  const list = parseManifest(stored.bytes, mediaTypes.index);
  return list.kind === "index" ? list.manifests : undefined;
}

test("a registry that notes subjects itself gets no list under a tag", async () => {
  registry = testRegistry();
  await pushArtifact(remoteOf(registry), referrer("one"));
  expect(await listUnderTag()).toBeUndefined();
});

test("where nobody notes them, a list under the subject's tag is kept: added to, each once, and taken from", async () => {
  registry = oldRegistry();
  const remote = remoteOf(registry);
  const [one, two] = [referrer("one"), referrer("two")];
  for (const each of [one, two, one]) await pushArtifact(remote, each);
  const entry = ({ descriptor }: typeof one) => ({ ...descriptor, artifactType, annotations });
  expect(await listUnderTag()).toEqual([entry(one), entry(two)]);
  expect(await remote.delete(one.descriptor.digest)).toBe(true);
  expect(await listUnderTag()).toEqual([entry(two)]);
  expect(await remote.delete(two.descriptor.digest)).toBe(true);
  expect(await listUnderTag()).toEqual([]);
});

test("entries that others wrote stay as they are, whatever they hold", async () => {
  registry = oldRegistry();
  const foreign = { ...referrer("foreign").descriptor, "x-unknown": { deep: [1] } };
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [foreign],
    "x-of": 1,
  });
  const { descriptor, bytes } = blobOf(text, mediaTypes.index);
  await registry.repository.pushManifest(descriptor, bytes, { tags: [tag], expect: "any" });
  const added = referrer("added");
  await pushArtifact(remoteOf(registry), added);
  const stored = await registry.repository.manifest(tag);
  expect(JSON.parse(new TextDecoder().decode(stored?.bytes))).toEqual({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [foreign, { ...added.descriptor, artifactType, annotations }],
    "x-of": 1,
  });
});

test("two clients that add at once lose neither's, where the registry heeds conditions", async () => {
  registry = oldRegistry();
  const all = Array.from({ length: 4 }, (_, i) => referrer(`number ${i}`));
  await Promise.all(all.map((each) => pushArtifact(remoteOf(registry), each)));
  expect((await listUnderTag())?.map(({ digest }) => digest).toSorted()).toEqual(
    all.map(({ descriptor }) => descriptor.digest).toSorted(),
  );
});

test("a tag of that name that holds no list is not written over", async () => {
  registry = oldRegistry();
  await pushArtifact(registry.repository, subject, { tags: [tag], expect: "any" });
  expect(await codeOf(pushArtifact(remoteOf(registry), referrer("one")))).toBe("remote");
  expect(await registry.repository.resolve(tag)).toMatchObject(subject.descriptor);
});

for (const status of [400, 405])
  test(`a registry that cannot untag says ${status}, and the manifest stays`, async () => {
    registry = testRegistry((request) =>
      request.method === "DELETE" ? refuse(status, "UNSUPPORTED") : undefined,
    );
    await pushArtifact(registry.repository, subject, { tags: [tag], expect: "any" });
    const remote = remoteOf(registry);
    const untagged = remote.untag(tag).catch((error: Error) => error);
    expect(await untagged).toMatchObject({
      code: "not_allowed",
      message: expect.stringMatching(/takes no tag away \(HTTP 40[05]\)\. Nothing was deleted$/),
    });
    expect(await remote.resolve(tag)).toBeDefined();
    expect(registry.requests.filter((line) => line.startsWith("DELETE"))).toHaveLength(1);
  });

test("what cannot be parsed can still be deleted", async () => {
  registry = testRegistry((request, { pathname }) =>
    request.method === "GET" && pathname.includes("/manifests/") ? new Response("rotten") : undefined,
  );
  await pushArtifact(registry.repository, subject);
  expect(await remoteOf(registry).delete(subject.descriptor.digest)).toBe(true);
});
