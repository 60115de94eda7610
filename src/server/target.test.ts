import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodePath, rawTarget } from "./target.ts";

describe("target", () => {
  for (const [url, path, query] of [
    ["http://host:5000/v2/", "/v2/", ""],
    ["http://host/v2/a/tags/list?n=2&last=b", "/v2/a/tags/list", "n=2&last=b"],
    ["http://host", "/", ""],
    ["http://host?n=1", "/", ""],
    ["http://host/a#b?c", "/a", ""],
    ["http://host/a?b#c", "/a", "b"],
    ["/v2/a?x=http://host/b", "/v2/a", "x=http://host/b"],
    ["/v2/", "/v2/", ""],
  ] as const)
    test(`of ${url}`, () => {
      expect(rawTarget(url)).toEqual({ path, query });
    });

  test("is decoded once", () => {
    expect(decodePath("/v2/a%2Fb/blobs/sha256%3Aab")).toBe("/v2/a/b/blobs/sha256:ab");
    expect(decodePath("/v2/%252e%252e/x")).toBe("/v2/%2e%2e/x");
    for (const bad of ["%", "%zz", "%ff", "%c3%28"])
      expect(() => decodePath(`/v2/${bad}`)).toThrow(expect.objectContaining({ fault: "nameInvalid" }));
  });

  test("any encoded path and query come back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (path, value) => {
        const url = `http://h/${encodeURIComponent(path)}?v=${encodeURIComponent(value)}`;
        const target = rawTarget(url);
        expect(decodePath(target.path)).toBe(`/${path}`);
        expect(new URLSearchParams(target.query).get("v")).toBe(value);
      }),
    );
  });
});
