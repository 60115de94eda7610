import { expect, test } from "bun:test";
import { blobOf, pushContent } from "../testing/artifacts.ts";
import { errorCodes, testHandler } from "../testing/handler.ts";
import { noise } from "../testing/streams.ts";

test("a read-only registry gives what it has, and takes and deletes nothing", async () => {
  const { ask, repository } = testHandler(undefined, { readOnly: true });
  const blob = blobOf("content");
  await pushContent(repository("a"), blob);
  const { digest } = blob.descriptor;
  const before = await ask(`GET /v2/a/blobs/${digest}`);
  expect([before.status, await before.text()]).toEqual([200, "content"]);
  const body = noise(10);
  for (const [line, allow] of [
    ["PUT /v2/a/manifests/1", "GET, HEAD"],
    ["DELETE /v2/a/manifests/1", "GET, HEAD"],
    [`DELETE /v2/a/blobs/${digest}`, "GET, HEAD"],
    ["POST /v2/a/blobs/uploads/", ""],
    [`POST /v2/a/blobs/uploads/?mount=${digest}&from=a`, ""],
    ["PATCH /v2/a/blobs/uploads/x", "GET, HEAD"],
    [`PUT /v2/a/blobs/uploads/x?digest=${digest}`, "GET, HEAD"],
    ["DELETE /v2/a/blobs/uploads/x", "GET, HEAD"],
  ] as const) {
    const response = await ask(line, line.startsWith("P") ? { body } : {});
    expect([line, response.status, response.headers.get("allow")]).toEqual([line, 405, allow]);
    expect(await errorCodes(response)).toEqual(["UNSUPPORTED"]);
  }
  expect((await ask("GET /v2/a/blobs/uploads/x")).status).toBe(404);
  expect((await ask(`HEAD /v2/a/blobs/${digest}`)).status).toBe(200);
});
