import { expect } from "bun:test";
import { digestOf } from "../../oci/digest.ts";
import { mediaTypes } from "../../oci/mediaTypes.ts";
import { parseTag } from "../../oci/reference.ts";
import { absentDigest, blobOf, imageOf, pushArtifact, pushContent } from "../../testing/artifacts.ts";
import { testHandler } from "../../testing/handler.ts";
import { noise } from "../../testing/streams.ts";
import { type Exchange, expectAnswer, expectAnswers, onTheWire, row } from "./row.suite.ts";

// Names, digests, HEAD and pull.

const blob = blobOf(noise(2000));
const image = imageOf([blob]);
const [digest, manifest] = [blob.descriptor.digest, image.descriptor.digest];
const type = { "content-type": mediaTypes.manifest };

/** A handler whose repository `name` holds the image as `v1`. */
async function holding(name = "a/b") {
  const handler = testHandler();
  await pushArtifact(handler.repository(name), image, { tags: [parseTag("v1")], expect: "any" });
  return handler;
}

const badName = { status: 400, codes: ["NAME_INVALID"] };
const badDigest = { status: 400, codes: ["DIGEST_INVALID"] };
const badTag = { status: 400, codes: ["MANIFEST_INVALID"] };

row(1, "a name follows its grammar, and may hold any word of the API", async () => {
  for (const name of [
    "a/manifests/b",
    "tags/list",
    "blobs/uploads",
    "a/blobs/uploads",
    "referrers/tags",
    "a.b_c__d---e",
  ]) {
    const handler = await holding(name);
    await expectAnswers(
      handler,
      [`GET /v2/${name}/manifests/v1`, { status: 200, bytes: image.bytes }],
      [`GET /v2/${name}/blobs/${digest}`, { status: 200, bytes: blob.bytes }],
      [`GET /v2/${name}/tags/list`, { status: 200, json: { name, tags: ["v1"] } }],
      [`GET /v2/${name}/referrers/${digest}`, { status: 200 }],
      [
        `POST /v2/${name}/blobs/uploads/`,
        { status: 202, headers: { location: new RegExp(`^/v2/${name}/blobs/uploads/`) } },
      ],
    );
  }
  for (const name of ["A", "a..b", "a___b", "-a", "a-", "a//b", "a/", "a/.b", "a+b"])
    await expectAnswer(testHandler(), `GET /v2/${name}/tags/list`, badName);
});

row(2, "a name that no client could hold with its host is refused", async () => {
  await expectAnswers(
    testHandler(),
    [`POST /v2/${"a".repeat(255)}/blobs/uploads/`, { status: 202 }],
    [`POST /v2/${"a".repeat(256)}/blobs/uploads/`, badName],
  );
});

row(3, "a tag has at most 128 characters, and no plus", async () => {
  const handler = await holding();
  const put = { headers: type, body: image.bytes };
  for (const tag of ["_", "1.0.0_build.5", "A-b.C_d", "x".repeat(128)])
    await expectAnswer(handler, `PUT /v2/a/b/manifests/${tag}`, { status: 201 }, put);
  for (const tag of ["1.0.0+build.5", "1.0.0%2Bbuild.5", ".a", "-a", "x".repeat(129), "%C3%A9"])
    await expectAnswers(
      handler,
      [`PUT /v2/a/b/manifests/${tag}`, badTag, put],
      [`DELETE /v2/a/b/manifests/${tag}`, badTag],
      [`GET /v2/a/b/manifests/${tag}`, { status: 404, codes: ["MANIFEST_UNKNOWN"] }],
      [`HEAD /v2/a/b/manifests/${tag}`, { status: 404 }],
    );
});

row(4, "a reference with a colon is a digest or refused, never a tag", async () => {
  const handler = await holding();
  for (const reference of ["sha256:baddigeststring", "v1:v1", `md5:${"0".repeat(32)}`, "sha256:"])
    await expectAnswers(
      handler,
      [`PUT /v2/a/b/manifests/${reference}`, badDigest, { headers: type, body: image.bytes }],
      [`GET /v2/a/b/manifests/${reference}`, badDigest],
      [`DELETE /v2/a/b/manifests/${reference}`, badDigest],
    );
});

row(5, "what another repository has is unknown here", async () => {
  const handler = await holding("other");
  await pushContent(handler.repository("a/b"), blobOf("something else"));
  await expectAnswers(
    handler,
    [`GET /v2/a/b/blobs/${digest}`, { status: 404, codes: ["BLOB_UNKNOWN"] }],
    [`GET /v2/a/b/manifests/${manifest}`, { status: 404, codes: ["MANIFEST_UNKNOWN"] }],
    [`GET /v2/a/b/manifests/v1`, { status: 404, codes: ["MANIFEST_UNKNOWN"] }],
    [`DELETE /v2/a/b/blobs/${digest}`, { status: 404, codes: ["BLOB_UNKNOWN"] }],
    // The manifest's own bytes as a blob: not even where it is.
    [`GET /v2/other/blobs/${manifest}`, { status: 404, codes: ["BLOB_UNKNOWN"] }],
  );
});

row(6, "the Content-Type is the one that was pushed, without parameters", async () => {
  const handler = await holding();
  const headers = { "content-type": `${mediaTypes.manifest}; charset=utf-8` };
  await expectAnswers(
    handler,
    ["PUT /v2/a/b/manifests/v2", { status: 201 }, { headers, body: image.bytes }],
    ["GET /v2/a/b/manifests/v2", { status: 200, headers: type }],
    ["HEAD /v2/a/b/manifests/v2", { status: 200, headers: type }],
  );
});

row(7, "a manifest comes back byte for byte", async () => {
  const odd = new TextEncoder().encode(
    `\n{ "manifests" : [],\t"x": 1.0, "x": 2, "é": "\\u00e9",\r\n"mediaType":"${mediaTypes.index}","schemaVersion":2}  \n`,
  );
  await expectAnswers(
    testHandler(),
    [
      "PUT /v2/a/manifests/odd",
      { status: 201 },
      { headers: { "content-type": mediaTypes.index }, body: odd },
    ],
    [
      "GET /v2/a/manifests/odd",
      { status: 200, headers: { "docker-content-digest": digestOf(odd) }, bytes: odd },
    ],
  );
});

row(8, "a GET gives the manifest, whatever it accepts and when it says nothing", async () => {
  const handler = await holding();
  for (const accept of [undefined, "*/*", "application/json", mediaTypes.dockerManifest, "text/html"])
    await expectAnswer(
      handler,
      "GET /v2/a/b/manifests/v1",
      { status: 200, headers: type, bytes: image.bytes },
      { headers: accept === undefined ? {} : { accept } },
    );
});

row(9, "Docker-Content-Digest is on GET and HEAD of manifests and blobs", async () => {
  const handler = await holding();
  const of = (value: string) => ({ status: 200, headers: { "docker-content-digest": value } });
  for (const method of ["GET", "HEAD"])
    await expectAnswers(
      handler,
      [`${method} /v2/a/b/manifests/v1`, of(manifest)],
      [`${method} /v2/a/b/manifests/${manifest}`, of(manifest)],
      [`${method} /v2/a/b/blobs/${digest}`, of(digest)],
    );
});

row(10, "HEAD says on the wire what GET says, the length too", async () => {
  await onTheWire(async (handler) => {
    for (const each of [blob, image.blobs[0]!, blobOf("")])
      await expectAnswer(
        handler,
        `POST /v2/a/blobs/uploads/?digest=${each.descriptor.digest}`,
        { status: 201 },
        { body: each.bytes },
      );
    await expectAnswer(
      handler,
      "PUT /v2/a/manifests/v1",
      { status: 201 },
      { headers: type, body: image.bytes },
    );
    for (const [path, { byteLength }] of [
      [`/v2/a/blobs/${digest}`, blob.bytes],
      [`/v2/a/blobs/${digestOf(new Uint8Array())}`, new Uint8Array()],
      ["/v2/a/manifests/v1", image.bytes],
    ] as const) {
      const [head, get] = [await handler.ask(`HEAD ${path}`), await handler.ask(`GET ${path}`)];
      expect([head.status, head.headers.get("content-length")]).toEqual([200, `${byteLength}`]);
      const told = (response: Response) =>
        [...response.headers].filter(([name]) => name !== "date" && name !== "connection");
      expect(told(head)).toEqual(told(get));
    }
  });
});

const part = (from: number, to: number): Exchange[1] => ({
  status: 206,
  headers: {
    "accept-ranges": "bytes",
    "content-range": `bytes ${from}-${to - 1}/2000`,
    "content-length": `${to - from}`,
    "docker-content-digest": digest,
  },
  bytes: blob.bytes.slice(from, to),
});
const outside: Exchange[1] = { status: 416, headers: { "content-range": "bytes */2000" } };

row(11, "a range of a blob is one range, a suffix, or clipped; 416 beyond the end", async () => {
  const handler = await holding();
  for (const [range, expected] of [
    ["bytes=500-1499", part(500, 1500)],
    ["bytes=500-", part(500, 2000)],
    ["bytes=-500", part(1500, 2000)],
    ["bytes=-5000", part(0, 2000)],
    ["bytes=1999-5000", part(1999, 2000)],
    ["bytes=500-0", outside],
    ["bytes=2000-", outside],
    ["bytes=5000-10000", outside],
    ["bytes=-0", outside],
    ["lines=0-1", { status: 200, bytes: blob.bytes }],
  ] as const)
    await expectAnswer(handler, `GET /v2/a/b/blobs/${digest}`, expected, { headers: { range } });
});

row(12, "a part has its own length and the whole blob's digest", async () => {
  await expectAnswer(await holding(), `GET /v2/a/b/blobs/${digest}`, part(0, 1), {
    headers: { range: "bytes=0-0" },
  });
});

row(13, "a digest that is broken, or of an algorithm that nobody verifies here, is 400", async () => {
  const handler = testHandler();
  const body = { body: "x" };
  const location = (await handler.ask("POST /v2/a/blobs/uploads/")).headers.get("location");
  for (const bad of ["sha256:beef", `sha256:${"A".repeat(64)}`, `sha384:${"0".repeat(96)}`, "sha256", ""])
    await expectAnswers(
      handler,
      [`POST /v2/a/blobs/uploads/?digest=${bad}`, badDigest, body],
      [`POST /v2/a/blobs/uploads/?mount=${bad}&from=b`, badDigest],
      [`PUT ${location}?digest=${bad}`, badDigest, body],
      [`GET /v2/a/referrers/${bad}`, badDigest],
    );
});

row(14, "sha512 names blobs and manifests from push to delete", async () => {
  const handler = testHandler();
  const [config, layer] = [blobOf("{}", undefined, "sha512"), blobOf("layer", undefined, "sha512")];
  const long = imageOf([layer], {}, config);
  const name = digestOf(long.bytes, "sha512");
  for (const each of [config, layer])
    await expectAnswer(
      handler,
      `POST /v2/a/blobs/uploads/?digest=${each.descriptor.digest}`,
      { status: 201, headers: { "docker-content-digest": each.descriptor.digest } },
      { body: each.bytes },
    );
  await expectAnswers(
    handler,
    [
      `PUT /v2/a/manifests/${name}`,
      { status: 201, headers: { "docker-content-digest": name } },
      { headers: type, body: long.bytes },
    ],
    [`GET /v2/a/manifests/${name}`, { status: 200, bytes: long.bytes }],
    [`GET /v2/a/blobs/${layer.descriptor.digest}`, { status: 200, bytes: layer.bytes }],
    [`DELETE /v2/a/blobs/${layer.descriptor.digest}`, { status: 409 }],
    [`DELETE /v2/a/manifests/${name}`, { status: 202 }],
    [`DELETE /v2/a/blobs/${layer.descriptor.digest}`, { status: 202 }],
    [`GET /v2/a/blobs/${layer.descriptor.digest}`, { status: 404 }],
  );
});

row(15, "a tag may hold a manifest by sha512; the digest told is one of the body's", async () => {
  const handler = await holding();
  const name = digestOf(image.bytes, "sha512");
  const told = { status: 200, headers: { "docker-content-digest": name }, bytes: image.bytes };
  await expectAnswers(
    handler,
    [
      `PUT /v2/a/b/manifests/${name}?tag=long`,
      { status: 201, headers: { "oci-tag": "long" } },
      { headers: type, body: image.bytes },
    ],
    [`GET /v2/a/b/manifests/${name}`, told],
    ["GET /v2/a/b/manifests/long", told],
    [
      "GET /v2/a/b/manifests/v1",
      { status: 200, headers: { "docker-content-digest": manifest }, bytes: image.bytes },
    ],
    [`GET /v2/a/b/manifests/${absentDigest()}`, { status: 404 }],
  );
});
