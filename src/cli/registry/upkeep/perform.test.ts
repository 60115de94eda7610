import { expect, test } from "bun:test";
import { blobOf, imageOf } from "../../../testing/artifacts.ts";
import { here } from "../../../testing/commands.ts";
import { testData } from "../../../testing/dataDirectory.ts";
import { perform } from "./perform.ts";

const now = { dryRun: false, now: true, deleteUntagged: false };

test("where no registry runs, gc takes untagged manifests as the configuration says", async () => {
  await using it = await testData();
  await it.push(here, imageOf([blobOf("kept")]), "v1");
  await it.push(here, imageOf([blobOf("loose")]));
  await it.close();
  const collected = (untagged: boolean) => {
    const where = { data: it.data.root, grace: 1000, untagged };
    return perform("gc", where, now, () => {}, {
      ...{ now: Date.now, signal: new AbortController().signal, tell: () => {} },
    });
  };
  expect(await collected(false)).toMatchObject({ manifests: 0, blobs: 0 });
  expect(await collected(true)).toMatchObject({ manifests: 1, blobs: 1, bytes: 5 });
});
