import { describe, expect, test } from "bun:test";
import { accessOf } from "../registry/access.ts";
import { anyUser, as, rulesOf, who } from "../testing/access.ts";
import { absentDigest, blobOf, imageOf, pushArtifact, pushContent } from "../testing/artifacts.ts";
import { type Carried, errorCodes, type TestHandler, testHandler } from "../testing/handler.ts";

const access = accessOf(
  rulesOf(
    {
      "open/**": { pull: "everyone", push: "users", delete: who("ann") },
      "team/**": { pull: who("bob"), push: who("ann") },
      "secret/**": { pull: who("eve") },
    },
    ["root"],
  ),
);

const nobody: Carried = {};
const callers = { nobody, ann: as("ann"), bob: as("bob"), eve: as("eve"), root: as("root") };

const image = imageOf([blobOf("layer")]);
const { digest } = image.descriptor;
const layer = image.blobs[1]!;
const blob = layer.descriptor.digest;

/** A registry with rules, in which these repositories hold one image each. */
async function holding(...names: string[]): Promise<TestHandler> {
  const handler = testHandler(anyUser, { access });
  for (const name of names)
    await pushArtifact(handler.repository(name), image, { tags: ["v1" as never], expect: "any" });
  return handler;
}

/** All that an answer tells. */
const told = async (response: Response) => ({
  status: response.status,
  headers: Object.fromEntries(response.headers),
  body: await response.text(),
});

const pulls = [
  "GET tags/list",
  "HEAD manifests/v1",
  `GET manifests/${digest}`,
  `GET blobs/${blob}`,
  `GET referrers/${digest}`,
];
const pushes = ["POST blobs/uploads/", `POST blobs/uploads/?mount=${blob}&from=open/a`];
const deletes = ["DELETE manifests/v1", `DELETE blobs/${absentDigest()}`];
const lineOf = (line: string, name: string) => line.replace(" ", ` /v2/${name}/`);

/** For each repository what each caller is answered to pulls, pushes and deletes: let in or the status of the refusal. */
const table: [name: string, caller: keyof typeof callers, pull: string, push: string, remove: string][] = [
  ["open/a", "nobody", "in", "401", "401"],
  ["open/a", "ann", "in", "in", "in"],
  ["open/a", "bob", "in", "in", "403"],
  ["team/a", "nobody", "401", "401", "401"],
  ["team/a", "ann", "in", "in", "403"],
  ["team/a", "bob", "in", "403", "403"],
  ["team/a", "eve", "403", "403", "403"],
  ["team/a", "root", "in", "in", "in"],
  ["secret/a", "nobody", "401", "401", "401"],
  ["secret/a", "ann", "403", "403", "403"],
  ["secret/a", "eve", "in", "403", "403"],
  ["elsewhere", "ann", "403", "403", "403"],
  ["elsewhere", "root", "in", "in", "in"],
];

describe.each(table)("%s for %s", (name, caller, pull, push, remove) => {
  for (const [lines, expected] of [
    [pulls, pull],
    [pushes, push],
    [deletes, remove],
  ] as const)
    for (const line of lines)
      test(`${line.replaceAll(/sha256:\w+/g, "…")} is ${expected}`, async () => {
        const { ask } = await holding(name, "open/a");
        const { status } = await ask(lineOf(line, name), callers[caller]);
        expect(status === 401 || status === 403 ? `${status}` : "in").toBe(expected);
      });
});

describe("a refusal", () => {
  test("says what may not be done to what, and nothing of what there is", async () => {
    for (const line of [...pulls, ...pushes, ...deletes])
      for (const carried of [nobody, as("ann")]) {
        const there = await (await holding("secret/a")).ask(lineOf(line, "secret/a"), carried);
        const absent = await (await holding()).ask(lineOf(line, "secret/a"), carried);
        expect(await told(there)).toEqual(await told(absent));
      }
    const { ask } = await holding();
    expect(await (await ask("DELETE /v2/secret/a/manifests/v1", as("ann"))).json()).toEqual({
      errors: [
        {
          code: "DENIED",
          message: "the registry's rules do not allow this",
          detail: { name: "secret/a", action: "delete" },
        },
      ],
    });
  });

  test("is 401 with a challenge where a login could help, and 403 where nobody can log in", async () => {
    const { ask } = await holding();
    const response = await ask("PUT /v2/open/a/manifests/v1");
    expect([response.status, response.headers.get("www-authenticate"), await errorCodes(response)]).toEqual([
      401,
      'Basic realm="house", charset="UTF-8"',
      ["UNAUTHORIZED"],
    ]);
    const open = testHandler(undefined, { access: accessOf(rulesOf({ "open/**": { pull: "everyone" } })) });
    const denied = await open.ask("PUT /v2/open/a/manifests/v1");
    expect([denied.status, denied.headers.get("www-authenticate"), await errorCodes(denied)]).toEqual([
      403,
      null,
      ["DENIED"],
    ]);
    expect((await open.ask("GET /v2/")).status).toBe(200);
  });

  test("comes before anything is done: no session, no manifest, nothing deleted", async () => {
    const handler = await holding("secret/a", "team/a");
    await handler.ask("POST /v2/secret/a/blobs/uploads/", as("eve"));
    await handler.ask("PUT /v2/secret/a/manifests/v2", { ...as("eve"), body: image.bytes });
    await handler.ask(`DELETE /v2/team/a/manifests/${digest}`, as("ann"));
    expect(await handler.repository("secret/a").resolve("v2" as never)).toBeUndefined();
    expect(await handler.repository("team/a").resolve(digest)).toBeDefined();
    const opened = await handler.ask("POST /v2/team/a/blobs/uploads/", as("ann"));
    const location = opened.headers.get("location");
    for (const line of [`GET ${location}`, `PATCH ${location}`, `DELETE ${location}`])
      expect((await handler.ask(line, as("bob"))).status).toBe(403);
  });
});

describe("credentials", () => {
  const anything = [
    "GET /v2/",
    "GET /v2/_catalog",
    "GET /v2/open/a/tags/list",
    "GET /nothing",
    "PUT /v2/team/a/manifests/v1",
  ];

  test("that are wrong are 401 everywhere, also where nobody need log in", async () => {
    const { ask } = await holding("open/a");
    for (const line of anything)
      for (const carried of [
        as("ann", "wrong"),
        as("", "wrong"),
        as("ann", ""),
        { headers: { authorization: "Bearer x" } },
      ])
        expect([line, (await ask(line, carried)).status]).toEqual([line, 401]);
  });

  test("are asked for at /v2/, whatever else is public", async () => {
    for (const rules of [access, accessOf(rulesOf({ "**": { pull: "everyone" } }))]) {
      const { ask } = testHandler(anyUser, { access: rules });
      expect((await ask("GET /v2/")).status).toBe(401);
      expect((await ask("GET /v2/", as("", ""))).status).toBe(401);
      expect((await ask("GET /v2/", as("ann"))).status).toBe(200);
    }
  });

  test("of an empty name and password are nobody's, as skopeo and podman send them", async () => {
    const { ask } = await holding("open/a", "team/a");
    expect((await ask("GET /v2/open/a/manifests/v1", as("", ""))).status).toBe(200);
    expect((await ask("GET /v2/team/a/manifests/v1", as("", ""))).status).toBe(401);
  });
});

describe("the catalogue", () => {
  const names = ["open/a", "open/b", "secret/a", "secret/b", "team/a"];
  const listed = async ({ ask }: TestHandler, carried: Carried, query = "") => {
    const pages: string[][] = [];
    for (let path = `/v2/_catalog${query}`; path !== ""; ) {
      const response = await ask(`GET ${path}`, carried);
      if (response.status !== 200) return response.status;
      pages.push(((await response.json()) as { repositories: string[] }).repositories);
      const link = response.headers.get("link") ?? "";
      const last = /[?&]last=([^&>]+)/.exec(link)?.[1];
      if (last !== undefined) expect(pages.flat()).toContain(decodeURIComponent(last));
      path = /^<([^>]+)>/.exec(link)?.[1] ?? "";
    }
    return pages.flat();
  };

  test.each([
    ["ann", ["open/a", "open/b", "team/a"]],
    ["bob", ["open/a", "open/b", "team/a"]],
    ["eve", ["open/a", "open/b", "secret/a", "secret/b"]],
    ["root", names],
    ["new", ["open/a", "open/b"]],
  ])("shows %s what it may pull, in pages of any size", async (user, expected) => {
    const handler = await holding(...names);
    for (const query of ["", "?n=1", "?n=2", "?n=5"])
      expect(await listed(handler, as(user), query)).toEqual(expected);
  });

  test("asks nobody for a login only where one would show more; who insists is nobody gets nobody's", async () => {
    const handler = await holding(...names);
    expect(await listed(handler, nobody)).toBe(401);
    expect(await listed(handler, as("", ""))).toEqual(["open/a", "open/b"]);
    expect(await listed(testHandler(anyUser), as("", ""))).toBe(401);
    const all = testHandler(anyUser, { access: accessOf(rulesOf({ "**": { pull: "everyone" } })) });
    await pushArtifact(all.repository("open/a"), image);
    expect(await listed(all, nobody)).toEqual(["open/a"]);
  });

  test("goes on behind thousands that are not shown, and names none of them", async () => {
    const handler = testHandler(anyUser, { access });
    const plain = imageOf([]);
    await pushContent(handler.repository("secret/x"), plain.blobs[0]!);
    for (let i = 0; i < 7000; i++) {
      const hidden = handler.repository(`secret/${i}`);
      await hidden.mount(plain.blobs[0]!.descriptor, "secret/x" as never);
      await hidden.pushManifest(plain.descriptor, plain.bytes, { tags: [], expect: "any" });
    }
    await pushArtifact(handler.repository("open/a"), plain);
    await pushArtifact(handler.repository("team/z"), plain);
    expect(await listed(handler, as("ann"), "?n=10")).toEqual(["open/a", "team/z"]);
    const first = await handler.ask("GET /v2/_catalog?n=10", as("ann"));
    expect([await first.json(), first.headers.get("link")]).toEqual([
      { repositories: ["open/a"] },
      expect.stringMatching(/^<\/v2\/_catalog\?n=10&behind=[\w-]+>; rel="next"$/),
    ]);
    const forged = await handler.ask("GET /v2/_catalog?n=10&behind=c2VjcmV0", as("ann"));
    expect([forged.status, await errorCodes(forged)]).toEqual([400, ["UNSUPPORTED"]]);
  });
});

describe("a mount", () => {
  const uploads = "/v2/team/new/blobs/uploads/";
  const mounted = async (names: readonly string[], query: string, user = "ann") => {
    const { ask } = await holding(...names);
    const response = await ask(`POST ${uploads}${query}`, as(user));
    const { status, headers, body } = await told(response);
    const random = /[0-9a-f-]{36}/g;
    return { status, body, headers: JSON.parse(JSON.stringify(headers).replaceAll(random, "ID")) };
  };

  test("from what the caller may pull is done", async () => {
    expect((await mounted(["open/a"], `?mount=${blob}&from=open/a`)).status).toBe(201);
    expect((await mounted(["secret/a"], `?mount=${blob}&from=secret/a`, "root")).status).toBe(201);
  });

  test("from what the caller may not pull is answered as from what is not there", async () => {
    const hidden = await mounted(["secret/a"], `?mount=${blob}&from=secret/a`);
    expect(hidden.status).toBe(202);
    expect(hidden).toEqual(await mounted([], `?mount=${blob}&from=secret/a`));
  });

  test("without a source finds one that the caller may pull, and no other", async () => {
    expect((await mounted(["secret/a", "secret/b", "open/a"], `?mount=${blob}`)).status).toBe(201);
    const hidden = await mounted(["secret/a", "secret/b"], `?mount=${blob}`);
    expect(hidden.status).toBe(202);
    expect(hidden).toEqual(await mounted([], `?mount=${blob}`));
  });

  test("that was refused leaves nothing to read", async () => {
    const { ask } = await holding("secret/a");
    await ask(`POST ${uploads}?mount=${blob}&from=secret/a`, as("ann"));
    expect((await ask(`GET /v2/team/new/blobs/${blob}`, as("ann"))).status).toBe(404);
  });
});

describe("what a caller may not pull", () => {
  const put = { ...as("ann"), body: image.bytes };

  test("does not come by its digest into another repository: not by a manifest that names it, sparse or not", async () => {
    const strict = await holding("secret/a");
    const refused = await strict.ask("PUT /v2/team/new/manifests/v1", put);
    expect([refused.status, (await errorCodes(refused))[0]]).toEqual([404, "MANIFEST_BLOB_UNKNOWN"]);

    const sparse = testHandler(anyUser, { access, rules: { acceptMissing: true } });
    await pushArtifact(sparse.repository("secret/a"), image);
    expect((await sparse.ask("PUT /v2/team/new/manifests/v1", put)).status).toBe(201);
    expect((await sparse.ask(`GET /v2/team/new/blobs/${blob}`, as("ann"))).status).toBe(404);
  });

  test("is not made into a blob by an upload that brings no bytes, or others", async () => {
    const { ask } = await holding("secret/a");
    for (const body of [undefined, new Uint8Array(), new TextEncoder().encode("other")]) {
      const carried = { ...as("ann"), ...(body !== undefined && { body }) };
      expect((await ask(`POST /v2/team/new/blobs/uploads/?digest=${blob}`, carried)).status).toBe(400);
    }
    expect((await ask(`HEAD /v2/team/new/blobs/${blob}`, as("ann"))).status).toBe(404);
  });

  test("is not among the referrers of what it may pull", async () => {
    const handler = await holding("open/a");
    const hidden = imageOf([], { subject: image.descriptor, artifactType: "application/x.secret" });
    await pushArtifact(handler.repository("secret/a"), hidden);
    const response = await handler.ask(`GET /v2/open/a/referrers/${digest}`);
    expect(((await response.json()) as { manifests: unknown[] }).manifests).toEqual([]);
  });
});
