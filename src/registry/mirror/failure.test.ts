import { afterEach, describe, expect, test } from "bun:test";
import { digestOf } from "../../oci/digest.ts";
import { blobOf, pushContent } from "../../testing/artifacts.ts";
import { errorCodes, testHandler } from "../../testing/handler.ts";
import {
  blobPath,
  hastyTransport,
  image,
  layer,
  manifestPath,
  mirrorOf,
  TestMirrors,
} from "../../testing/mirrored.ts";
import { refuse, type Spoil } from "../../testing/registry.ts";
import { noise } from "../../testing/streams.ts";

const mirrors = new TestMirrors();
const { mirror, filled } = mirrors;
afterEach(mirrors.closeAll);

describe("an upstream that is away", () => {
  const away: [string, () => Response][] = [
    ["fails", () => refuse(503, "UNAVAILABLE")],
    ["asks to be left alone", () => refuse(429, "TOOMANYREQUESTS", "no", { "retry-after": "77" })],
    ["refuses our login", () => refuse(401, "UNAUTHORIZED")],
    ["has become a web page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
  ];
  for (const [what, answer] of away)
    test(`${what}: what is kept is given, tags, lists and all`, async () => {
      let spoilt = false;
      const spoil: Spoil = () => (spoilt ? answer() : undefined);
      const { front } = await filled(spoil);
      await front.ask(`GET ${manifestPath}/latest`);
      await (await front.ask(`GET ${blobPath}`)).bytes();
      spoilt = true;
      const kept = await front.ask(`GET ${manifestPath}/latest`);
      expect(kept.status).toBe(200);
      expect<Uint8Array>(await kept.bytes()).toEqual(image.bytes);
      expect<Uint8Array>(await (await front.ask(`GET ${blobPath}`)).bytes()).toEqual(layer.bytes);
      const tags = await front.ask("GET /v2/a/b/tags/list");
      expect(await tags.json()).toEqual({ name: "a/b", tags: ["latest"] });
      const referrers = await front.ask(`GET /v2/a/b/referrers/${image.descriptor.digest}`);
      expect(await referrers.json()).toMatchObject({ manifests: [] });
      expect(front.registry.mirrored.stale).toBe(3);
    });

  test("is left alone for a moment, where something kept can be given", async () => {
    let spoilt = false;
    const { front, asked } = await filled(() => (spoilt ? refuse(503, "UNAVAILABLE") : undefined));
    await front.ask(`GET ${manifestPath}/latest`);
    spoilt = true;
    await front.ask(`GET ${manifestPath}/latest`);
    asked();
    expect((await front.ask(`GET ${manifestPath}/latest`)).status).toBe(200);
    expect(asked()).toEqual([]);
    expect((await front.ask(`GET ${manifestPath}/other`)).status).toBe(502);
    expect(asked()).not.toEqual([]);
  });

  test("is left alone for longer each time that it is asked in vain, and as before once it was back", async () => {
    let [spoilt, now] = [false, 1_000_000];
    const spoil: Spoil = () => (spoilt ? refuse(503, "UNAVAILABLE") : undefined);
    const { front, asked } = await filled(spoil, { now: () => now });
    const isAskedAfter = async (ms: number) => {
      now += ms;
      asked();
      expect((await front.ask(`GET ${manifestPath}/latest`)).status).toBe(200);
      return asked().length > 0;
    };
    expect(await isAskedAfter(0)).toBe(true);
    spoilt = true;
    expect(await isAskedAfter(0)).toBe(true);
    for (const rest of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      expect([rest, await isAskedAfter(rest - 1)]).toEqual([rest, false]);
      expect([rest, await isAskedAfter(1)]).toEqual([rest, true]);
    }
    spoilt = false;
    expect(await isAskedAfter(60_000)).toBe(true);
    spoilt = true;
    expect(await isAskedAfter(0)).toBe(true);
    expect(await isAskedAfter(5_000)).toBe(true);
  });

  test("is left alone by everybody for as long as it said", async () => {
    const { front, asked } = mirror(() => refuse(429, "TOOMANYREQUESTS", "no", { "retry-after": "77" }));
    for (const requests of [1, 0]) {
      const answer = await front.ask(`GET ${manifestPath}/latest`);
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "77"]);
      expect(await errorCodes(answer)).toEqual(["TOOMANYREQUESTS"]);
      expect(asked()).toHaveLength(requests);
    }
  });

  for (const [what, answer, status, code] of [
    ["fails", () => refuse(500, "UNKNOWN"), 502, "UNKNOWN"],
    ["is not to be had", () => refuse(503, "UNAVAILABLE"), 502, "UNKNOWN"],
    ["refuses everybody", () => refuse(401, "UNAUTHORIZED"), 403, "DENIED"],
    ["refuses us", () => refuse(403, "DENIED"), 403, "DENIED"],
  ] as const)
    test(`${what}: what is not kept is answered ${status}, in the specification's form, and asks for no login`, async () => {
      const { front } = mirror(answer);
      for (const path of [`${manifestPath}/latest`, blobPath, "/v2/a/b/tags/list"]) {
        const refused = await front.ask(`GET ${path}`);
        expect([path, refused.status, await errorCodes(refused)]).toEqual([path, status, [code]]);
        expect(refused.headers.has("www-authenticate")).toBe(false);
      }
    });

  test("is not there at all: 502", async () => {
    const { front, upstream } = mirror();
    await upstream.stop();
    expect((await front.ask(`GET ${manifestPath}/latest`)).status).toBe(502);
  });

  test("does not answer in time: 504, and what is kept is given", async () => {
    let silent = false;
    const transport = hastyTransport({ timeouts: { answer: 30 } });
    const { front } = await filled(() => (silent ? new Promise(() => {}) : undefined), {
      remote: { transport },
    });
    await front.ask(`GET ${manifestPath}/latest`);
    silent = true;
    expect((await front.ask(`GET ${manifestPath}/latest`)).status).toBe(200);
    expect((await front.ask(`GET ${blobPath}`)).status).toBe(504);
  });
});

describe("a hostile upstream", () => {
  const spoilt =
    (path: RegExp, answer: (request: Request) => Response): Spoil =>
    (request, { pathname }) =>
      request.method === "GET" && path.test(pathname) ? answer(request) : undefined;

  test("gives other bytes than the digest says: nobody gets them whole, and nothing is kept", async () => {
    const wrong = noise(100_000, 9);
    const { front, asked } = await filled(spoilt(/blobs/, () => new Response(wrong)));
    const answer = await front.ask(`GET ${blobPath}`);
    expect([answer.status, await errorCodes(answer)]).toEqual([502, ["UNKNOWN"]]);
    expect(await Array.fromAsync(front.blobs.list())).toEqual([]);
    expect(await Array.fromAsync(front.blobs.ingests())).toEqual([]);
    expect(front.registry.mirrored.failures).toBe(1);
    asked();
    expect((await front.ask(`GET ${blobPath}`)).status).toBe(502);
    expect(asked()).toContain(`GET ${blobPath}`);
  });

  test("claims to have what another repository of ours keeps: it is not given away", async () => {
    const secret = blobOf(noise(5000, 3));
    const claims: Spoil = (request) =>
      request.method === "HEAD" ? new Response(null, { headers: { "content-length": "5000" } }) : undefined;
    const evil = mirror(claims);
    const front = testHandler(undefined, { mirrors: [mirrorOf(evil.upstream.host, "evil")] });
    await pushContent(front.repository("private"), secret);
    const answer = await front.ask(`GET /v2/evil/a/blobs/${secret.descriptor.digest}`);
    expect([answer.status, await errorCodes(answer)]).toEqual([404, ["BLOB_UNKNOWN"]]);
  });

  test("claims to have what another mirror fetches just now: it is not given away", async () => {
    const secret = blobOf(noise(5000, 3));
    const [asked, given] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const good = mirror(async (request) => {
      if (request.method !== "GET") return undefined;
      asked.resolve();
      await given.promise;
      return undefined;
    });
    await pushContent(good.upstream.repository, secret);
    const evil = mirror((request) =>
      request.method === "HEAD" ? new Response(null, { headers: { "content-length": "5000" } }) : undefined,
    );
    const front = testHandler(undefined, {
      mirrors: [mirrorOf(good.upstream.host, "good"), mirrorOf(evil.upstream.host, "evil")],
    });
    const fetching = front.ask(`GET /v2/good/a/blobs/${secret.descriptor.digest}`);
    await asked.promise;
    expect((await front.ask(`GET /v2/evil/a/blobs/${secret.descriptor.digest}`)).status).toBe(404);
    given.resolve();
    expect<Uint8Array>(await (await fetching).bytes()).toEqual(secret.bytes);
  });

  test("never ends a body: it is cut off", async () => {
    let given = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            given += 65_536;
            controller.enqueue(new Uint8Array(65_536));
          },
        }),
      );
    const { front } = await filled(spoilt(/blobs/, endless));
    expect((await front.ask(`GET ${blobPath}`)).status).toBe(502);
    expect(given).toBeLessThan(16 * 1024 * 1024);
    expect(await Array.fromAsync(front.blobs.ingests())).toEqual([]);
  });

  test("ends a body too soon: it is not kept", async () => {
    const { front } = await filled(
      spoilt(/blobs/, () => new Response(layer.bytes.slice(0, 5) as Uint8Array<ArrayBuffer>)),
    );
    expect((await front.ask(`GET ${blobPath}`)).status).toBe(502);
    expect(await Array.fromAsync(front.blobs.list())).toEqual([]);
  });

  test("gives a manifest with another digest than was asked for", async () => {
    const { front } = await filled(spoilt(/manifests/, () => new Response("{}")));
    const answer = await front.ask(`GET ${manifestPath}/${image.descriptor.digest}`);
    expect([answer.status, await errorCodes(answer)]).toEqual([502, ["UNKNOWN"]]);
  });

  for (const [what, type, body] of [
    ["a page instead of a manifest", "text/html", "<html><script>"],
    ["a manifest that it calls a page", "text/html; charset=utf-8", '{"schemaVersion":2}'],
    ["a manifest that it calls a script", "application/javascript; a", "no JSON"],
    ["a picture", "image/svg+xml", "<svg onload=alert(1)>"],
    ["a manifest that it calls a picture", "image/svg+xml", '{"schemaVersion":2}'],
    ["a manifest whose parts are no descriptors", image.descriptor.mediaType, '{"config":1,"layers":[]}'],
  ] as const)
    test(`gives ${what}: 502, and it is not kept`, async () => {
      const digest = digestOf(new TextEncoder().encode(body));
      const headers = { "content-type": type, "docker-content-digest": digest };
      const { front } = await filled(spoilt(/manifests/, () => new Response(body, { headers })));
      for (const name of ["latest", digest]) {
        const answer = await front.ask(`GET ${manifestPath}/${name}`);
        expect([answer.status, await errorCodes(answer)]).toEqual([502, ["UNKNOWN"]]);
      }
      expect(await (await front.ask("GET /v2/_catalog")).json()).toEqual({ repositories: [] });
    });

  test("leads in circles: it is given up", async () => {
    const { front, asked } = await filled(
      spoilt(/manifests/, ({ url }) => new Response(null, { status: 307, headers: { location: url } })),
    );
    expect((await front.ask(`GET ${manifestPath}/latest`)).status).toBe(502);
    expect(asked().length).toBeLessThan(15);
  });

  test("says that a blob has another size than it has", async () => {
    const { front } = await filled((request, { pathname }) =>
      request.method === "HEAD" && pathname.includes("blobs")
        ? new Response(null, { headers: { "content-length": "99999" } })
        : undefined,
    );
    expect((await front.ask(`GET ${blobPath}`)).status).toBe(502);
    expect(await Array.fromAsync(front.blobs.list())).toEqual([]);
  });
});
