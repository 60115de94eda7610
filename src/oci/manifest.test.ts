import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { blobOf, imageOf, indexOf } from "../testing/artifacts.ts";
import { codeOf } from "../testing/errors.ts";
import { jsonBytes } from "./json.ts";
import { artifactTypeOf, blobsOf, manifestsOf, parseManifest } from "./manifest.ts";
import { mediaTypes } from "./mediaTypes.ts";

const config = blobOf("{}", "application/x-config").descriptor;
const layer = blobOf("layer", "application/x-layer").descriptor;
const image = { schemaVersion: 2, config, layers: [layer] };
const parsed = (document: unknown, mediaType: string = mediaTypes.manifest) =>
  parseManifest(jsonBytes(document), mediaType);

describe("manifest", () => {
  for (const mediaType of [mediaTypes.manifest, mediaTypes.dockerManifest])
    test(`an image of type ${mediaType}, with and without the type inside`, () => {
      for (const document of [image, { ...image, mediaType }]) {
        const manifest = parsed(document, mediaType);
        expect(manifest).toMatchObject({ kind: "image", mediaType, annotations: {} });
        expect(blobsOf(manifest)).toEqual([config, layer]);
        expect(manifestsOf(manifest)).toEqual([]);
      }
    });

  for (const mediaType of [mediaTypes.index, mediaTypes.dockerManifestList])
    test(`an index of type ${mediaType}`, () => {
      const child = imageOf([]).descriptor;
      const manifest = parsed({ schemaVersion: 2, manifests: [child] }, mediaType);
      expect(manifest).toMatchObject({ kind: "index", mediaType });
      expect(manifestsOf(manifest)).toEqual([child]);
      expect(blobsOf(manifest)).toEqual([]);
    });

  // "constructor": a table kept as an object would know these as types.
  for (const mediaType of ["application/vnd.cncf.something+json", "constructor", "__proto__", "toString"])
    test(`${mediaType} is opaque, whatever it holds`, () => {
      const manifest = parsed({ anything: 1 }, mediaType);
      expect(manifest).toMatchObject({ kind: "opaque", mediaType });
      expect([...blobsOf(manifest), ...manifestsOf(manifest)]).toEqual([]);
    });

  test("carries subject, artifact type and annotations, and they lead to no child", () => {
    const extra = { artifactType: "application/x-sbom", subject: layer, annotations: { a: "b" } };
    for (const document of [imageOf([], extra), indexOf([], extra)]) {
      const manifest = parseManifest(document.bytes, document.descriptor.mediaType);
      expect(manifest).toMatchObject(extra);
      expect(blobsOf(manifest)).not.toContainEqual(layer);
    }
  });

  test("the artifact type is its own, else an image's config's", () => {
    expect(artifactTypeOf(parsed({ ...image, artifactType: "application/x-sbom" }))).toBe(
      "application/x-sbom",
    );
    expect(artifactTypeOf(parsed(image))).toBe("application/x-config");
    expect(artifactTypeOf(parsed({ ...image, artifactType: "" }))).toBe("application/x-config");
    expect(artifactTypeOf(parsed({ schemaVersion: 2, manifests: [] }, mediaTypes.index))).toBeUndefined();
  });

  // oras-go writes `"manifests": null` after its last delete.
  for (const list of [[], null, undefined])
    test(`a list that is ${JSON.stringify(list)} is empty`, () => {
      expect(blobsOf(parsed({ ...image, layers: list }))).toEqual([config]);
      expect(manifestsOf(parsed({ schemaVersion: 2, manifests: list }, mediaTypes.index))).toEqual([]);
    });

  for (const [why, document, mediaType] of [
    ["expected a JSON object", [], mediaTypes.manifest],
    ["schemaVersion is not 2", { config, layers: [] }, mediaTypes.manifest],
    ["schemaVersion is not 2", { ...image, schemaVersion: 1 }, mediaTypes.manifest],
    ["schemaVersion is not 2", { schemaVersion: "2", manifests: [] }, mediaTypes.index],
    ["it says mediaType", { ...image, mediaType: mediaTypes.index }, mediaTypes.manifest],
    ["it says mediaType", { ...image, mediaType: 7 }, mediaTypes.manifest],
    ["config: expected an object", { schemaVersion: 2, layers: [] }, mediaTypes.manifest],
    ["layers is not a list", { ...image, layers: {} }, mediaTypes.manifest],
    ["layers[1]: size", { ...image, layers: [layer, { ...layer, size: -1 }] }, mediaTypes.manifest],
    ["manifests[0]: expected an object", { schemaVersion: 2, manifests: ["x"] }, mediaTypes.index],
    ["subject: mediaType", { ...image, subject: {} }, mediaTypes.manifest],
  ] as const)
    test(`${JSON.stringify(document).slice(0, 60)}: ${why}`, async () => {
      expect(await codeOf(() => parsed(document, mediaType))).toBe("invalid");
      expect(() => parsed(document, mediaType)).toThrow(why);
    });

  test("no document makes it throw anything but invalid", async () => {
    const types = fc.constantFrom(...Object.values(mediaTypes), "x", "__proto__");
    const some = fc.oneof(
      fc.json(),
      fc
        .record({ config: fc.jsonValue(), layers: fc.jsonValue(), subject: fc.jsonValue() })
        .map((members) => JSON.stringify({ ...image, ...members })),
    );
    await fc.assert(
      fc.asyncProperty(some, types, async (text, mediaType) => {
        const code = await codeOf(() => parseManifest(new TextEncoder().encode(text), mediaType));
        expect(["none", "invalid"]).toContain(code);
      }),
    );
  });
});
