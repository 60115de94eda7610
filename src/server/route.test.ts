import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RegistryError } from "../registry/errors.ts";
import { absentDigest } from "../testing/artifacts.ts";
import { parseRoute } from "./route.ts";

const digest = absentDigest();
const names = [
  "a",
  "a/b/c",
  "a/manifests/b",
  "tags/list",
  "blobs/uploads",
  "a/blobs",
  "referrers",
  "a/uploads",
  "v2",
];
const id = "5b2c6a3e-3c2c-4a51-9d0e-0d9c8c1f7a11";

/** Each operation: its method, its path below a name, and what else the route holds. */
const operations = [
  ["GET", "tags/list", "list-tags", {}],
  ["GET", `referrers/${digest}`, "list-referrers", { digest }],
  ["GET", "manifests/1.0.0", "pull-manifest", { reference: "1.0.0" }],
  ["GET", "manifests/list", "pull-manifest", { reference: "list" }],
  ["GET", `manifests/${digest}`, "pull-manifest", { reference: digest }],
  ["PUT", "manifests/uploads", "push-manifest", { reference: "uploads" }],
  ["DELETE", "manifests/1.0.0", "delete-manifest", { reference: "1.0.0" }],
  ["GET", `blobs/${digest}`, "pull-blob", { digest }],
  ["DELETE", `blobs/${digest}`, "delete-blob", { digest }],
  ["POST", "blobs/uploads/", "open-upload", {}],
  ["POST", "blobs/uploads", "open-upload", {}],
  ["GET", `blobs/uploads/${id}`, "show-upload", { id }],
  ["PATCH", `blobs/uploads/${id}`, "append-upload", { id }],
  ["PUT", `blobs/uploads/${id}`, "finish-upload", { id }],
  ["DELETE", `blobs/uploads/${id}`, "cancel-upload", { id }],
] as const;

describe("parseRoute", () => {
  for (const [method, path, op, parts] of operations)
    test(`${method} ${path} is ${op}, whatever the repository is called`, () => {
      for (const name of names)
        expect(parseRoute(method, `/v2/${name}/${path}`) as unknown).toEqual({ op, name, ...parts });
    });

  test("what has no repository", () => {
    expect(parseRoute("GET", "/")).toEqual({ op: "welcome" });
    for (const path of ["/v2", "/v2/"]) expect(parseRoute("HEAD", path)).toEqual({ op: "base" });
    expect(parseRoute("GET", "/v2/_catalog")).toEqual({ op: "list-repositories" });
  });

  test("HEAD is a GET", () => {
    expect(parseRoute("HEAD", `/v2/a/blobs/${digest}`).op).toBe("pull-blob");
    expect(parseRoute("HEAD", "/v2/a/manifests/1").op).toBe("pull-manifest");
  });

  test("another method is told which there are", () => {
    const allow = "GET, HEAD, PUT, DELETE";
    for (const method of ["POST", "TRACE", "CONNECT", "OPTIONS", "constructor"])
      expect(parseRoute(method, "/v2/a/manifests/1")).toEqual({ op: "unsupported", allow });
    expect(parseRoute("POST", "/v2/")).toEqual({ op: "unsupported", allow: "GET, HEAD" });
    expect(parseRoute("HEAD", "/v2/a/blobs/uploads/")).toEqual({ op: "unsupported", allow: "POST" });
  });

  for (const path of [
    "/v1/",
    "/v2/a",
    "/v2/a/tags",
    "/v2/a/tags/other",
    "/v2/a/uploads/x",
    "/v3/a/tags/list",
    "",
  ])
    test(`"${path}" is unknown`, () => {
      expect(parseRoute("GET", path)).toEqual({ op: "unknown" });
    });

  for (const [path, fault] of [
    ["/v2/A/tags/list", "nameInvalid"],
    ["/v2//tags/list", "nameInvalid"],
    ["/v2/tags/list", "nameInvalid"],
    ["/v2/../tags/list", "nameInvalid"],
    ["/v2/a//b/tags/list", "nameInvalid"],
    ["/v2/a\0/tags/list", "nameInvalid"],
    [`/v2/${"a".repeat(256)}/tags/list`, "nameInvalid"],
    ["/v2/a/manifests/", "manifestUnknown"],
    ["/v2/a/manifests/-x", "manifestUnknown"],
    ["/v2/a/manifests/1.0.0+1", "manifestUnknown"],
    ["/v2/a/manifests/sha256:baddigeststring", "digestInvalid"],
    ["/v2/a/manifests/md5:0123", "digestInvalid"],
    ["/v2/a/blobs/latest", "digestInvalid"],
    ["/v2/a/referrers/latest", "digestInvalid"],
  ] as const)
    test(`${JSON.stringify(path.slice(0, 60))} is refused: ${fault}`, () => {
      expect(() => parseRoute("GET", path)).toThrow(expect.objectContaining({ fault }));
    });

  test("a tag that breaks its grammar is refused to whoever would set it or take it away", () => {
    for (const method of ["PUT", "DELETE"])
      expect(() => parseRoute(method, "/v2/a/manifests/-x")).toThrow(
        expect.objectContaining({ fault: "tagInvalid" }),
      );
  });

  test("below a root everything answers there, and nowhere else; the welcome is at both", () => {
    const at = (path: string) => parseRoute("GET", path, "/team").op;
    expect(["/team/v2/", "/team/v2", "/team/v2/a/tags/list", "/team/", "/"].map(at)).toEqual([
      "base",
      "base",
      "list-tags",
      "welcome",
      "welcome",
    ]);
    for (const path of ["/v2/", "/team", "/teams/v2/", "/other/v2/", "/team/team/v2/"])
      expect(at(path)).toBe("unknown");
  });

  test("any path is a route or refused", () => {
    const part = fc.oneof(
      fc.constantFrom("v2", "a", "tags", "list", "blobs", "uploads", "manifests", digest),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.constantFrom("GET", "PUT", "POST", "DELETE"), fc.array(part), (method, parts) => {
        try {
          expect(parseRoute(method, `/${parts.join("/")}`).op).toBeString();
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
        }
      }),
    );
  });
});
