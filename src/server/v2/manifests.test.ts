import { describe, expect, test } from "bun:test";
import { digestOf } from "../../oci/digest.ts";
import { manifestLimit, mediaTypes } from "../../oci/mediaTypes.ts";
import type { StoredManifest } from "../../oci/repository.ts";
import {
  absentDigest,
  blobOf,
  imageOf,
  indexOf,
  pushArtifact,
  pushContent,
} from "../../testing/artifacts.ts";
import { errorCodes, type TestHandler, testHandler } from "../../testing/handler.ts";

const [one, two] = [imageOf([blobOf("one")]), imageOf([blobOf("two")])];
const type = { "content-type": mediaTypes.manifest };

/** A repository `a/b` that has the blobs of `one` and `two`. */
async function withBlobs(): Promise<TestHandler> {
  const handler = testHandler();
  for (const blob of [...one.blobs, ...two.blobs]) await pushContent(handler.repository("a/b"), blob);
  return handler;
}

const put = (
  { ask }: TestHandler,
  reference: string,
  { bytes }: Pick<StoredManifest, "bytes"> = one,
  headers: Record<string, string> = type,
) => ask(`PUT /v2/a/b/manifests/${reference}`, { body: bytes, headers });

describe("pushing a manifest", () => {
  for (const reference of ["1.0.0", one.descriptor.digest])
    test(`to ${reference.slice(0, 12)}`, async () => {
      const handler = await withBlobs();
      const response = await put(handler, reference);
      expect(response.status).toBe(201);
      expect(response.headers.get("docker-content-digest")).toBe(one.descriptor.digest);
      const location = response.headers.get("location");
      expect(location).toBe(`/v2/a/b/manifests/${one.descriptor.digest}`);
      for (const path of [location, `/v2/a/b/manifests/${reference}`])
        expect<Uint8Array>(await (await handler.ask(`GET ${path}`)).bytes()).toEqual(one.bytes);
    });

  test("by sha512", async () => {
    const handler = await withBlobs();
    const long = digestOf(one.bytes, "sha512");
    expect((await put(handler, long)).headers.get("docker-content-digest")).toBe(long);
    expect((await handler.ask(`GET /v2/a/b/manifests/${long}`)).status).toBe(200);
  });

  // CVE-2021-41190: one digest, and two programs find different content under it.
  test.each([
    [mediaTypes.manifest, { config: null, manifests: [] }],
    [mediaTypes.manifest, { config: null, Manifests: [] }],
    [mediaTypes.index, { manifests: [], layers: [] }],
    [mediaTypes.index, { manifests: [], config: {} }],
    [mediaTypes.dockerManifest, { config: null, fsLayers: [] }],
    [mediaTypes.dockerManifestList, { manifests: [], LAYERS: [] }],
  ])("that is %s and has members of another type is refused", async (mediaType, members) => {
    const { bytes } = blobOf(JSON.stringify({ schemaVersion: 2, ...members }));
    const response = await put(testHandler(), "1", { bytes }, { "content-type": mediaType });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("another type")]);
  });

  test("with a member of another type that is null, as Go may write it, is taken", async () => {
    const { bytes } = blobOf(JSON.stringify({ schemaVersion: 2, manifests: [], layers: null, config: null }));
    expect((await put(testHandler(), "1", { bytes }, { "content-type": mediaTypes.index })).status).toBe(201);
  });

  test.each(["json", "prettyjws"])("of Docker's schema 1 is refused: %s", async (suffix) => {
    const { bytes } = blobOf(JSON.stringify({ schemaVersion: 1, name: "a/b", tag: "1", fsLayers: [] }));
    const headers = { "content-type": `application/vnd.docker.distribution.manifest.v1+${suffix}` };
    const response = await put(testHandler(), "1", { bytes }, headers);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("schema 1")]);
  });

  test("by digest with several tags", async () => {
    const handler = await withBlobs();
    const response = await put(handler, `${one.descriptor.digest}?tag=1&tag=1.0`);
    expect([response.status, response.headers.get("oci-tag")]).toEqual([201, "1, 1.0"]);
    expect((await handler.ask("HEAD /v2/a/b/manifests/1.0")).status).toBe(200);
    expect((await put(handler, `${one.descriptor.digest}?tag=-`)).status).toBe(400);
    const many = Array.from({ length: 101 }, (_, i) => `tag=${i}`).join("&");
    expect((await put(handler, `${one.descriptor.digest}?${many}`)).status).toBe(414);
  });

  test("whose type has parameters, or is only in the document", async () => {
    const handler = await withBlobs();
    for (const headers of [{ "content-type": `${mediaTypes.manifest}; charset=utf-8` }, {}]) {
      expect((await put(handler, "1.0.0", one, headers)).status).toBe(201);
      const response = await handler.ask("GET /v2/a/b/manifests/1.0.0");
      expect(response.headers.get("content-type")).toBe(mediaTypes.manifest);
    }
  });

  test("with a subject, there or not, tells it", async () => {
    const handler = await withBlobs();
    const subject = { ...one.descriptor, digest: absentDigest() };
    for (const artifact of [imageOf([blobOf("one")], { subject }), indexOf([], { subject })]) {
      const headers = { "content-type": artifact.descriptor.mediaType };
      const response = await put(handler, "1.0.0", artifact, headers);
      expect([response.status, response.headers.get("oci-subject")]).toEqual([201, subject.digest]);
    }
  });

  test("without its blobs is refused, one error for each", async () => {
    const handler = testHandler();
    const response = await put(handler, "1.0.0");
    expect(response.status).toBe(404);
    const { errors } = (await response.json()) as { errors: { code: string; detail: unknown }[] };
    expect(errors.map(({ code, detail }) => [code, detail])).toEqual(
      one.blobs.map(({ descriptor: { digest } }) => ["MANIFEST_BLOB_UNKNOWN", { digest }]),
    );
    expect((await handler.ask("GET /v2/a/b/manifests/1.0.0")).status).toBe(404);
  });

  const text = (document: unknown) => ({ bytes: new TextEncoder().encode(JSON.stringify(document)) });
  for (const [what, manifest, headers] of [
    ["is no JSON", { bytes: new TextEncoder().encode("{") }, type],
    ["is empty", { bytes: new Uint8Array() }, type],
    ["is a list", text([]), type],
    ["has another schemaVersion", text({ schemaVersion: 1 }), type],
    ["has no config", text({ schemaVersion: 2, layers: [] }), type],
    ["says another type", one, { "content-type": mediaTypes.index }],
    ["has no type at all", text({ schemaVersion: 2 }), {}],
    ["has a type that browsers render", text({ mediaType: "text/html" }), { "content-type": "text/html" }],
  ] as const)
    test(`that ${what} is refused`, async () => {
      const response = await put(await withBlobs(), "1.0.0", manifest, headers);
      expect([response.status, await errorCodes(response)]).toEqual([400, ["MANIFEST_INVALID"]]);
    });

  test("of other bytes than its digest is refused", async () => {
    const handler = await withBlobs();
    const response = await put(handler, two.descriptor.digest);
    expect([response.status, await errorCodes(response)]).toEqual([400, ["DIGEST_INVALID"]]);
    expect((await handler.ask(`GET /v2/a/b/manifests/${one.descriptor.digest}`)).status).toBe(404);
  });

  test("larger than 4 MiB is refused, said or not; 4 MiB are not", async () => {
    const handler = testHandler();
    const large = (size: number) => {
      const document = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [], x: "" };
      return text({ ...document, x: "x".repeat(size - JSON.stringify(document).length) }).bytes;
    };
    const headers = { "content-type": mediaTypes.index };
    for (const body of [
      large(manifestLimit + 1),
      new Blob([large(manifestLimit + 1) as BlobPart]).stream(),
    ]) {
      const response = await handler.ask("PUT /v2/a/b/manifests/1", { body, headers });
      expect([response.status, await errorCodes(response)]).toEqual([413, ["SIZE_INVALID"]]);
      expect(response.headers.get("connection")).toBe("close");
    }
    expect((await put(handler, "1", { bytes: large(manifestLimit) }, headers)).status).toBe(201);
  });
});

describe("a push that expects", () => {
  const held = async ({ ask }: TestHandler) =>
    (await ask("HEAD /v2/a/b/manifests/1")).headers.get("docker-content-digest");
  const only = (digest: string) => ({ ...type, "if-match": `"${digest}"` });
  const free = { ...type, "if-none-match": "*" };

  test("a free tag: If-None-Match: *", async () => {
    const handler = await withBlobs();
    expect((await put(handler, "1", one, free)).status).toBe(201);
    expect((await put(handler, "1", one, free)).status).toBe(201);
    const response = await put(handler, "1", two, free);
    expect([response.status, await errorCodes(response)]).toEqual([412, ["DENIED"]]);
    expect(await held(handler)).toBe(one.descriptor.digest);
  });

  test("a digest: If-Match", async () => {
    const handler = await withBlobs();
    expect((await put(handler, "1", two, only(one.descriptor.digest))).status).toBe(412);
    await put(handler, "1", one);
    expect((await put(handler, "1", two, only(absentDigest()))).status).toBe(412);
    expect(await held(handler)).toBe(one.descriptor.digest);
    expect((await put(handler, "1", two, only(one.descriptor.digest))).status).toBe(201);
    expect((await put(handler, "1", two, only(one.descriptor.digest))).status).toBe(201);
    expect(await held(handler)).toBe(two.descriptor.digest);
  });

  for (const headers of [
    { "if-match": "*" },
    { "if-match": "nonsense" },
    { "if-none-match": `"${absentDigest()}"` },
    { "if-none-match": "*", "if-match": `"${absentDigest()}"` },
  ] as Record<string, string>[])
    test(`what we cannot hold is refused: ${Object.keys(headers)} ${Object.values(headers)[0]?.slice(0, 9)}`, async () => {
      const response = await put(await withBlobs(), "1", one, { ...type, ...headers });
      expect([response.status, await errorCodes(response)]).toEqual([400, ["UNSUPPORTED"]]);
    });
});

describe("pulling a manifest", () => {
  test("GET and HEAD say the same", async () => {
    const handler = await withBlobs();
    await put(handler, "1.0.0");
    const { digest, size } = one.descriptor;
    for (const method of ["GET", "HEAD"]) {
      const response = await handler.ask(`${method} /v2/a/b/manifests/1.0.0`);
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "content-type": mediaTypes.manifest,
        "content-length": `${size}`,
        "docker-content-digest": digest,
        etag: `"${digest}"`,
      });
      expect(response.body === null).toBe(method === "HEAD");
    }
  });

  test("whoever has it is told so", async () => {
    const handler = await withBlobs();
    await put(handler, "1.0.0");
    const headers = { "if-none-match": `"${one.descriptor.digest}"` };
    expect((await handler.ask("GET /v2/a/b/manifests/1.0.0", { headers })).status).toBe(304);
    await put(handler, "1.0.0", two);
    expect((await handler.ask("GET /v2/a/b/manifests/1.0.0", { headers })).status).toBe(200);
  });

  test("the unknown is 404, in a repository that there is and in one that there is not", async () => {
    const handler = await withBlobs();
    for (const path of ["a/b/manifests/none", `a/b/manifests/${absentDigest()}`, "none/manifests/1"]) {
      const response = await handler.ask(`GET /v2/${path}`);
      expect([response.status, await errorCodes(response)]).toEqual([404, ["MANIFEST_UNKNOWN"]]);
    }
  });
});

describe("deleting", () => {
  test("a tag leaves the manifest", async () => {
    const handler = await withBlobs();
    await put(handler, "1.0.0");
    expect((await handler.ask("DELETE /v2/a/b/manifests/1.0.0")).status).toBe(202);
    expect((await handler.ask("GET /v2/a/b/manifests/1.0.0")).status).toBe(404);
    expect((await handler.ask(`GET /v2/a/b/manifests/${one.descriptor.digest}`)).status).toBe(200);
    const again = await handler.ask("DELETE /v2/a/b/manifests/1.0.0");
    expect([again.status, await errorCodes(again)]).toEqual([404, ["MANIFEST_UNKNOWN"]]);
  });

  test("a manifest takes its tags along, in its own repository", async () => {
    const handler = await withBlobs();
    await pushArtifact(handler.repository("other"), one);
    for (const tag of ["1", "2"]) await put(handler, tag);
    const path = `manifests/${one.descriptor.digest}`;
    expect((await handler.ask(`DELETE /v2/a/b/${path}`)).status).toBe(202);
    for (const gone of [path, "manifests/1", "manifests/2"])
      expect((await handler.ask(`GET /v2/a/b/${gone}`)).status).toBe(404);
    expect((await handler.ask(`GET /v2/other/${path}`)).status).toBe(200);
    expect((await handler.ask(`DELETE /v2/a/b/${path}`)).status).toBe(404);
  });
});
