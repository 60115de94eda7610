import { expect, test } from "bun:test";
import { parseRegistryHost } from "../oci/reference.ts";
import { AnsweringServers } from "../testing/answering.ts";
import { remoteOf } from "../testing/remote.ts";
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

test.each([
  (elsewhere: URL) => `${elsewhere}v2/my/repo/tags/list?last=1`,
  ({ host }: URL) => `http://registry.example//${host}/v2/my/repo/tags/list?last=1`,
])(
  "a list goes on at its registry, wherever that says: nobody is led to what only we can reach (%#)",
  async (linkTo) => {
    const asked: string[] = [];
    const servers = new AnsweringServers();
    const elsewhere = servers.serve(({ url }) => {
      asked.push(url);
      return Response.json({ tags: ["secret"] });
    });
    const registry = servers.serve(({ url }) =>
      url.endsWith("?last=1")
        ? Response.json({ tags: ["2"] })
        : Response.json({ tags: ["1"] }, { headers: { link: `<${linkTo(elsewhere)}>; rel="next"` } }),
    );
    try {
      const { host } = registry;
      expect<string[]>(await Array.fromAsync(remoteOf({ host: parseRegistryHost(host) }).tags())).toEqual([
        "1",
        "2",
      ]);
      expect(asked).toEqual([]);
    } finally {
      await servers.closeAll();
    }
  },
);
