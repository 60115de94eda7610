import { afterEach, expect, test } from "bun:test";
import { parseTag, type Tag } from "../oci/reference.ts";
import { blobOf, imageOf, pushArtifact } from "../testing/artifacts.ts";
import { failureOf } from "../testing/errors.ts";
import { testRegistry } from "../testing/registry.ts";
import { remoteOf } from "../testing/remote.ts";
import { noise } from "../testing/streams.ts";

const [image, other] = [imageOf([blobOf(noise(50_000))]), imageOf([blobOf("other")])];
const tag = parseTag("1.0.0");
let stop: () => unknown = () => {};
afterEach(() => stop());

test("a registry that says it heeds conditions is not asked what one tag holds before; of several it is", async () => {
  const made = testRegistry(undefined, undefined, (response) => {
    if (response.status === 201) response.headers.set("chartroom-heeds", "If-Match, If-None-Match");
    return response;
  });
  stop = made.stop;
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
