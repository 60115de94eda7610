import { describe, expect, test } from "bun:test";
import { mediaTypes } from "../../oci/mediaTypes.ts";
import { parseTag } from "../../oci/reference.ts";
import { absentDigest, blobOf, imageOf, indexOf, pushArtifact } from "../../testing/artifacts.ts";
import { errorCodes, type TestHandler, testHandler } from "../../testing/handler.ts";

const image = imageOf([blobOf("layer")]);

/** The path of a Link header. */
const nextOf = (response: Response): string | undefined =>
  /^<(\/[^>]*)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];

/** All pages from `path` on, by their links. */
async function pages({ ask }: TestHandler, path: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const response: Response = await ask(`GET ${next}`);
    expect(response.status).toBe(200);
    all.push(await response.json());
    next = nextOf(response);
  }
  return all;
}

describe("tags", () => {
  const tags = ["10", "9", "A", "b", "b_1", "ba"];

  async function withTags(names = tags): Promise<TestHandler> {
    const handler = testHandler();
    await pushArtifact(handler.repository("a/b"), image, { tags: names.map(parseTag), expect: "any" });
    return handler;
  }

  test("come in ASCII order, as JSON without a charset", async () => {
    const { ask } = await withTags(tags.toReversed());
    const response = await ask("GET /v2/a/b/tags/list");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("link")).toBeNull();
    expect(await response.json()).toEqual({ name: "a/b", tags });
    const head = await ask("HEAD /v2/a/b/tags/list");
    expect([head.status, head.body]).toEqual([200, null]);
    expect(head.headers.get("content-length")).toBe(response.headers.get("content-length"));
  });

  test("come in pages that link to the next", async () => {
    const handler = await withTags();
    expect(await pages(handler, "/v2/a/b/tags/list?n=4")).toEqual([
      { name: "a/b", tags: tags.slice(0, 4) },
      { name: "a/b", tags: tags.slice(4) },
    ]);
    expect(await pages(handler, "/v2/a/b/tags/list?n=3")).toHaveLength(2);
  });

  test("go on after a value that need not be there", async () => {
    const { ask } = await withTags();
    for (const [query, expected] of [
      ["last=A", tags.slice(3)],
      ["last=B", tags.slice(3)],
      ["n=1&last=b", ["b_1"]],
      ["last=zz", []],
      ["last=%00%ff+", tags],
    ] as const)
      expect(
        ((await (await ask(`GET /v2/a/b/tags/list?${query}`)).json()) as { tags: string[] }).tags,
      ).toEqual([...expected]);
  });

  test("n=0 is an empty list without a link", async () => {
    const response = await (await withTags()).ask("GET /v2/a/b/tags/list?n=0");
    expect(response.headers.get("link")).toBeNull();
    expect(await response.json()).toEqual({ name: "a/b", tags: [] });
  });

  test("more than we give at once are cut and linked, asked for or not", async () => {
    const many = Array.from({ length: 1500 }, (_, i) => `t${i}`);
    const handler = await withTags(many);
    for (const query of ["", "?n=1400", "?n=99999999999999999999"]) {
      const all = (await pages(handler, `/v2/a/b/tags/list${query}`)) as { tags: string[] }[];
      expect(all.map((page) => page.tags.length)).toEqual([1000, 500]);
      expect(all.flatMap((page) => page.tags)).toEqual(many.toSorted());
    }
  });

  test("of a repository without any are an empty list; of none there is no such repository", async () => {
    const handler = testHandler();
    await pushArtifact(handler.repository("a/b"), image);
    expect(await (await handler.ask("GET /v2/a/b/tags/list")).json()).toEqual({ name: "a/b", tags: [] });
    const response = await handler.ask("GET /v2/none/tags/list");
    expect([response.status, await errorCodes(response)]).toEqual([404, ["NAME_UNKNOWN"]]);
  });

  for (const n of ["-1", "x", "1.5", ""])
    test(`n=${n} is refused`, async () => {
      const response = await (await withTags()).ask(`GET /v2/a/b/tags/list?n=${n}`);
      expect([response.status, await errorCodes(response)]).toEqual([400, ["UNSUPPORTED"]]);
    });
});

describe("repositories", () => {
  test("come in pages", async () => {
    const handler = testHandler();
    expect(await pages(handler, "/v2/_catalog")).toEqual([{ repositories: [] }]);
    for (const name of ["b", "a/c", "a/b"]) await pushArtifact(handler.repository(name), image);
    expect(await pages(handler, "/v2/_catalog")).toEqual([{ repositories: ["a/b", "a/c", "b"] }]);
    expect(await pages(handler, "/v2/_catalog?n=1")).toEqual([
      { repositories: ["a/b"] },
      { repositories: ["a/c"] },
      { repositories: ["b"] },
    ]);
    expect(await pages(handler, "/v2/_catalog?n=0")).toEqual([{ repositories: [] }]);
  });
});

describe("referrers", () => {
  const subject = image.descriptor;
  const path = `/v2/a/b/referrers/${subject.digest}`;
  const [sbom, signature] = ["application/x-sbom", "application/x-signature"];
  type Index = { manifests: { digest: string }[] };

  test("of what nobody knows are an empty index", async () => {
    const response = await testHandler().ask(`GET /v2/none/referrers/${absentDigest()}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(mediaTypes.index);
    expect(await response.json()).toEqual({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] });
  });

  test("are listed with type and annotations, and filtered", async () => {
    const handler = testHandler();
    const annotations = { "org.example.by": "a test" };
    const first = imageOf([blobOf("sbom")], { artifactType: sbom, subject, annotations });
    const second = imageOf([blobOf("signature")], { subject }, blobOf("{ }", signature));
    const third = indexOf([], { subject });
    for (const each of [first, second, third]) await pushArtifact(handler.repository("a/b"), each);
    const all = await handler.ask(`GET ${path}`);
    expect(all.headers.get("oci-filters-applied")).toBeNull();
    const listed = ((await all.json()) as Index).manifests;
    expect(listed).toHaveLength(3);
    expect<object[]>(listed).toContainEqual({ ...first.descriptor, artifactType: sbom, annotations });
    expect(listed).toContainEqual(expect.objectContaining({ ...second.descriptor, artifactType: signature }));
    expect(listed.find(({ digest }) => digest === third.descriptor.digest)).not.toHaveProperty(
      "artifactType",
    );
    const filtered = await handler.ask(`GET ${path}?artifactType=${sbom}`);
    expect(filtered.headers.get("oci-filters-applied")).toBe("artifactType");
    expect(((await filtered.json()) as Index).manifests.map(({ digest }) => digest)).toEqual([
      first.descriptor.digest,
    ]);
  });

  test("come in pages, which keep the filter", async () => {
    const handler = testHandler();
    const all = Array.from({ length: 130 }, (_, i) =>
      indexOf([], { artifactType: sbom, subject, annotations: { i: `${i}` } }),
    );
    for (const each of [...all, indexOf([], { artifactType: signature, subject })])
      await pushArtifact(handler.repository("a/b"), each);
    const got = (await pages(handler, `${path}?artifactType=${encodeURIComponent(sbom)}`)) as Index[];
    expect(got.map(({ manifests }) => manifests.length)).toEqual([100, 30]);
    expect(got.flatMap(({ manifests }) => manifests.map(({ digest }) => digest))).toEqual(
      all.map(({ descriptor }) => descriptor.digest as string).toSorted(),
    );
  });

  test("no page is larger than a manifest may be", async () => {
    const handler = testHandler();
    for (const i of [1, 2, 3]) {
      const annotations = { long: `${i}`.repeat(1_900_000) };
      await pushArtifact(handler.repository("a/b"), indexOf([], { subject, annotations }));
    }
    const got = (await pages(handler, path)) as Index[];
    expect(got.map(({ manifests }) => manifests.length)).toEqual([2, 1]);
  });

  for (const query of ["/v2/a/referrers/latest", `${path}?last=nonsense`])
    test(`${query.slice(-14)} is refused`, async () => {
      const response = await testHandler().ask(`GET ${query}`);
      expect([response.status, await errorCodes(response)]).toEqual([400, ["DIGEST_INVALID"]]);
    });
});
