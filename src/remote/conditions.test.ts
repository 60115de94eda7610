// What a tag held before is not replaced by accident, whether a registry heeds conditions or not (decision 0007).
import { afterEach, expect, test } from "bun:test";
import { parseTag, type Tag } from "../oci/reference.ts";
import { blobOf, imageOf, pushArtifact } from "../testing/artifacts.ts";
import { failureOf } from "../testing/errors.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { remoteOf } from "../testing/remote.ts";

const image = imageOf([blobOf("one")]);
const other = imageOf([blobOf("other")]);
const tag = parseTag("1.0.0");

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
function opened(registry: TestRegistry): TestRegistry {
  closing.push(registry.stop);
  return registry;
}

test("a registry that ignores conditions is asked what the tag holds before", async () => {
  const made = opened(
    testRegistry((request) => {
      request.headers.delete("if-none-match");
      request.headers.delete("if-match");
      return undefined;
    }),
  );
  await pushArtifact(made.repository, image, { tags: [tag], expect: "any" });
  const push = remoteOf(made).pushManifest(other.descriptor, other.bytes, {
    tags: [tag],
    expect: "absent",
  });
  expect(await failureOf(push)).toMatchObject({
    code: "conflict",
    message: expect.stringContaining(image.descriptor.digest),
  });
  expect((await made.repository.resolve(tag))?.digest).toBe(image.descriptor.digest);
});

test("one that says it heeds conditions is not asked what one tag holds before; of several it is", async () => {
  const made = opened(
    testRegistry(undefined, undefined, (response) => {
      if (response.status === 201) response.headers.set("chartroom-heeds", "If-Match, If-None-Match");
      return response;
    }),
  );
  const remote = remoteOf(made);
  const looks = () => made.requests.splice(0).filter((each) => /^HEAD .*\/manifests\//.test(each));
  const push = (tags: Tag[], of = image) => pushArtifact(remote, of, { tags, expect: "absent" });
  await push([tag]);
  expect(looks()).toEqual([]);
  await push([tag]);
  expect(await failureOf(push([tag], other))).toMatchObject({
    code: "conflict",
    message: expect.stringContaining(image.descriptor.digest),
  });
  looks();
  const next = parseTag("2.0.0");
  expect(await failureOf(push([next, tag], other))).toMatchObject({ code: "conflict" });
  expect(looks().length).toBeGreaterThanOrEqual(2);
  expect(await made.repository.resolve(next)).toBeUndefined();
});

test("one that has our manifest already when it refuses the condition got it from us", async () => {
  const made = opened(
    testRegistry(async (request) => {
      if (request.method !== "PUT") return undefined;
      await pushArtifact(made.repository, other, { tags: [parseTag("2.0.0")], expect: "any" });
      return new Response(null, { status: 412 });
    }),
  );
  const remote = remoteOf(made);
  await remote.pushManifest(other.descriptor, other.bytes, { tags: [parseTag("2.0.0")], expect: "absent" });
  const third = remote.pushManifest(image.descriptor, image.bytes, {
    tags: [parseTag("3.0.0")],
    expect: "absent",
  });
  expect(await failureOf(third)).toMatchObject({ code: "conflict" });
});
