import { afterEach, describe, expect, test } from "bun:test";
import { parseTag } from "../../oci/reference.ts";
import { anyUser, as, rulesOf, who } from "../../testing/access.ts";
import {
  absentDigest,
  blobOf,
  imageOf,
  indexOf,
  pushArtifact,
  pushContent,
} from "../../testing/artifacts.ts";
import { errorCodes, testHandler } from "../../testing/handler.ts";
import {
  blobPath,
  image,
  latest,
  layer,
  manifestPath,
  mirrorOf,
  TestMirrors,
} from "../../testing/mirrored.ts";
import { tokenRegistry } from "../../testing/tokens.ts";
import { accessOf } from "../access.ts";

const mirrors = new TestMirrors();
const { mirror, filled } = mirrors;
afterEach(mirrors.closeAll);

describe("a mirror", () => {
  test("fetches a manifest by its tag, gives its exact bytes, and asks the next time only whether it moved", async () => {
    const { front, asked } = await filled();
    const first = await front.ask(`GET ${manifestPath}/latest`);
    expect(first.status).toBe(200);
    expect(first.headers.get("docker-content-digest")).toBe(image.descriptor.digest);
    expect(first.headers.get("content-type")).toBe(image.descriptor.mediaType);
    expect<Uint8Array>(await first.bytes()).toEqual(image.bytes);
    expect(asked()).toEqual([`GET ${manifestPath}/latest`]);
    expect((await front.ask(`HEAD ${manifestPath}/latest`)).status).toBe(200);
    expect(asked()).toEqual([`HEAD ${manifestPath}/latest`]);
    expect((await front.ask(`GET ${manifestPath}/${image.descriptor.digest}`)).status).toBe(200);
    expect(asked()).toEqual([]);
  });

  test("follows a tag that moves", async () => {
    const { front, upstream } = await filled();
    await front.ask(`GET ${manifestPath}/latest`);
    const other = imageOf([blobOf("other")]);
    await pushArtifact(upstream.repository, other, latest);
    const moved = await front.ask(`GET ${manifestPath}/latest`);
    expect<Uint8Array>(await moved.bytes()).toEqual(other.bytes);
    const before = await front.ask(`GET ${manifestPath}/${image.descriptor.digest}`);
    expect<Uint8Array>(await before.bytes()).toEqual(image.bytes);
  });

  test("fetches a blob once, and knows what it has no need to ask", async () => {
    const { front, asked } = await filled();
    for (let i = 0; i < 3; i++) {
      const answer = await front.ask(`GET ${blobPath}`);
      expect(answer.headers.get("content-length")).toBe("100000");
      expect<Uint8Array>(await answer.bytes()).toEqual(layer.bytes);
    }
    expect(asked()).toEqual([`HEAD ${blobPath}`, `GET ${blobPath}`]);
    const part = await front.ask(`GET ${blobPath}`, { headers: { range: "bytes=10-19" } });
    expect(part.status).toBe(206);
    expect<Uint8Array>(await part.bytes()).toEqual(layer.bytes.slice(10, 20));
    expect(asked()).toEqual([]);
  });

  test("asks the upstream for the head of a blob, and fetches nothing for it", async () => {
    const { front, asked } = await filled();
    const head = await front.ask(`HEAD ${blobPath}`);
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "100000"]);
    expect(asked()).toEqual([`HEAD ${blobPath}`]);
  });

  test("gives a range of a blob that is not kept, and keeps the whole", async () => {
    const { front, asked } = await filled();
    const part = await front.ask(`GET ${blobPath}`, { headers: { range: "bytes=-7" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 99993-99999/100000"]);
    expect<Uint8Array>(await part.bytes()).toEqual(layer.bytes.slice(-7));
    asked();
    expect<Uint8Array>(await (await front.ask(`GET ${blobPath}`)).bytes()).toEqual(layer.bytes);
    expect(asked()).toEqual([]);
  });

  test("takes bytes over that another repository has, when the upstream has them there, too", async () => {
    const { front, asked } = await filled();
    await (await front.ask(`GET ${blobPath}`)).bytes();
    asked();
    const other = blobPath.replace("a/b", "c");
    expect<Uint8Array>(await (await front.ask(`GET ${other}`)).bytes()).toEqual(layer.bytes);
    expect(asked()).toEqual([`HEAD ${other}`]);
  });

  test("keeps an index without its children, and an artifact with its subject", async () => {
    const { front, upstream } = mirror();
    const child = imageOf([layer]);
    const index = indexOf([child], {}, [blobOf("{}").descriptor]);
    await pushArtifact(upstream.repository, child);
    await upstream.repository.pushManifest(index.descriptor, index.bytes, latest);
    expect<Uint8Array>(await (await front.ask(`GET ${manifestPath}/latest`)).bytes()).toEqual(index.bytes);
    const below = await front.ask(`GET ${manifestPath}/${child.descriptor.digest}`);
    expect<Uint8Array>(await below.bytes()).toEqual(child.bytes);
  });

  test("has an empty blob", async () => {
    const { front, upstream } = mirror();
    const empty = blobOf("");
    await pushContent(upstream.repository, empty);
    const answer = await front.ask(`GET /v2/a/b/blobs/${empty.descriptor.digest}`);
    expect([answer.status, (await answer.bytes()).byteLength]).toEqual([200, 0]);
  });

  test("says 404 as the upstream does, and does not remember it", async () => {
    const { front, upstream } = mirror();
    const missing = await front.ask(`GET ${manifestPath}/latest`);
    expect([missing.status, await errorCodes(missing)]).toEqual([404, ["MANIFEST_UNKNOWN"]]);
    const blob = await front.ask(`GET /v2/a/b/blobs/${absentDigest()}`);
    expect([blob.status, await errorCodes(blob)]).toEqual([404, ["BLOB_UNKNOWN"]]);
    const tags = await front.ask("GET /v2/a/b/tags/list");
    expect([tags.status, await errorCodes(tags)]).toEqual([404, ["NAME_UNKNOWN"]]);
    await pushArtifact(upstream.repository, image, latest);
    expect((await front.ask(`GET ${manifestPath}/latest`)).status).toBe(200);
  });

  test("lists the upstream's tags and referrers, page by page", async () => {
    const { front, upstream } = await filled();
    const signature = imageOf([blobOf("signature")], { subject: image.descriptor });
    await pushArtifact(upstream.repository, signature, {
      tags: [parseTag("b"), parseTag("a")],
      expect: "any",
    });
    const tags = await front.ask("GET /v2/a/b/tags/list?n=2");
    expect(await tags.json()).toEqual({ name: "a/b", tags: ["a", "b"] });
    expect(tags.headers.get("link")).toContain("last=b");
    const rest = await front.ask("GET /v2/a/b/tags/list?n=2&last=b");
    expect(await rest.json()).toEqual({ name: "a/b", tags: ["latest"] });
    const referrers = await front.ask(`GET /v2/a/b/referrers/${image.descriptor.digest}`);
    const { manifests } = (await referrers.json()) as { manifests: { digest: string }[] };
    expect(manifests.map(({ digest }) => digest)).toEqual([signature.descriptor.digest]);
  });

  test("reads the upstream's list of tags once for all its pages, and anew for a first page", async () => {
    let now = 1;
    const { front, upstream, asked } = await filled(undefined, { now: () => now });
    const tags = ["a", "b", "c"].map(parseTag);
    await pushArtifact(upstream.repository, image, { tags, expect: "any" });
    const page = async (query: string) =>
      ((await (await front.ask(`GET /v2/a/b/tags/list?n=2${query}`)).json()) as { tags: string[] }).tags;
    asked();
    expect(await page("")).toEqual(["a", "b"]);
    await pushArtifact(upstream.repository, image, { tags: [parseTag("bb")], expect: "any" });
    expect(await page("&last=b")).toEqual(["c", "latest"]);
    expect(asked()).toHaveLength(1);
    expect(await page("")).toEqual(["a", "b"]);
    expect(await page("&last=b")).toEqual(["bb", "c"]);
    expect(asked()).toHaveLength(1);
    now += 60_000;
    expect(await page("&last=c")).toEqual(["latest"]);
    expect(asked()).toHaveLength(1);
  });

  test("lists in its catalog what it keeps", async () => {
    const { front } = await filled();
    expect(await (await front.ask("GET /v2/_catalog")).json()).toEqual({ repositories: [] });
    await front.ask(`GET ${manifestPath}/latest`);
    expect(await (await front.ask("GET /v2/_catalog")).json()).toEqual({ repositories: ["a/b"] });
  });

  test("takes no push, no mount and no delete", async () => {
    const { front, upstream } = await filled();
    await (await front.ask(`GET ${blobPath}`)).bytes();
    await front.ask(`GET ${manifestPath}/latest`);
    const { digest, mediaType } = image.descriptor;
    for (const [line, carried] of [
      ["POST /v2/a/b/blobs/uploads/"],
      [`POST /v2/a/b/blobs/uploads/?mount=${layer.descriptor.digest}&from=c`],
      [`POST /v2/a/b/blobs/uploads/?digest=${layer.descriptor.digest}`, { body: layer.bytes }],
      [`PUT ${manifestPath}/mine`, { body: image.bytes, headers: { "content-type": mediaType } }],
      [`DELETE ${manifestPath}/latest`],
      [`DELETE ${manifestPath}/${digest}`],
      [`DELETE ${blobPath}`],
    ] as const) {
      const answer = await front.ask(line, carried);
      expect([line, answer.status, await errorCodes(answer)]).toEqual([line, 405, ["UNSUPPORTED"]]);
      expect(answer.headers.get("allow")).toBe("GET, HEAD");
    }
    await upstream.stop();
    expect((await front.ask(`GET ${manifestPath}/latest`)).status).toBe(200);
  });

  test("asks its upstream nothing for who may not pull, and lends nobody what it keeps", async () => {
    const { upstream } = await filled();
    const access = accessOf(
      rulesOf({ "a/**": { pull: who("ann") }, "mine/**": { pull: who("bob"), push: who("bob") } }),
    );
    const front = testHandler(anyUser, { access, mirrors: [mirrorOf(upstream.host, "a")] });
    const path = `/v2/a/b/manifests/latest`;
    const before = upstream.requests.length;
    expect((await front.ask(`GET ${path}`)).status).toBe(401);
    expect((await front.ask(`GET ${path}`, as("bob"))).status).toBe(403);
    expect(upstream.requests).toHaveLength(before);
    expect((await front.ask(`GET ${path}`, as("ann"))).status).toBe(200);
    const blob = `/v2/a/b/blobs/${layer.descriptor.digest}`;
    await (await front.ask(`GET ${blob}`, as("ann"))).bytes();
    const mount = `POST /v2/mine/x/blobs/uploads/?mount=${layer.descriptor.digest}`;
    for (const line of [mount, `${mount}&from=a/b`])
      expect((await front.ask(line, as("bob"))).status).toBe(202);
  });

  test("counts what it did", async () => {
    const { front } = await filled();
    for (let i = 0; i < 2; i++) {
      await front.ask(`GET ${manifestPath}/latest`);
      await (await front.ask(`GET ${blobPath}`)).bytes();
    }
    expect(front.registry.mirrored).toEqual({
      requests: { blob: 2, manifest: 2 },
      hits: { blob: 1, manifest: 1 },
      pulled: { blob: 100_000, manifest: image.bytes.byteLength },
      stale: 0,
      failures: 0,
    });
  });
});

describe("what is kept for a time", () => {
  test("goes when nobody asked for it that long, and not before", async () => {
    let now = 1_000_000;
    const { front, upstream, asked } = await filled(undefined, { ttl: 1000, now: () => now });
    const other = imageOf([blobOf("other")]);
    await pushArtifact(upstream.repository, other, { tags: [parseTag("other")], expect: "any" });
    for (const tag of ["latest", "other"]) await front.ask(`GET ${manifestPath}/${tag}`);
    for (let times = 0; times < 3; times++) {
      now += 900;
      await front.ask(`GET ${manifestPath}/${image.descriptor.digest}`);
      await front.registry.expire();
    }
    asked();
    expect((await front.ask(`GET ${manifestPath}/${image.descriptor.digest}`)).status).toBe(200);
    expect(asked()).toEqual([]);
    expect((await front.ask(`GET ${manifestPath}/${other.descriptor.digest}`)).status).toBe(200);
    expect(asked()).toEqual([`GET ${manifestPath}/${other.descriptor.digest}`]);
  });

  test("frees its bytes, by collection, and comes again when it is asked for", async () => {
    let now = 1_000_000;
    const { front, asked } = await filled(undefined, { ttl: 1000, now: () => now });
    const pull = async () => {
      await front.ask(`GET ${manifestPath}/latest`);
      return (await front.ask(`GET ${blobPath}`)).bytes();
    };
    await pull();
    now += 900;
    await front.registry.expire();
    expect(await Array.fromAsync(front.blobs.list())).toHaveLength(1);
    now += 1000;
    await front.registry.expire();
    now += 1000;
    await front.registry.collector.run(500);
    expect(await Array.fromAsync(front.blobs.list())).toEqual([]);
    asked();
    expect<Uint8Array>(await pull()).toEqual(layer.bytes);
    expect(asked()).toEqual([`GET ${manifestPath}/latest`, `HEAD ${blobPath}`, `GET ${blobPath}`]);
  });

  test("is not what was pushed elsewhere, and without a time nothing goes", async () => {
    for (const [prefix, ttl] of [
      ["mirror", 1],
      ["", 0],
    ] as const) {
      let now = 1_000_000;
      const { upstream } = await filled();
      const front = testHandler(undefined, {
        mirrors: [mirrorOf(upstream.host, prefix, {}, ttl)],
        now: () => now,
      });
      if (prefix !== "") await pushArtifact(front.repository("a/b"), image, latest);
      await front.ask(`GET ${manifestPath}/latest`);
      now += 1_000_000;
      await front.registry.expire();
      expect(await (await front.ask("GET /v2/_catalog")).json()).toEqual({ repositories: ["a/b"] });
    }
  });
});

describe("a storm", () => {
  test("of a thousand askers for one blob is one fetch, and of a thousand for one tag, too", async () => {
    const { front, asked } = await filled();
    const blobs = await Promise.all(
      Array.from({ length: 1000 }, async () => (await front.ask(`GET ${blobPath}`)).bytes()),
    );
    for (const bytes of blobs) expect(Buffer.compare(bytes, layer.bytes)).toBe(0);
    expect(asked().filter((line) => line.startsWith("GET"))).toEqual([`GET ${blobPath}`]);
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => front.ask(`GET ${manifestPath}/latest`)),
    );
    for (const { status } of answers) expect(status).toBe(200);
    expect(asked()).toEqual([`GET ${manifestPath}/latest`]);
  });

  test("asks a token server once, with our login, which no client sees", async () => {
    const upstream = tokenRegistry();
    try {
      const tags = Array.from({ length: 50 }, (_, i) => parseTag(`v${i}`));
      await pushArtifact(upstream.repository, image, { tags, expect: "any" });
      const credentials = async () => ({ username: "ours", password: "secret", source: "the test" });
      const front = testHandler(undefined, { mirrors: [mirrorOf(upstream.host, "", { credentials })] });
      const answers = await Promise.all(tags.map((tag) => front.ask(`GET ${manifestPath}/${tag}`)));
      for (const { status, headers } of answers) {
        expect(status).toBe(200);
        expect(JSON.stringify([...headers])).not.toContain("secret");
      }
      expect<Uint8Array>(await (await front.ask(`GET ${blobPath}`)).bytes()).toEqual(layer.bytes);
      expect(upstream.asked).toHaveLength(1);
      expect(upstream.asked[0]?.authorization).toBe(`Basic ${btoa("ours:secret")}`);
    } finally {
      await upstream.stop();
    }
  });

  test("in two repositories is one fetch, and each has the blob afterwards", async () => {
    const { front, asked } = await filled();
    const paths = [blobPath, blobPath.replace("a/b", "c")];
    await Promise.all(paths.map(async (path) => (await front.ask(`GET ${path}`)).bytes()));
    expect(asked().filter((line) => line.startsWith("GET"))).toHaveLength(1);
    for (const path of paths) expect((await front.ask(`HEAD ${path}`)).status).toBe(200);
    expect(asked()).toEqual([]);
  });
});
