import { afterEach, expect, test } from "bun:test";
import { Transport } from "../http/transport.ts";
import { codeOf } from "../testing/errors.ts";
import { refuse, type Spoil, type TestRegistry, testRegistry } from "../testing/registry.ts";
import { repositoriesOf } from "./catalog.ts";

let registry: TestRegistry;
afterEach(() => registry.stop());

function listed(spoil: Spoil, prefix = ""): Promise<string[]> {
  registry = testRegistry(spoil);
  return repositoriesOf(registry.host, prefix, {
    transport: new Transport({ userAgent: "test", sleep: async () => undefined }),
  });
}
const names = ["b/two", "a", "b/one", "bb", "No-Name", 7, "a"];

test("all pages, sorted, each name once, and nothing that is no name", async () => {
  const found = await listed((_request, { searchParams }) => {
    const at = Number(searchParams.get("at") ?? 0);
    const next = { link: `</v2/_catalog?at=${at + 2}>; rel="next"` };
    return Response.json(
      { repositories: names.slice(at, at + 2) },
      { headers: at + 2 < names.length ? next : {} },
    );
  });
  expect(found).toEqual(["a", "b/one", "b/two", "bb"]);
});

test("below a prefix alone", async () => {
  expect(await listed(() => Response.json({ repositories: names }), "b/")).toEqual(["b/one", "b/two"]);
});

test("an empty list, which Go writes as null", async () => {
  expect(await listed(() => Response.json({ repositories: null }))).toEqual([]);
});

test("no catalog is an error, and so is one that is not shown or is none", async () => {
  const codes: Record<string, Response> = {
    not_found: refuse(404, "NOT_FOUND"),
    not_allowed: refuse(403, "DENIED"),
    remote: Response.json({ repositories: "a" }),
  };
  for (const [code, response] of Object.entries(codes)) {
    expect(await codeOf(listed(() => response))).toBe(code as "remote");
    await registry.stop();
  }
});
