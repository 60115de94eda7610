import { expect, test } from "bun:test";
import { blobOf, imageOf, indexOf } from "../testing/artifacts.ts";
import { here, nameOf, there } from "../testing/commands.ts";
import { testData } from "../testing/dataDirectory.ts";
import { untaggedManifests } from "./untagged.ts";

const never = new AbortController().signal;

test("what a tag leads to stays: itself, children of an index, referrers of them and of those", async () => {
  await using it = await testData();
  const [child, grandchild] = [imageOf([blobOf("child")]), imageOf([blobOf("grandchild")])];
  const index = indexOf([child, indexOf([grandchild])]);
  const signature = imageOf([], { subject: child.descriptor });
  const attestation = imageOf([], { subject: signature.descriptor, annotations: { of: "a signature" } });
  await it.push(here, index, "v1", "v2");
  for (const each of [signature, attestation]) await it.push(here, each);
  expect(await Array.fromAsync(untaggedManifests(it.catalog, never))).toEqual([]);
});

test("what none leads to is told, in the repository where that is so", async () => {
  await using it = await testData();
  const [old, now] = [imageOf([blobOf("old")]), imageOf([blobOf("now")])];
  const signature = imageOf([], { subject: old.descriptor });
  await it.push(here, old, "v1");
  await it.push(here, signature);
  await it.push(here, now, "v1");
  await it.push(there, old, "kept");
  const alone = nameOf("charts/alone");
  await it.push(alone, indexOf([now]));
  const found = await Array.fromAsync(untaggedManifests(it.catalog, never));
  const expected = [
    [here, old],
    [here, signature],
    [alone, now],
    [alone, indexOf([now])],
  ] as const;
  expect(found).toHaveLength(expected.length);
  for (const [repository, { descriptor }] of expected)
    expect(found).toContainEqual({ repository, digest: descriptor.digest });
});
