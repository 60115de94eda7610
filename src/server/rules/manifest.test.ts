import { expect } from "bun:test";
import { digestOf } from "../../oci/digest.ts";
import { manifestLimit, mediaTypes } from "../../oci/mediaTypes.ts";
import { parseTag } from "../../oci/reference.ts";
import {
  type Artifact,
  absentDigest,
  blobOf,
  imageOf,
  indexOf,
  pushArtifact,
  pushContent,
} from "../../testing/artifacts.ts";
import { type TestHandler, testHandler } from "../../testing/handler.ts";
import { clientRow, type Exchange, expectAnswer, expectAnswers, row } from "./row.suite.ts";

// Manifests, subject, referrers.

const image = imageOf([blobOf("layer")]);
const subject = image.descriptor;
const referrers = `/v2/a/b/referrers/${subject.digest}`;
const sbom = "application/x-sbom";

const put = (
  reference: string,
  { bytes, descriptor }: Pick<Artifact, "bytes" | "descriptor">,
  expected: Exchange[1] = { status: 201 },
): Exchange => [
  `PUT /v2/a/b/manifests/${reference}`,
  expected,
  { body: bytes, headers: { "content-type": descriptor.mediaType } },
];

/** A manifest out of a document, under the type that it says. */
const documentOf = (document: Record<string, unknown> & { mediaType: string }) =>
  blobOf(JSON.stringify({ schemaVersion: 2, ...document }), document.mediaType);

async function withBlobs(...artifacts: Artifact[]): Promise<TestHandler> {
  const handler = testHandler();
  for (const blob of artifacts.flatMap(({ blobs }) => blobs))
    await pushContent(handler.repository("a/b"), blob);
  return handler;
}

async function withAll(...artifacts: Artifact[]): Promise<TestHandler> {
  const handler = testHandler();
  for (const each of artifacts) await pushArtifact(handler.repository("a/b"), each);
  return handler;
}

const indexListing = (...manifests: object[]) => ({
  status: 200,
  headers: { "content-type": mediaTypes.index },
  json: { schemaVersion: 2, mediaType: mediaTypes.index, manifests },
});

row(39, "PUT is 201 with Location and digest; other bytes than the digest's are 400", async () => {
  const handler = await withBlobs(image);
  const { digest } = image.descriptor;
  const told = {
    status: 201,
    headers: { location: `/v2/a/b/manifests/${digest}`, "docker-content-digest": digest },
  };
  await expectAnswers(
    handler,
    put(absentDigest(), image, { status: 400, codes: ["DIGEST_INVALID"] }),
    [`GET /v2/a/b/manifests/${digest}`, { status: 404 }],
    put("v1", image, told),
    put(digest, image, told),
    [`GET ${told.headers.location}`, { status: 200, bytes: image.bytes }],
  );
});

row(40, "a Content-Type that is not the document's mediaType is 400", async () => {
  const handler = await withBlobs(image);
  const other = { ...image, descriptor: { ...subject, mediaType: mediaTypes.index } };
  await expectAnswers(handler, put("v1", other, { status: 400, codes: ["MANIFEST_INVALID"] }), [
    "GET /v2/a/b/manifests/v1",
    { status: 404 },
  ]);
});

row(
  41,
  "missing content is one error each, unless it has URLs, or the rules accept that it is missing",
  async () => {
    const foreign = { ...blobOf("foreign").descriptor, urls: ["https://store.example/foreign"] };
    const elsewhere = imageOf([{ ...blobOf("foreign"), descriptor: foreign }]);
    const index = indexOf([], {}, [image.descriptor]);
    const missing = (...digests: string[]) => ({
      status: 404,
      json: {
        errors: digests.map((digest) => ({
          code: "MANIFEST_BLOB_UNKNOWN",
          message: expect.stringContaining("names content that a/b does not have"),
          detail: { digest },
        })),
      },
    });
    const strict = testHandler();
    await expectAnswers(
      strict,
      put("v1", image, missing(...image.blobs.map(({ descriptor }) => descriptor.digest))),
      put("v1", index, missing(image.descriptor.digest)),
      ["GET /v2/a/b/manifests/v1", { status: 404 }],
    );
    await pushContent(strict.repository("a/b"), elsewhere.blobs[0]!);
    await expectAnswer(strict, ...put("v1", elsewhere));

    const lenient = testHandler(undefined, { rules: { acceptMissing: true } });
    await expectAnswers(
      lenient,
      put("image", image),
      put("index", index),
      ["GET /v2/a/b/manifests/image", { status: 200, bytes: image.bytes }],
      // A sparse image reads nothing that another repository has.
      [`GET /v2/a/b/blobs/${image.blobs[1]!.descriptor.digest}`, { status: 404 }],
    );
  },
);

row(42, "a missing subject is accepted", async () => {
  const orphan = indexOf([], { subject: { ...subject, digest: absentDigest() } });
  await expectAnswer(testHandler(), ...put("v1", orphan));
});

row(43, "a manifest of 4 MiB is taken, a larger one is 413", async () => {
  const padded = (size: number) => {
    const bare = documentOf({ mediaType: mediaTypes.index, x: "" });
    return documentOf({
      mediaType: mediaTypes.index,
      x: "x".repeat(size - bare.descriptor.size),
    });
  };
  const large = { status: 413, codes: ["SIZE_INVALID"] };
  const over = padded(manifestLimit + 1);
  const streamed = {
    body: new Blob([over.bytes as BlobPart]).stream(),
    headers: { "content-type": mediaTypes.index },
  };
  await expectAnswers(
    testHandler(),
    put("v1", padded(manifestLimit)),
    put("v2", over, large),
    ["PUT /v2/a/b/manifests/v2", large, streamed],
    ["GET /v2/a/b/manifests/v2", { status: 404 }],
  );
});

row(44, "OCI-Subject answers an image and an index that have one, with its digest", async () => {
  const told = { status: 201, headers: { "oci-subject": subject.digest } };
  const without = { status: 201, headers: { "oci-subject": undefined } };
  const about = imageOf([blobOf("layer")], { subject });
  await expectAnswers(
    await withBlobs(image, about),
    put("a", about, told),
    put("b", indexOf([], { subject }), told),
    put("c", image, without),
  );
});

row(45, "all that image-spec allows is taken", async () => {
  const config = blobOf("{}", mediaTypes.empty);
  const inlined = { ...config.descriptor, data: Buffer.from("{}").toString("base64"), "x-custom": 1 };
  const documents = [
    { mediaType: mediaTypes.index, manifests: [] },
    { mediaType: mediaTypes.index, manifests: null },
    { mediaType: mediaTypes.manifest, config: inlined, layers: [] },
    { mediaType: mediaTypes.manifest, config: inlined, layers: [inlined], artifactType: sbom },
    { mediaType: mediaTypes.dockerManifestList, manifests: [] },
    { mediaType: mediaTypes.manifest, config: inlined, layers: [], custom: { nested: [1, null] } },
    { mediaType: "application/vnd.example.thing.v7+json", whatever: true },
  ];
  const handler = await withBlobs({ ...image, blobs: [config] });
  for (const document of documents) await expectAnswer(handler, ...put("v1", documentOf(document)));
  const nested = indexOf([indexOf([indexOf([])])]);
  await pushArtifact(handler.repository("a/b"), nested);
  await expectAnswer(handler, `GET /v2/a/b/manifests/${nested.descriptor.digest}`, {
    status: 200,
    bytes: nested.bytes,
  });
});

row(46, "the referrers of what nobody knows are an empty index, not 404", async () => {
  await expectAnswers(
    await withAll(image),
    [`GET ${referrers}`, indexListing()],
    [`GET /v2/a/b/referrers/${absentDigest()}`, indexListing()],
    [`GET /v2/none/referrers/${absentDigest()}`, indexListing()],
    [`GET /v2/none/referrers/${digestOf(new Uint8Array(), "sha512")}`, indexListing()],
  );
});

row(47, "referrers come as an image index, bare of parameters", async () => {
  const headers = { "content-type": mediaTypes.index };
  for (const method of ["GET", "HEAD"])
    await expectAnswer(await withAll(image), `${method} ${referrers}`, { status: 200, headers });
});

row(48, "artifactType is the manifest's, else an image's config's, else left out", async () => {
  const own = imageOf([], { subject, artifactType: sbom });
  const config = imageOf([], { subject }, blobOf("{}", "application/x-config"));
  const index = indexOf([], { subject });
  const list = [
    { ...own.descriptor, artifactType: sbom },
    { ...config.descriptor, artifactType: "application/x-config" },
    index.descriptor,
  ].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  await expectAnswer(await withAll(own, config, index), `GET ${referrers}`, indexListing(...list));
});

row(49, "a referrer is listed with its annotations", async () => {
  const annotations = { "org.example.a": "1", "org.example.ü": '"\\\n' };
  const one = indexOf([], { subject, annotations });
  await expectAnswer(
    await withAll(one),
    `GET ${referrers}`,
    indexListing({ ...one.descriptor, annotations }),
  );
});

const many = Array.from({ length: 240 }, (_, i) =>
  indexOf([], {
    subject,
    artifactType: i % 3 === 0 ? "application/other" : sbom,
    annotations: { i: `${i}` },
  }),
);

/** All digests from `path` on, and on how many pages; each page's headers must be these. */
async function followed(handler: TestHandler, path: string, headers: Record<string, string | undefined>) {
  const found: string[] = [];
  let pages = 0;
  for (let next: string | undefined = path; next !== undefined; pages++) {
    const response: Response = await expectAnswer(handler, `GET ${next}`, { status: 200, headers });
    const { manifests } = (await response.json()) as { manifests: { digest: string }[] };
    found.push(...manifests.map(({ digest }) => digest));
    next = /^<(\/[^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return { found, pages };
}

row(50, "a filter that was applied is told, on every page; none is told where none was", async () => {
  const handler = await withAll(...many);
  const filtered = await followed(handler, `${referrers}?artifactType=${sbom}`, {
    "oci-filters-applied": "artifactType",
  });
  expect([filtered.found.length, filtered.pages]).toEqual([160, 2]);
  const all = await followed(handler, referrers, { "oci-filters-applied": undefined });
  expect(all.found).toHaveLength(240);
  await expectAnswer(handler, `GET ${referrers}?artifactType=application/none`, {
    ...indexListing(),
    headers: { "oci-filters-applied": "artifactType" },
  });
});

row(51, "more referrers than fit are linked, and each comes once", async () => {
  const { found, pages } = await followed(await withAll(...many), referrers, {
    "content-type": mediaTypes.index,
  });
  expect(pages).toBeGreaterThan(1);
  expect(found).toEqual(many.map(({ descriptor }) => descriptor.digest as string).toSorted());
});

row(52, "referrers that came from where only the tag schema is known are listed", async () => {
  const about = imageOf([], { subject, artifactType: sbom });
  const handler = await withAll(image, about);
  // A client of such a registry brings the index that stands for the list as well: here that is a tag like any other.
  const listed = { ...about.descriptor, artifactType: sbom };
  const fallback = documentOf({ mediaType: mediaTypes.index, manifests: [listed] });
  const tag = subject.digest.replace(":", "-");
  await expectAnswers(
    handler,
    put(tag, fallback),
    [`GET ${referrers}`, indexListing(listed)],
    [`GET /v2/a/b/manifests/${tag}`, { status: 200, bytes: fallback.bytes }],
  );
});

clientRow(
  53,
  "where there is no referrers API, the tag of the subject's digest stands for it",
  "remote/hostile.test.ts",
  "that knows no referrers is asked for the tag that stands for them",
);

row(54, "a deleted referrer is gone at once; a deleted subject's referrers stay", async () => {
  const about = indexOf([], { subject });
  await expectAnswers(
    await withAll(image, about),
    [`GET ${referrers}`, indexListing(about.descriptor)],
    [`DELETE /v2/a/b/manifests/${subject.digest}`, { status: 202 }],
    [`GET ${referrers}`, indexListing(about.descriptor)],
    [`DELETE /v2/a/b/manifests/${about.descriptor.digest}`, { status: 202 }],
    [`GET ${referrers}`, indexListing()],
  );
});

row(
  55,
  "a push by digest sets the tags that it asks for, all of them or none; too many are 414",
  async () => {
    const handler = await withBlobs(image);
    const { digest } = image.descriptor;
    const tags = Array.from({ length: 40 }, (_, i) => `v${i}`);
    const asked = (all: string[]) => `${digest}?${all.map((tag) => `tag=${tag}`).join("&")}`;
    await expectAnswers(
      handler,
      put(asked(["v0", "bad%20tag"]), image, { status: 400 }),
      put(asked(Array.from({ length: 101 }, (_, i) => `t${i}`)), image, {
        status: 414,
        codes: ["UNSUPPORTED"],
      }),
      [`GET /v2/a/b/manifests/${digest}`, { status: 404 }],
      put(asked(tags), image, {
        status: 201,
        headers: { "oci-tag": tags.join(", "), "docker-content-digest": digest },
      }),
      ["GET /v2/a/b/tags/list", { status: 200, json: { name: "a/b", tags: tags.toSorted() } }],
    );
    await pushArtifact(handler.repository("a/b"), indexOf([]), { tags: [parseTag("v7")], expect: "any" });
    await expectAnswer(handler, "GET /v2/a/b/manifests/v8", { status: 200, bytes: image.bytes });
  },
);
