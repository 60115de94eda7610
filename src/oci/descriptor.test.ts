import { expect, describe as group, test } from "bun:test";
import fc from "fast-check";
import { codeOf } from "../testing/errors.ts";
import { describe, parseDescriptor } from "./descriptor.ts";
import { digestOf } from "./digest.ts";

const bytes = new TextEncoder().encode("content");
const plain = { mediaType: "application/x-test", digest: digestOf(bytes), size: bytes.byteLength };

group("descriptor", () => {
  test("describes bytes by type, digest and size", () => {
    expect(describe(bytes, "application/x-test")).toEqual(plain);
  });

  test("keeps what we know and leaves out what we do not", () => {
    const known = {
      artifactType: "application/x-sbom",
      annotations: { a: "b" },
      urls: ["https://example.org/x"],
    };
    expect(
      parseDescriptor({ ...plain, ...known, platform: { os: "linux" }, data: "eA==" }, "config"),
    ).toEqual({
      ...plain,
      ...known,
    });
  });

  // Go's encoders write absent lists and maps as null, and absent strings as "".
  for (const empty of [{ annotations: null }, { urls: null }, { artifactType: "" }, { artifactType: null }])
    test(`${JSON.stringify(empty)} is as if it were not there`, () => {
      expect(parseDescriptor({ ...plain, ...empty }, "config")).toEqual(plain);
    });

  const { mediaType, digest, size } = plain;
  for (const [why, value] of [
    ["expected an object", null],
    ["expected an object", [plain]],
    ["expected an object", "sha256:…"],
    ["mediaType is missing", { digest, size }],
    ["mediaType is missing", { ...plain, mediaType: "" }],
    ["no digest is no digest", { mediaType, size }],
    ['"sha256:xyz" is no digest', { ...plain, digest: "sha256:xyz" }],
    ["7 is no digest", { ...plain, digest: 7 }],
    ["size is not a number of bytes", { mediaType, digest }],
    ["size is not a number of bytes", { ...plain, size: -1 }],
    ["size is not a number of bytes", { ...plain, size: 1.5 }],
    ["size is not a number of bytes", { ...plain, size: "7" }],
    ["size is not a number of bytes", { ...plain, size: 2 ** 53 }],
    ["annotations are not strings", { ...plain, annotations: { a: 1 } }],
    ["annotations are not strings", { ...plain, annotations: ["a"] }],
  ] as const)
    test(`${JSON.stringify(value)}: ${why}`, async () => {
      expect(await codeOf(() => parseDescriptor(value, "layers[0]"))).toBe("invalid");
      expect(() => parseDescriptor(value, "layers[0]")).toThrow(`Cannot parse descriptor layers[0]: ${why}`);
    });

  test("no value makes it throw anything but invalid", async () => {
    const some = fc.oneof(
      fc.anything(),
      fc.record({ mediaType: fc.anything(), digest: fc.anything(), size: fc.anything() }),
      fc.record({ annotations: fc.anything(), urls: fc.anything() }).map((extra) => ({ ...plain, ...extra })),
    );
    await fc.assert(
      fc.asyncProperty(some, async (value) => {
        expect(["none", "invalid"]).toContain(await codeOf(() => parseDescriptor(value, "x")));
      }),
    );
  });
});
