import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { blobOf, imageOf, pushContent } from "../testing/artifacts.ts";
import { errorCodes, testHandler } from "../testing/handler.ts";
import { noise } from "../testing/streams.ts";

const alice = {
  realm: 'the "chart" room\n',
  authenticate: async (user: string, password: string) => user === "alice" && password === "pass:wörd",
};
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });

describe("a registry where one must log in", () => {
  test("challenges who does not, on every path of the API", async () => {
    const { ask } = testHandler(alice);
    for (const line of [
      "GET /v2/",
      "GET /v2/_catalog",
      "PUT /v2/a/manifests/1",
      "GET /nothing",
      "POST /v2/",
    ]) {
      const response = await ask(line);
      expect([response.status, await errorCodes(response)]).toEqual([401, ["UNAUTHORIZED"]]);
      expect(response.headers.get("www-authenticate")).toBe('Basic realm="the chart room", charset="UTF-8"');
    }
  });

  test("lets in who shows the right password", async () => {
    const { ask } = testHandler(alice);
    expect((await ask("GET /v2/", { headers: basic("alice:pass:wörd") })).status).toBe(200);
    const lower = { authorization: basic("alice:pass:wörd").authorization.replace("Basic", "basic ") };
    expect((await ask("GET /v2/", { headers: lower })).status).toBe(200);
  });

  for (const authorization of [
    basic("alice:wrong").authorization,
    basic("bob:pass:wörd").authorization,
    basic("alice").authorization,
    "Basic",
    "Basic !!!",
    `${basic("alice:pass:wörd").authorization}, Basic eA==`,
    "Bearer token",
  ])
    test(`keeps out ${authorization}`, async () => {
      const { ask } = testHandler(alice);
      expect((await ask("GET /v2/", { headers: { authorization } })).status).toBe(401);
    });

  test("welcomes everybody at its door", async () => {
    const response = await testHandler(alice).ask("GET /");
    expect([response.status, await response.text()]).toEqual([
      200,
      "This is a Chartroom registry. Its API answers at /v2/.\n",
    ]);
  });

  test("and below a prefix, where the API is", async () => {
    const welcome = await testHandler(undefined, { root: "/team" }).ask("GET /");
    expect(await welcome.text()).toContain("Its API answers at /team/v2/.");
  });

  test("keeps an upload to its user", async () => {
    const anyone = { realm: "r", authenticate: async () => true };
    const { ask } = testHandler(anyone);
    const opened = await ask("POST /v2/a/blobs/uploads/", { headers: basic("alice:x") });
    const location = opened.headers.get("location");
    expect((await ask(`GET ${location}`, { headers: basic("bob:x") })).status).toBe(404);
    expect((await ask(`GET ${location}`, { headers: basic("alice:x") })).status).toBe(204);
  });
});

test("what requests leave is collected after some hundreds of them", async () => {
  const { ask } = testHandler();
  const left = Array.from({ length: 100 }, () => new WeakRef({}));
  // Until its turn is over what is referred to stays.
  await Bun.sleep(0);
  for (let request = 0; request < 500; request++) await ask("GET /v2/");
  // What lies on the stack by chance is kept.
  expect(left.filter((each) => each.deref() !== undefined).length).toBeLessThan(10);
});

describe("every answer", () => {
  test("of an open registry needs no credentials and minds none", async () => {
    const { ask } = testHandler();
    for (const headers of [{}, basic("alice:x"), { authorization: "nonsense" }] as Record<string, string>[]) {
      const response = await ask("GET /v2/", { headers });
      expect([response.status, await response.text()]).toEqual([200, "{}"]);
      expect(response.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
    }
  });

  test("to a method that we do not have names those that we have", async () => {
    const { ask } = testHandler();
    for (const method of ["POST", "OPTIONS", "PATCH"]) {
      const response = await ask(`${method} /v2/a/tags/list`);
      expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(await errorCodes(response)).toEqual(["UNSUPPORTED"]);
    }
  });

  test("to nonsense is an error of the caller, never one of ours", async () => {
    const { ask } = testHandler();
    for (const path of [
      "/v2/%ff/tags/list",
      "/v2/%00/tags/list",
      "/v2/a/manifests/%2e%2e",
      "/v2/a/b",
      "//",
      "/%",
    ]) {
      const response = await ask(`GET ${path}`);
      expect(response.status).toBeWithin(400, 500);
      await errorCodes(response);
    }
    const part = fc.oneof(
      fc.constantFrom(
        "v2",
        "a",
        "tags",
        "list?n=1",
        "blobs",
        "uploads",
        "manifests",
        "?digest=x",
        "sha256:0",
      ),
      fc.string({ unit: "binary" }).map(encodeURIComponent),
    );
    const header = fc.constantFrom(
      "range",
      "content-range",
      "if-match",
      "if-none-match",
      "if-range",
      "authorization",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"),
        fc.array(part),
        header,
        fc.stringMatching(/^[!-~]*$/),
        async (method, parts, name, value) => {
          const response = await ask(`${method} /v2/${parts.join("/")}`, { headers: { [name]: value } });
          expect(response.status).toBeWithin(200, 500);
        },
      ),
    );
  });

  test("to a fault of ours says no more than that; the log says all", async () => {
    const handler = testHandler();
    const blob = blobOf("content");
    await pushContent(handler.repository("a"), blob);
    await handler.blobs.remove(blob.descriptor.digest);
    const response = await handler.ask(`GET /v2/a/blobs/${blob.descriptor.digest}`);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      errors: [{ code: "UNKNOWN", message: "the registry failed; its log says why" }],
    });
    expect(handler.logged()[0]).toContain(`The bytes of blob ${blob.descriptor.digest} are lost`);
  });

  test("that refuses a large body cuts the connection; a small one is swallowed", async () => {
    const { ask } = testHandler(alice);
    const patch = async (body: Uint8Array | ReadableStream) =>
      (await ask("PATCH /v2/a/blobs/uploads/x", { body: body as BodyInit })).headers.get("connection");
    expect(await patch(noise(2_000_000))).toBe("close");
    expect(await patch(new Blob([noise(10) as BlobPart]).stream())).toBe("close");
    expect(await patch(noise(10_000))).toBeNull();
  });
});

describe("the log", () => {
  test("has a line for each request, without query and secrets", async () => {
    const handler = testHandler(alice);
    const headers = { ...basic("alice:pass:wörd"), "user-agent": "helm/4.3.1 \u00e9" };
    await handler.ask("GET /v2/_catalog?n=1&token=secret", { headers });
    await handler.ask("PUT /v2/a%20b/manifests/1", { body: noise(10), headers: basic("mallory:secret") });
    expect(handler.logged().map((line) => line.replace(/[\d.]+ms/, "ms"))).toEqual([
      '2026-11-24T00:00:00.000Z 192.0.2.7 alice GET /v2/_catalog 200 19B ms "helm/4.3.1 \\u00e9"',
      expect.stringMatching(
        /^2026-11-24T00:00:00.000Z 192.0.2.7 - PUT \/v2\/a%20b\/manifests\/1 400 \d+B ms -$/,
      ),
    ]);
    expect(handler.logged().join()).not.toContain("secret");
  });

  test("says which content it was, also where a tag or an upload named it", async () => {
    const handler = testHandler(undefined, { logging: { format: "json" } });
    const layer = blobOf("layer");
    const image = imageOf([layer], {}, layer);
    const opened = await handler.ask("POST /v2/a/blobs/uploads/");
    const session = opened.headers.get("location");
    await handler.ask(`PUT ${session}?digest=${layer.descriptor.digest}`, { body: layer.bytes });
    const headers = { "content-type": image.descriptor.mediaType };
    await handler.ask("PUT /v2/a/manifests/1", { body: image.bytes, headers });
    await handler.ask("GET /v2/a/manifests/1");
    await handler.ask(`GET /v2/a/blobs/${layer.descriptor.digest}`);
    await handler.ask("GET /v2/a/manifests/none");
    const said = handler.logged().map((line) => JSON.parse(line));
    expect(said.map(({ operation, digest }) => [operation, digest])).toEqual([
      ["open-upload", undefined],
      ["finish-upload", layer.descriptor.digest],
      ["push-manifest", image.descriptor.digest],
      ["pull-manifest", image.descriptor.digest],
      ["pull-blob", layer.descriptor.digest],
      ["pull-manifest", undefined],
    ]);
  });

  test("counts what went out, also when the client leaves", async () => {
    const handler = testHandler();
    const blob = blobOf(noise(5_000_000));
    await pushContent(handler.repository("a"), blob);
    const path = `/v2/a/blobs/${blob.descriptor.digest}`;
    await (await handler.ask(`GET ${path}`)).bytes();
    await (await handler.ask(`HEAD ${path}`)).bytes();
    const reader = (await handler.ask(`GET ${path}`)).body?.getReader();
    const first = await reader?.read();
    await reader?.cancel();
    const sizes = handler.logged().map((line) => Number(/ (\d+)B /.exec(line)?.[1]));
    expect(sizes).toEqual([5_000_000, 0, first?.value?.byteLength ?? -1]);
  });
});
