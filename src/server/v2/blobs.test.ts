import { describe, expect, spyOn, test } from "bun:test";
import { absentDigest, blobOf, imageOf, pushArtifact, pushContent } from "../../testing/artifacts.ts";
import { errorCodes, testHandler } from "../../testing/handler.ts";
import { noise } from "../../testing/streams.ts";

const blob = blobOf(noise(5000));
const { digest } = blob.descriptor;
const path = `/v2/a/b/blobs/${digest}`;

async function withBlob() {
  const handler = testHandler();
  await pushContent(handler.repository("a/b"), blob);
  return handler;
}

describe("GET and HEAD of a blob", () => {
  test("give the bytes and say the same", async () => {
    const { ask } = await withBlob();
    const [get, head] = [await ask(`GET ${path}`), await ask(`HEAD ${path}`)];
    for (const response of [get, head]) {
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toEqual({
        "accept-ranges": "bytes",
        "content-length": "5000",
        "content-type": "application/octet-stream",
        "docker-content-digest": digest,
        "docker-distribution-api-version": "registry/2.0",
        etag: `"${digest}"`,
        "x-content-type-options": "nosniff",
      });
    }
    expect<Uint8Array>(await get.bytes()).toEqual(blob.bytes);
    expect(head.body).toBeNull();
  });

  test("hold what was read once, in the answer", async () => {
    const { ask, blobs } = await withBlob();
    const read = spyOn(blobs, "bytes");
    const response = await ask(`GET ${path}`);
    const bytes = (await read.mock.results[0]?.value) as Uint8Array;
    expect(bytes.byteLength).toBe(0);
    expect<Uint8Array>(await response.bytes()).toEqual(blob.bytes);
  });

  test("an empty blob and one by sha512", async () => {
    const { ask, repository } = testHandler();
    for (const each of [blobOf(""), blobOf("content", undefined, "sha512")]) {
      await pushContent(repository("a"), each);
      const response = await ask(`GET /v2/a/blobs/${each.descriptor.digest}`);
      expect(response.headers.get("content-length")).toBe(`${each.descriptor.size}`);
      expect<Uint8Array>(await response.bytes()).toEqual(each.bytes);
    }
  });

  test("a digest may be percent-encoded", async () => {
    const { ask } = await withBlob();
    expect((await ask(`HEAD ${path.replace(":", "%3A")}`)).status).toBe(200);
    expect((await ask(`HEAD ${path.replace(":", "%253A")}`)).status).toBe(400);
  });

  for (const [range, from, to] of [
    ["bytes=500-1499", 500, 1500],
    ["bytes=500-", 500, 5000],
    ["bytes=-500", 4500, 5000],
    ["bytes=2000-9000", 2000, 5000],
  ] as const)
    test(`Range: ${range}`, async () => {
      const { ask } = await withBlob();
      const response = await ask(`GET ${path}`, { headers: { range } });
      expect(response.status).toBe(206);
      expect(response.headers.get("content-range")).toBe(`bytes ${from}-${to - 1}/5000`);
      expect(response.headers.get("content-length")).toBe(`${to - from}`);
      expect(response.headers.get("docker-content-digest")).toBe(digest);
      expect<Uint8Array>(await response.bytes()).toEqual(blob.bytes.slice(from, to));
    });

  for (const range of ["bytes=500-0", "bytes=5000-10000"])
    test(`Range: ${range} cannot be satisfied`, async () => {
      const response = await (await withBlob()).ask(`GET ${path}`, { headers: { range } });
      expect(response.status).toBe(416);
      expect(response.headers.get("content-range")).toBe("bytes */5000");
    });

  test("a Range that does not count gives the whole", async () => {
    const { ask } = await withBlob();
    for (const headers of [
      { range: "bytes=0-1,3-4" },
      { range: "bytes=0-9", "if-range": `"${absentDigest()}"` },
      { range: "bytes=0-9", "if-range": "Tue, 24 Nov 2026 08:00:00 GMT" },
    ] as Record<string, string>[]) {
      const response = await ask(`GET ${path}`, { headers });
      expect([response.status, (await response.bytes()).byteLength]).toEqual([200, 5000]);
    }
    expect((await ask(`HEAD ${path}`, { headers: { range: "bytes=0-9" } })).status).toBe(200);
    const ranged = await ask(`GET ${path}`, { headers: { range: "bytes=0-9", "if-range": `"${digest}"` } });
    expect(ranged.status).toBe(206);
  });

  test("whoever has it is told so", async () => {
    const { ask } = await withBlob();
    for (const tags of [`"${digest}"`, `W/"${digest}"`, `"x", "${digest}"`, "*"]) {
      const response = await ask(`GET ${path}`, { headers: { "if-none-match": tags } });
      expect([response.status, response.body, response.headers.get("etag")]).toEqual([
        304,
        null,
        `"${digest}"`,
      ]);
    }
    expect((await ask(`GET ${path}`, { headers: { "if-none-match": `"${absentDigest()}"` } })).status).toBe(
      200,
    );
  });

  test("what the repository does not have is unknown, though another has it", async () => {
    const { ask } = await withBlob();
    for (const where of [`/v2/a/b/blobs/${absentDigest()}`, `/v2/other/blobs/${digest}`]) {
      const response = await ask(`GET ${where}`);
      expect([response.status, await errorCodes(response)]).toEqual([404, ["BLOB_UNKNOWN"]]);
      const head = await ask(`HEAD ${where}`);
      expect([head.status, head.body]).toEqual([404, null]);
    }
  });

  test("a digest that we cannot verify is refused", async () => {
    const { ask } = testHandler();
    for (const bad of ["sha256:beef", `md5:${"0".repeat(32)}`, "latest"]) {
      const response = await ask(`GET /v2/a/blobs/${bad}`);
      expect([response.status, await errorCodes(response)]).toEqual([400, ["DIGEST_INVALID"]]);
    }
  });
});

describe("DELETE of a blob", () => {
  test("takes it away, once", async () => {
    const { ask } = await withBlob();
    expect((await ask(`DELETE ${path}`)).status).toBe(202);
    const response = await ask(`DELETE ${path}`);
    expect([response.status, await errorCodes(response)]).toEqual([404, ["BLOB_UNKNOWN"]]);
    expect((await ask(`GET ${path}`)).status).toBe(404);
  });

  test("is refused while a manifest names it", async () => {
    const { ask, repository } = await withBlob();
    await pushArtifact(repository("a/b"), imageOf([blob]));
    const response = await ask(`DELETE ${path}`);
    expect([response.status, await errorCodes(response)]).toEqual([409, ["DENIED"]]);
    expect((await ask(`HEAD ${path}`)).status).toBe(200);
  });
});
