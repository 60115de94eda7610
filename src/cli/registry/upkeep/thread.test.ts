import { expect, test } from "bun:test";
import { truncate } from "node:fs/promises";
import { parseDigest } from "../../../oci/digest.ts";
import { blobOf, imageOf } from "../../../testing/artifacts.ts";
import { here, linkBlob } from "../../../testing/commands.ts";
import { testData } from "../../../testing/dataDirectory.ts";
import { failureOf } from "../../../testing/errors.ts";
import type { Told } from "./job.ts";
import { inThread } from "./thread.ts";

const never = new AbortController().signal;
const job = (root: string) =>
  ({ kind: "check", root, alone: false, shallow: false, thorough: false }) as const;

test("a job is done beside whoever owns the data: what it tells comes on the way, what came of it at last", async () => {
  await using it = await testData();
  await it.push(here, imageOf([blobOf("a layer")]));
  await it.catalog.apply({ ...linkBlob(here, blobOf("lost")) });
  const told: Told[] = [];
  const looked = await inThread(job(it.data.root), (each) => told.push(each), never);
  expect(looked).toMatchObject({ blobs: 3, manifests: 1 });
  const where = blobOf("lost").descriptor.digest;
  const mend = { kind: "lost-blob", digest: where } as const;
  expect(told).toContainEqual({ finding: { level: "fault", where, message: "its bytes are missing", mend } });
});

test("what goes wrong in it is thrown here, as what it is", async () => {
  await using it = await testData();
  const to = it.data.root;
  const failure = await failureOf(inThread({ kind: "backup", root: to, to }, () => {}, never));
  expect(failure).toMatchObject({ code: "usage", hint: expect.stringContaining("Nothing was touched") });
});

test("it ends in the middle of a blob that would take minutes", async () => {
  await using it = await testData();
  await it.push(here, imageOf([blobOf("a layer")]));
  // 256 GiB of nothing, which take no room.
  const digest = parseDigest(`sha256:${"0".repeat(64)}`);
  const size = 256 * 1024 ** 3;
  await Bun.write(it.blobPath(digest), "");
  await truncate(it.blobPath(digest), size);
  await it.catalog.apply({ ...linkBlob(here, blobOf("")), digest, size });
  const stop = new AbortController();
  const reason = new Error("enough");
  const work = inThread(job(it.data.root), () => stop.abort(reason), stop.signal);
  expect(await failureOf(work)).toBe(reason);
});
