import { expect, test } from "bun:test";
import { type Tag, tryTag } from "../oci/reference.ts";
import { imageOf, pushArtifact } from "../testing/artifacts.ts";
import { testHandler } from "../testing/handler.ts";
import { Front } from "./front.ts";

test("a browser that asks beforehand needs no login, where another site is let in at all", async () => {
  const authenticator = { realm: "r", authenticate: async () => false };
  const open = new Front({
    base: undefined,
    absolute: false,
    trusted: [],
    headers: [
      ["Access-Control-Allow-Origin", "https://ui.example"],
      ["Access-Control-Allow-Methods", "GET, DELETE"],
    ],
  });
  const headers = { "access-control-request-method": "DELETE", origin: "https://ui.example" };
  const asked = await testHandler(authenticator, { front: open }).ask("OPTIONS /v2/a/tags/list", { headers });
  expect([asked.status, asked.headers.get("access-control-allow-methods")]).toEqual([204, "GET, DELETE"]);
  expect((await testHandler(authenticator).ask("OPTIONS /v2/a/tags/list", { headers })).status).toBe(401);
  expect(
    (await testHandler(authenticator, { front: open }).ask("DELETE /v2/a/manifests/1", { headers })).status,
  ).toBe(401);
});

test("pages are cut down to the configuration's size, and linked", async () => {
  const handler = testHandler(undefined, { pages: { repositories: 2, tags: 1 } });
  const tags = ["1", "2"].map((text) => tryTag(text) as Tag);
  for (const name of ["a", "b", "c"])
    await pushArtifact(handler.repository(name), imageOf([]), { tags, expect: "any" });
  for (const [path, expected, link] of [
    ["/v2/_catalog", { repositories: ["a", "b"] }, '</v2/_catalog?n=2&last=b>; rel="next"'],
    ["/v2/_catalog?n=100", { repositories: ["a", "b"] }, '</v2/_catalog?n=2&last=b>; rel="next"'],
    ["/v2/_catalog?n=1", { repositories: ["a"] }, '</v2/_catalog?n=1&last=a>; rel="next"'],
    ["/v2/_catalog?n=2&last=b", { repositories: ["c"] }, null],
    ["/v2/a/tags/list", { name: "a", tags: ["1"] }, '</v2/a/tags/list?n=1&last=1>; rel="next"'],
  ] as const) {
    const response = await handler.ask(`GET ${path}`);
    expect<unknown>([path, await response.json(), response.headers.get("link")]).toEqual([
      path,
      expected,
      link,
    ]);
  }
  expect((await handler.ask("GET /v2/_catalog?n=x")).status).toBe(400);
});
