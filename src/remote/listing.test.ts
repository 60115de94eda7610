import { expect, test } from "bun:test";
import { nextOf } from "./listing.ts";

const base = new URL("https://registry.example/v2/a/tags/list?n=2");

test.each([
  ['</v2/a/tags/list?n=2&last=b>; rel="next"', "https://registry.example/v2/a/tags/list?n=2&last=b"],
  ["<?last=b>;rel=next", "https://registry.example/v2/a/tags/list?last=b"],
  ['<x>; rel="prev", <y>; title="a"; REL="NEXT"', "https://registry.example/v2/a/tags/y"],
  ['<x>; rel="prev"', undefined],
  ["<x>; rel=nextish", undefined],
  ["/v2/a/tags/list; rel=next", undefined],
  ['<http://[>; rel="next"', undefined],
  ["", undefined],
  [null, undefined],
])("Link: %s", (link, url) => {
  expect(nextOf(link, base)?.href).toBe(url);
});
