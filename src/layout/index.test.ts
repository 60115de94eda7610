import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ChartroomError } from "../oci/errors.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import { blobOf, imageOf } from "../testing/artifacts.ts";
import { LayoutIndex, refName } from "./index.ts";

const bytesOf = (value: unknown) =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const parse = (value: unknown) => LayoutIndex.parse(bytesOf(value), "/store/index.json");
const written = (index: LayoutIndex) => JSON.parse(new TextDecoder().decode(index.bytes()));
const [one, two] = [imageOf([blobOf("one")]).descriptor, imageOf([blobOf("two")]).descriptor];
const entry = (name: string | undefined, descriptor = one, more = {}) => ({
  ...descriptor,
  ...more,
  ...(name !== undefined && { annotations: { [refName]: name } }),
});

describe("what is read", () => {
  test.each([
    ["null for no manifests, as Go writes it", { schemaVersion: 2, manifests: null }],
    ["no manifests at all", { schemaVersion: 2 }],
    ["no media type, as Helm 3.0 wrote it", { schemaVersion: 2, manifests: [] }],
  ])("accepts %s", (_, document) => {
    expect(parse(document).entries).toEqual([]);
  });

  test.each(["", "{", "[]", "null", '{"schemaVersion":1}', '{"schemaVersion":2,"manifests":{}}', "\xff"])(
    "refuses %p as corrupt, and says that nothing was changed",
    (text) => {
      let error: ChartroomError | undefined;
      try {
        parse(text);
      } catch (thrown) {
        error = thrown as ChartroomError;
      }
      expect(error?.code).toBe("not_verified");
      expect(error?.message).toContain("/store/index.json");
      expect(error?.hint).toContain("left as it is");
    },
  );

  test("of several entries with one name the last counts", () => {
    const index = parse({ schemaVersion: 2, manifests: [entry("a/b:1", one), entry("a/b:1", two)] });
    expect(index.get("a/b:1")?.descriptor?.digest).toBe(two.digest);
    expect(index.named()).toHaveLength(1);
    expect(index.with("a/b:1", two).entries).toHaveLength(1);
  });
});

describe("what is written", () => {
  test("is sorted by name and digest, compact, with the index's media type", () => {
    const index = LayoutIndex.empty
      .with("b/c:1", one)
      .with("a/z:1", two)
      .with("a/b:10", one)
      .with("a/b:2", one);
    expect(written(index).mediaType).toBe(mediaTypes.index);
    expect(index.named().map(({ name }) => name)).toEqual(["a/b:10", "a/b:2", "a/z:1", "b/c:1"]);
    const names = written(index).manifests.map(
      (each: { annotations: object }) => Object.values(each.annotations)[0],
    );
    expect(names).toEqual(["a/b:10", "a/b:2", "a/z:1", "b/c:1"]);
    expect(new TextDecoder().decode(index.bytes())).not.toMatch(/\s/);
  });

  test("does not depend on the order of what was done", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}\/[a-z]{1,3}:[0-9]{1,2}$/), { maxLength: 8 });
    fc.assert(
      fc.property(names, (some) => {
        const build = (order: string[]) =>
          order.reduce((index, name) => index.with(name, one), LayoutIndex.empty);
        expect(build(some).bytes()).toEqual(build(some.toReversed()).bytes());
      }),
    );
  });

  test("keeps what we do not know: members, entries and fields of other tools", () => {
    const foreign = {
      schemaVersion: 2,
      annotations: { "org.example": "kept" },
      "x-future": [1, { deep: true }],
      manifests: [
        entry("other:1", one, { platform: { os: "plan9", architecture: "riscv" }, "x-field": 1 }),
        { mediaType: "application/x", digest: `blake3:${"0".repeat(64)}`, size: 3 },
        { not: "a descriptor" },
        "junk",
      ],
    };
    const after = written(parse(foreign).with("a/b:1", two));
    expect(after.annotations).toEqual(foreign.annotations);
    expect(after["x-future"]).toEqual(foreign["x-future"]);
    for (const each of foreign.manifests) expect(after.manifests).toContainEqual(each);
    expect(after.manifests).toHaveLength(5);
  });

  test("a name that points there already changes nothing, whatever else its entry says", () => {
    const index = parse({ schemaVersion: 2, manifests: [entry("a/b:1", one, { "x-field": 1 })] });
    expect(index.with("a/b:1", one)).toBe(index);
    expect(index.with("a/b:1", two)).not.toBe(index);
    for (const wrong of [{ size: 1 }, { mediaType: "text/plain" }]) {
      const mended = parse({ schemaVersion: 2, manifests: [entry("a/b:1", one, wrong)] }).with("a/b:1", one);
      expect(mended.get("a/b:1")?.descriptor).toMatchObject(one);
    }
    expect(index.without(({ name }) => name === "other")).toBe(index);
  });
});
