import { afterEach, describe, expect, test } from "bun:test";
import { ChartroomError, type ErrorCode } from "../oci/errors.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import { parseTag } from "../oci/reference.ts";
import { readVerified } from "../oci/verify.ts";
import { absentDigest, blobOf, imageOf, pushArtifact } from "../testing/artifacts.ts";
import { codeOf } from "../testing/errors.ts";
import { refuse, type Spoil, type TestRegistry, testRegistry } from "../testing/registry.ts";
import { remoteOf } from "../testing/remote.ts";
import { socketServer } from "../testing/sockets.ts";
import { bytesOf, noise } from "../testing/streams.ts";
import type { RemoteRepository } from "./repository.ts";

const blob = blobOf(noise(50_000));
const image = imageOf([blob]);
const tag = parseTag("1.0.0");
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A registry that holds `image` under `tag`, spoiled. */
async function spoiled(spoil: Spoil): Promise<TestRegistry> {
  const made = testRegistry(spoil);
  closing.push(made.stop);
  await pushArtifact(made.repository, image, { tags: [tag], expect: "any" });
  return made;
}

const works: Record<string, (remote: RemoteRepository) => Promise<unknown>> = {
  resolve: (remote) => remote.resolve(tag),
  manifest: (remote) => remote.manifest(tag),
  "manifest by digest": (remote) => remote.manifest(image.descriptor.digest),
  has: (remote) => remote.has(blob.descriptor),
  blob: async (remote) => readVerified(await remote.blob(blob.descriptor), blob.descriptor),
  "blob's range": async (remote) => bytesOf(await remote.blob(blob.descriptor, { start: 10, end: 20 })),
  tags: (remote) => Array.fromAsync(remote.tags()),
  referrers: (remote) => Array.fromAsync(remote.referrers(image.descriptor.digest)),
  "push of a blob": (remote) =>
    remote.pushBlob(blob.descriptor, async () => new Blob([new Uint8Array(blob.bytes)]).stream()),
  "push of a manifest": (remote) =>
    remote.pushManifest(image.descriptor, image.bytes, { tags: [tag], expect: "any" }),
  untag: (remote) => remote.untag(tag),
};

async function errorOf(
  work: Promise<unknown>,
): Promise<{ code: string; message: string; hint?: string | undefined }> {
  try {
    await work;
  } catch (error) {
    return error as ChartroomError;
  }
  return { code: "none", message: "" };
}

const html = () => new Response("<html>Welcome</html>", { headers: { "content-type": "text/html" } });

describe("what is no registry is said to be none", () => {
  for (const [name, work] of Object.entries(works)) {
    test(`a page with 200: ${name}`, async () => {
      const error = await errorOf(work(remoteOf(await spoiled(html))));
      expect(error).toMatchObject({ code: "remote", hint: expect.stringContaining("Check host") });
    });
    test(`a page with 404: ${name}`, async () => {
      const page = () => new Response("<html>", { status: 404, headers: { "content-type": "text/html" } });
      const { code } = await errorOf(work(remoteOf(await spoiled(page))));
      // A HEAD has no body to tell by; all else does.
      expect(code).toBe(name === "has" ? "none" : "remote");
    });
  }
});

describe("every operation says what a registry refused", () => {
  const answers: [number, string, ErrorCode][] = [
    [401, "UNAUTHORIZED", "not_allowed"],
    [403, "DENIED", "not_allowed"],
    [409, "DENIED", "conflict"],
    [413, "SIZE_INVALID_NOT", "remote"],
    [422, "ODD", "remote"],
    [429, "TOOMANYREQUESTS", "remote"],
    [500, "UNKNOWN", "remote"],
    [418, "", "remote"],
  ];
  for (const [status, registryCode, code] of answers)
    test(`HTTP ${status} ${registryCode}`, async () => {
      const answer = () =>
        registryCode === "" ? new Response("garbage", { status }) : refuse(status, registryCode, "because");
      const remote = remoteOf(await spoiled(answer));
      for (const [name, work] of Object.entries(works)) {
        const error = await errorOf(work(remote));
        expect([name, error.code]).toEqual([name, code]);
        expect(error).toBeInstanceOf(ChartroomError);
        expect(error.message).toContain(`HTTP ${status}`);
        if (registryCode !== "" && name !== "has" && name !== "resolve")
          expect(error.message).toContain(`(from registry: HTTP ${status} ${registryCode}, "because")`);
      }
    });
});

const manifestHeaders = { "content-type": mediaTypes.manifest };
const other = imageOf([blobOf("other")]);
const gets =
  (answer: (request: Request) => Response): Spoil =>
  (request) =>
    request.method === "GET" ? answer(request) : undefined;

test.each<[string, string, Spoil, ErrorCode]>([
  [
    "other bytes under a digest",
    "manifest by digest",
    gets(() => new Response(other.bytes.slice(), { headers: manifestHeaders })),
    "not_verified",
  ],
  [
    "other bytes than its digest header",
    "manifest",
    gets(
      () =>
        new Response(other.bytes.slice(), {
          headers: { ...manifestHeaders, "docker-content-digest": absentDigest() },
        }),
    ),
    "not_verified",
  ],
  ["a manifest of no known type", "manifest", gets(() => Response.json({ hello: 1 })), "remote"],
  [
    "truncated JSON",
    "manifest",
    gets(() => new Response('{"layers": [', { headers: { "content-type": "application/json" } })),
    "remote",
  ],
  ["truncated JSON of tags", "tags", gets(() => new Response('{"tags": ["a"')), "remote"],
  ["tags that are none", "tags", gets(() => Response.json({ tags: "all of them" })), "remote"],
  [
    "pages that go round in circles",
    "tags",
    gets((request) => Response.json({ tags: ["a"] }, { headers: { link: `<${request.url}>; rel=next` } })),
    "remote",
  ],
  ["other bytes of a blob", "blob", gets(() => new Response(noise(50_000, 9).slice())), "not_verified"],
  [
    "an endless blob",
    "blob",
    gets(
      () =>
        new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(9999)) })),
    ),
    "not_verified",
  ],
  ["a short blob", "blob", gets(() => new Response("short")), "not_verified"],
  ["a short range", "blob's range", gets(() => new Response("short")), "not_verified"],
  [
    "another range",
    "blob's range",
    gets(() => new Response("0123456789", { status: 206, headers: { "content-range": "bytes 0-9/50000" } })),
    "remote",
  ],
  [
    "no Location",
    "push of a blob",
    (request) => (request.method === "POST" ? new Response(null, { status: 202 }) : undefined),
    "remote",
  ],
  [
    "a Location that is no URL",
    "push of a blob",
    (request) =>
      request.method === "POST"
        ? new Response(null, { status: 202, headers: { location: "http://[" } })
        : undefined,
    "remote",
  ],
  [
    "a manifest stored as another",
    "push of a manifest",
    (request) =>
      request.method === "PUT"
        ? new Response(null, { status: 201, headers: { "docker-content-digest": absentDigest() } })
        : undefined,
    "remote",
  ],
  [
    "no tags deleted alone",
    "untag",
    (request) => (request.method === "DELETE" ? refuse(400, "UNSUPPORTED") : undefined),
    "not_allowed",
  ],
  [
    "no tags deleted alone, as Distribution 2 says it",
    "untag",
    (request) => (request.method === "DELETE" ? refuse(400, "DIGEST_INVALID") : undefined),
    "not_allowed",
  ],
  ["redirects in circles", "blob", gets((request) => Response.redirect(request.url)), "remote" as ErrorCode],
])("%s: %s", async (_, name, spoil, code) => {
  const error = await errorOf(works[name]!(remoteOf(await spoiled(spoil))));
  expect(error.code).toBe(code);
  expect(error.message.length).toBeLessThan(400);
});

test("an endless manifest is cut off", async () => {
  const endless = () =>
    new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)) }), {
      headers: manifestHeaders,
    });
  const error = await errorOf(remoteOf(await spoiled(gets(endless))).manifest(tag));
  expect(error).toMatchObject({ code: "remote", message: expect.stringContaining("longer than") });
});

describe("an odd registry is understood", () => {
  const heads =
    (answer: () => Response): Spoil =>
    (request) =>
      request.method === "HEAD" ? answer() : undefined;
  test.each<[string, Spoil]>([
    ["404 to every HEAD", heads(() => new Response(null, { status: 404 }))],
    ["405 to every HEAD", heads(() => new Response(null, { status: 405 }))],
    [
      "no digest in its HEAD",
      heads(() => new Response(null, { headers: { ...manifestHeaders, "content-length": "5" } })),
    ],
    [
      "no type in its HEAD",
      heads(
        () =>
          new Response(null, { headers: { "docker-content-digest": absentDigest(), "content-length": "5" } }),
      ),
    ],
  ])("that answers %s", async (_, spoil) => {
    expect(await remoteOf(await spoiled(spoil)).resolve(tag)).toEqual(image.descriptor);
  });

  test("that says at a HEAD that it is one and has nothing is asked no more", async () => {
    const headers = { "docker-distribution-api-version": "registry/2.0" };
    const made = await spoiled(heads(() => new Response(null, { status: 404, headers })));
    expect(await remoteOf(made).resolve(tag)).toBeUndefined();
    expect(made.requests).toHaveLength(1);
  });

  test("that lies about a digest in its HEAD is asked for the manifest", async () => {
    const lie = { ...manifestHeaders, "docker-content-digest": absentDigest(), "content-length": "5" };
    const made = await spoiled(heads(() => new Response(null, { headers: lie })));
    expect(await remoteOf(made).resolve(image.descriptor.digest)).toEqual(image.descriptor);
  });

  test("that says no type, or a general one, is asked by the manifest's own words", async () => {
    for (const headers of [
      {},
      { "content-type": "application/json; charset=utf-8" },
      { "content-type": "text/plain" },
    ]) {
      const made = await spoiled(gets(() => new Response(image.bytes.slice(), { headers })));
      expect((await remoteOf(made).manifest(tag))?.descriptor.mediaType).toBe(mediaTypes.manifest);
    }
  });

  test("that sorts its tags in its own way, pages them, and ignores `last`", async () => {
    const pages: Record<string, [string[] | null, string?]> = {
      "": [["b", "A", "a"], "2"],
      2: [["c", "-bad", "b"], "3"],
      3: [null],
    };
    const made = await spoiled((_, url) => {
      if (!url.pathname.endsWith("/tags/list")) return undefined;
      const [tags, next] = pages[url.searchParams.get("page") ?? ""] ?? [[]];
      return Response.json(
        { tags },
        next === undefined ? {} : { headers: { link: `<?page=${next}>; rel="next"` } },
      );
    });
    expect((await Array.fromAsync(remoteOf(made).tags())).map(String)).toEqual(["A", "a", "b", "c"]);
    expect((await Array.fromAsync(remoteOf(made).tags(parseTag("a")))).map(String)).toEqual(["b", "c"]);
  });

  test("that knows no referrers is asked for the tag that stands for them", async () => {
    const referrer = { ...other.descriptor, artifactType: "application/x-test" };
    const index = blobOf(JSON.stringify({ schemaVersion: 2, manifests: [referrer] }), mediaTypes.index);
    const made = await spoiled((_, url) =>
      url.pathname.includes("/referrers/") ? refuse(404, "NOT_FOUND") : undefined,
    );
    const fallback = parseTag(image.descriptor.digest.replace(":", "-"));
    await made.repository.pushManifest(index.descriptor, index.bytes, { tags: [fallback], expect: "any" });
    const remote = remoteOf(made);
    expect(await Array.fromAsync(remote.referrers(image.descriptor.digest))).toEqual([referrer]);
    expect(await Array.fromAsync(remote.referrers(image.descriptor.digest, "application/x-other"))).toEqual(
      [],
    );
    expect(await Array.fromAsync(remote.referrers(absentDigest()))).toEqual([]);
  });

  test("that redirects blobs to another host sends no login there", async () => {
    const seen: (string | null)[] = [];
    const store = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        seen.push(request.headers.get("authorization"));
        return new Response(blob.bytes.slice());
      },
    });
    closing.push(() => store.stop(true));
    const made = await spoiled((request) =>
      request.headers.get("authorization") === null
        ? refuse(401, "UNAUTHORIZED", "", { "www-authenticate": 'Basic realm="r"' })
        : Response.redirect(`http://localhost:${store.port}/blob`, 307),
    );
    const credentials = async () => ({ username: "me", password: "secret", source: "a test" });
    const stream = await remoteOf(made, { credentials }).blob(blob.descriptor);
    expect(await readVerified(stream, blob.descriptor)).toEqual(blob.bytes);
    expect(seen).toEqual([null]);
  });

  test("that is redirected to a host which asks for a login sends it none", async () => {
    const seen: (string | null)[] = [];
    const store = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        seen.push(request.headers.get("authorization"));
        return refuse(401, "UNAUTHORIZED", "", { "www-authenticate": 'Basic realm="mine"' });
      },
    });
    closing.push(() => store.stop(true));
    let asked = 0;
    const made = await spoiled(() => Response.redirect(`http://localhost:${store.port}/blob`, 307));
    const credentials = async () => {
      asked++;
      return { username: "me", password: "secret", source: "a test" };
    };
    expect(await codeOf(remoteOf(made, { credentials }).blob(blob.descriptor))).toBe("not_allowed");
    expect(seen.filter((login) => login !== null)).toEqual([]);
    expect(asked).toBe(0);
  });

  test("that does not answer is given up", async () => {
    const server = await socketServer(() => undefined);
    closing.push(server.stop);
    const remote = remoteOf(
      { host: `127.0.0.1:${server.port}` as TestRegistry["host"] },
      { transport: { timeouts: { answer: 20 } } },
    );
    for (const work of [works.resolve, works.blob, works["push of a blob"]])
      expect(await errorOf(work!(remote))).toMatchObject({ code: "network" });
  });
});

describe("a mount", () => {
  test("that is refused cancels the upload that was opened instead", async () => {
    const made = await spoiled(() => undefined);
    expect(await remoteOf(made).mount(blob.descriptor, "other/repo" as never)).toBe(false);
    expect(made.requests[0]).toContain("?mount=sha256%3A");
    expect(made.requests[0]).toContain("from=other%2Frepo");
    expect(made.requests[1]).toStartWith("DELETE ");
  });

  test("that is done is done", async () => {
    const made = await spoiled((request) =>
      request.method === "POST" ? new Response(null, { status: 201 }) : undefined,
    );
    expect(await remoteOf(made).mount(blob.descriptor, "other/repo" as never)).toBe(true);
  });
});
