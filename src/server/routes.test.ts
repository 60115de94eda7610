import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { parseRoute } from "./route.ts";
import { Routes } from "./routes.ts";
import { rawTarget } from "./target.ts";

const paths = [
  "/v2/",
  "/v2/charts/app/manifests/1.0.0",
  "/v2/charts/app/tags/list",
  "/charts/index.yaml",
  "/nowhere",
];

test("a path is what it is, however often and by whichever method it is asked for", () => {
  const routes = new Routes("");
  for (let times = 0; times < 2; times++)
    for (const method of ["GET", "HEAD", "PUT", "DELETE", "POST"])
      for (const path of paths) expect(routes.find(method, path)).toEqual(parseRoute(method, path));
});

test("what does not parse is refused each time", () => {
  const routes = new Routes("");
  for (let times = 0; times < 2; times++)
    expect(() => routes.find("GET", "/v2/charts/app/blobs/sha256:0")).toThrow("digest");
});

test("more than are remembered are found all the same", () => {
  const routes = new Routes("");
  const [long, first] = [`/v2/${"a".repeat(600)}/tags`, routes.find("GET", "/v2/charts/app/tags/list")];
  expect(routes.find("HEAD", "/v2/charts/app/tags/list")).toBe(first);
  for (let number = 0; number < 2500; number++) {
    const path = `/v2/charts/app/manifests/${number}`;
    expect(routes.find("GET", path)).toEqual(parseRoute("GET", path));
  }
  expect(routes.find("GET", "/v2/charts/app/tags/list")).not.toBe(first);
  expect(routes.find("GET", long)).toEqual({ op: "unknown" });
  expect(routes.find("GET", long)).not.toBe(routes.find("GET", long));
});

test("what is remembered of a URL is its path", () => {
  const held = () => {
    Bun.gc(true);
    return heapStats().extraMemorySize;
  };
  const routes = new Routes("");
  const before = held();
  for (let number = 0; number < 1000; number++) {
    const url = Buffer.from(`/v2/charts/app/manifests/${number}?${"q".repeat(15_000)}`).toString();
    routes.find("GET", rawTarget(url).path);
  }
  expect(held() - before).toBeLessThan(5_000_000);
  expect(routes.find("GET", "/v2/")).toEqual({ op: "base" });
});
