import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { tryRepositoryName } from "../oci/reference.ts";
import { blobOf, pushContent } from "../testing/artifacts.ts";
import { codeOf, failureOf } from "../testing/errors.ts";
import { refuse } from "../testing/registry.ts";
import { remoteOf } from "../testing/remote.ts";
import { type TokenRules, tokenRegistry } from "../testing/tokens.ts";
import { basic, type Login } from "./credentials/credential.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  setSystemTime();
  for (const close of closing.splice(0)) await close();
});
function registry(rules: TokenRules = {}) {
  const made = tokenRegistry(rules);
  closing.push(made.stop);
  return made;
}
/** Another server, that says what it was sent. */
function elsewhere(answer: (request: Request) => Response) {
  const requests: Request[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      requests.push(request);
      return answer(request);
    },
  });
  closing.push(() => server.stop(true));
  return { origin: `http://127.0.0.1:${server.port}`, requests };
}
const as = (login: Login) => async () => ({ ...login, source: "a test" });
const me = { username: "me", password: "secret" };
const blob = blobOf("content");
const pull = "repository:my/repo:pull";
const push = "repository:my/repo:pull,push";
const from = tryRepositoryName("other/repo")!;

describe("an identity token", () => {
  test("is POSTed to the token server, and never sent to the registry", async () => {
    const made = registry();
    await pushContent(remoteOf(made, { credentials: as({ username: "", identityToken: "refresh" }) }), blob);
    expect(made.asked[0]?.method).toBe("POST");
    expect(Object.fromEntries(made.asked[0]!.parameters)).toEqual({
      grant_type: "refresh_token",
      refresh_token: "refresh",
      service: "test",
      client_id: "chartroom",
      scope: push,
    });
    expect(made.asked.every(({ authorization }) => authorization === null)).toBe(true);
    expect(JSON.stringify(made.seen)).not.toContain("refresh");
  });

  test.each([404, 405, 400])("is sent by GET where the server answers a POST with %d", async (status) => {
    const made = registry({
      answer: ({ method }) => (method === "POST" ? new Response(null, { status }) : undefined),
    });
    const login = { username: "me", identityToken: "refresh" };
    await remoteOf(made, { credentials: as(login) }).has(blob.descriptor);
    expect(made.asked.map(({ method, authorization }) => [method, authorization])).toEqual([
      ["POST", null],
      ["GET", basic("me", "refresh")],
    ]);
  });

  test("that has ended is a login that was refused", async () => {
    const made = registry({ answer: () => Response.json({ error: "invalid_grant" }, { status: 400 }) });
    const login = { username: "", identityToken: "refresh" };
    const failure = await failureOf(
      remoteOf(made, { credentials: as(login), access: "push" }).has(blob.descriptor),
    );
    expect(failure).toMatchObject({ code: "not_allowed" });
    expect(String(failure)).toContain("refused the login of a token (from a test)");
  });
});

test("a registry token is sent as it is, and no token server asked", async () => {
  const made = registry();
  const remote = remoteOf(made, { credentials: as({ registryToken: push }) });
  await pushContent(remote, blob);
  expect(made.asked).toEqual([]);
  expect(
    await codeOf(remoteOf(made, { credentials: as({ registryToken: "no" }) }).has(blob.descriptor)),
  ).toBe("not_allowed");
});

test.each([{ access_token: push }, { token: push, access_token: push, refresh_token: "r" }])(
  "a token is taken from %j",
  async (body) => {
    const made = registry({ answer: () => Response.json(body) });
    await pushContent(remoteOf(made), blob);
  },
);

test.each([
  [{ expires_in: 1000 }, 790, 810],
  [{ expires_in: 10 }, 47, 49],
  [{}, 47, 49],
  [{ expires_in: "1000", issued_at: "1970-01-01T00:00:00Z" }, 47, 49],
])("a token of %j is renewed before it ends", async (life, early, late) => {
  const made = registry({ answer: ({ scopes }) => Response.json({ token: scopes[0], ...life }) });
  const remote = remoteOf(made, { credentials: as(me) });
  const start = Date.now();
  setSystemTime(start);
  await remote.has(blob.descriptor);
  setSystemTime(start + early * 1000);
  await remote.has(blob.descriptor);
  expect(made.asked).toHaveLength(1);
  const refused = () => made.seen.filter(({ authorization }) => authorization === null).length;
  setSystemTime(start + late * 1000);
  await Promise.all([remote.has(blob.descriptor), remote.has(blob.descriptor)]);
  expect([made.asked.length, refused()]).toEqual([2, 1]);
});

test("a token that is refused all the same is renewed once, and then taken at its word", async () => {
  let good = "one";
  const made = registry({
    answer: () => Response.json({ token: `${pull}-${good}` }),
    spoil: (request) =>
      request.headers.get("authorization") === `Bearer ${pull}-${good}`
        ? undefined
        : refuse(401, "UNAUTHORIZED", "", { "www-authenticate": `Bearer realm="${made.origin}/token"` }),
  });
  const remote = remoteOf(made);
  await remote.has(blob.descriptor);
  good = "two";
  expect(await remote.has(blob.descriptor)).toBe(false);
  expect(made.asked).toHaveLength(2);
});

describe("scopes", () => {
  test("of who will write are asked for from the first request on", async () => {
    const made = registry();
    const remote = remoteOf(made, { access: "push" });
    await remote.has(blob.descriptor);
    await pushContent(remote, blob);
    expect(made.asked.map(({ scopes }) => scopes)).toEqual([[push]]);
  });

  test("of a mount are asked for before it, each as a parameter", async () => {
    const made = registry({
      spoil: (_, url) => (url.search.includes("mount=") ? new Response(null, { status: 201 }) : undefined),
    });
    const remote = remoteOf(made, { access: "push" });
    await remote.has(blob.descriptor);
    expect(await remote.mount(blob.descriptor, from)).toBe(true);
    expect(await remote.mount(blob.descriptor, from)).toBe(true);
    expect(made.asked.map(({ scopes }) => scopes)).toEqual([[push], [push, "repository:other/repo:pull"]]);
    // Also where the mount is the first of all requests.
    const first = registry({ spoil: () => new Response(null, { status: 201 }) });
    await remoteOf(first).mount(blob.descriptor, from);
    expect(first.asked.map(({ scopes }) => scopes)).toEqual([[push, "repository:other/repo:pull"]]);
  });

  test("that the token server refuses are not asked for again, and the mount is left to the registry", async () => {
    const made = registry({
      answer: ({ scopes }) => (scopes.length > 1 ? refuse(403, "DENIED") : undefined),
    });
    const remote = remoteOf(made, { access: "push" });
    await remote.has(blob.descriptor);
    for (let i = 0; i < 3; i++) expect(await remote.mount(blob.descriptor, from)).toBe(false);
    expect(made.asked).toHaveLength(2);
    // Also where the mount is the first of all requests.
    const fresh = remoteOf(made);
    for (let i = 0; i < 3; i++) expect(await fresh.mount(blob.descriptor, from)).toBe(false);
    expect(made.asked).toHaveLength(4);
  });

  test("that a challenge does not name follow from the method", async () => {
    const made = registry({ spoil: () => undefined });
    const bare = elsewhere((request) => {
      const token = request.headers.get("authorization");
      if (token !== null) return new Response(null, { status: request.method === "DELETE" ? 202 : 404 });
      return new Response(null, {
        status: 401,
        headers: { "www-authenticate": `Bearer realm="${made.origin}/token"` },
      });
    });
    const host = new URL(bare.origin).host as typeof made.host;
    await remoteOf({ host }).has(blob.descriptor);
    await remoteOf({ host }).untag("1" as never);
    expect(made.asked.map(({ scopes }) => scopes)).toEqual([[pull], ["repository:my/repo:delete"]]);
  });
});

describe("a login that is refused", () => {
  const refused: TokenRules = {
    answer: ({ authorization }) => (authorization === null ? undefined : refuse(403, "DENIED", "denied")),
  };

  test("does not keep its user from what is public, and that is told once", async () => {
    const made = registry(refused);
    const told: string[] = [];
    const remote = remoteOf(made, { credentials: as(me), warn: (message) => told.push(message) });
    await Promise.all([remote.has(blob.descriptor), remote.has(blob.descriptor)]);
    await remote.resolve("1" as never);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain("me (from a test)");
    expect(told[0]).toEndWith("; going on without it");
  });

  test("is an error where nobody is let in either, and where something is to be written", async () => {
    const closed = registry({ answer: () => refuse(401, "UNAUTHORIZED") });
    expect(String(await failureOf(remoteOf(closed, { credentials: as(me) }).has(blob.descriptor)))).toContain(
      "refused the login of me",
    );
    const made = registry(refused);
    expect(await codeOf(pushContent(remoteOf(made, { credentials: as(me) }), blob))).toBe("not_allowed");
    expect(made.asked).toHaveLength(1);
  });
});

describe("logins stay where they belong", () => {
  const secrets = ["secret", basic("me", "secret")];
  const headersOf = (requests: Request[]) => JSON.stringify(requests.map(({ headers }) => [...headers]));

  test.each(["Bearer", "Basic"])("a redirect to storage carries no %s login", async (scheme) => {
    const store = elsewhere(() => new Response("content"));
    const away: TokenRules["spoil"] = (_, url) =>
      url.pathname.includes("/blobs/")
        ? new Response(null, {
            status: 307,
            headers: { location: `${store.origin}/bucket/x?X-Amz-Signature=s` },
          })
        : undefined;
    const tokens = registry({ spoil: away });
    const plain = elsewhere((request) =>
      request.headers.get("authorization") === basic("me", "secret")
        ? (away(request, new URL(request.url)) as Response)
        : new Response(null, { status: 401, headers: { "www-authenticate": "Basic realm=r" } }),
    );
    const host = scheme === "Bearer" ? tokens.host : (new URL(plain.origin).host as typeof tokens.host);
    const read = await remoteOf({ host }, { credentials: as(me) }).blob(blob.descriptor);
    expect(await new Response(read).text()).toBe("content");
    expect(store.requests).toHaveLength(1);
    expect(store.requests[0]?.headers.has("authorization")).toBe(false);
    for (const secret of secrets) expect(headersOf(store.requests)).not.toContain(secret);
  });

  test("another registry that a redirect led to gets nobody's token from its own token server", async () => {
    const far = registry();
    const tokens = far.asked;
    await pushContent(remoteOf(far), blob);
    tokens.length = 0;
    const near = registry({
      spoil: (_, url) =>
        new Response(null, { status: 307, headers: { location: far.origin + url.pathname } }),
    });
    const remote = remoteOf(near, { credentials: as(me) });
    expect(await remote.has(blob.descriptor)).toBe(true);
    expect(tokens.map(({ authorization, scopes }) => [authorization, scopes])).toEqual([[null, [pull]]]);
    expect(near.asked.map(({ authorization }) => authorization)).toEqual([basic("me", "secret")]);
    // What is to be written is not sent on to wherever a redirect leads.
    expect(await codeOf(remote.pushManifest(blob.descriptor, blob.bytes, { tags: [], expect: "any" }))).toBe(
      "not_allowed",
    );
    expect(tokens).toHaveLength(1);
  });

  test("a token server that sends us on to another server is not followed", async () => {
    const trap = elsewhere(() => Response.json({ token: pull }));
    const made = registry({
      answer: () => new Response(null, { status: 307, headers: { location: trap.origin } }),
    });
    for (const login of [me, { username: "", identityToken: "refresh" }])
      expect(await failureOf(remoteOf(made, { credentials: as(login) }).has(blob.descriptor))).toMatchObject({
        code: "remote",
      });
    expect(trap.requests).toEqual([]);
  });
});
