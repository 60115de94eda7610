import { afterEach, describe, expect, test } from "bun:test";
import { Answer } from "../http/answer.ts";
import { Transport } from "../http/transport.ts";
import { parseTag, tryRepositoryName } from "../oci/reference.ts";
import { blobOf, pushContent } from "../testing/artifacts.ts";
import { codeOf } from "../testing/errors.ts";
import { refuse, type TestRegistry, testRegistry } from "../testing/registry.ts";
import { streamOf } from "../testing/streams.ts";
import { openRemote } from "./open.ts";
import { fetchToken, uniteScopes } from "./token.ts";

test("scopes are united by resource", () => {
  expect(uniteScopes(["repository:a/b:pull"])).toEqual(["repository:a/b:pull"]);
  expect(
    uniteScopes([
      "repository:host:5000/a:push,pull",
      "repository:b:pull",
      "repository:host:5000/a:pull",
      "registry:catalog:*",
    ]),
  ).toEqual(["registry:catalog:*", "repository:b:pull", "repository:host:5000/a:pull,push"]);
});

describe("the place that a registry asks to log in at", () => {
  const attempt = { doing: "test", registry: "r", secrets: [] };
  /** Whether a registry at `origin` may name `realm`; nothing goes over the network. */
  async function believed(origin: string, realm: string): Promise<boolean> {
    const sent: string[] = [];
    const transport = {
      send: async ({ url }: { url: URL }) => {
        sent.push(url.href);
        return new Answer(200, new Headers(), url, streamOf(Buffer.from('{"token":"t"}')));
      },
    };
    const challenge = { scheme: "bearer", parameters: new Map([["realm", realm]]) };
    const code = await codeOf(
      fetchToken({ transport, origin: new URL(origin), challenge, scopes: [], login: undefined, attempt }),
    );
    expect([code, sent.length]).toEqual(sent.length === 1 ? ["none", 1] : ["not_allowed", 0]);
    return sent.length === 1;
  }

  test.each([
    ["https://registry-1.docker.io", "https://auth.docker.io/token"],
    ["https://r.example", "https://r.example:8443/token"],
    ["https://127.0.0.1:5000", "https://127.0.0.1:5001/token"],
    ["https://10.0.0.5", "https://10.0.0.6/token"],
    ["https://10.0.0.5", "https://auth.example/token"],
    ["http://localhost:5000", "http://127.0.0.1:5001/token"],
    ["http://localhost:5000", "https://auth.example/token"],
    ["http://r.example", "http://auth.example/token"],
  ])("of %s may be %s", async (origin, realm) => {
    expect(await believed(origin, realm)).toBe(true);
  });

  test.each([
    ["https://r.example", "http://r.example/token"],
    ["https://127.0.0.1:5000", "http://127.0.0.1:5000/token"],
    ["https://r.example", "https://169.254.169.254/latest/meta-data"],
    ["https://r.example", "https://[fe80::1]/token"],
    ["https://r.example", "https://[::ffff:10.0.0.1]/token"],
    ["https://r.example", "https://localhost/token"],
    ["https://r.example", "https://10.0.0.1/token"],
    ["http://r.example", "http://192.168.0.1/token"],
    ["https://r.example", "https://0x7f000001/token"],
    ["https://r.example", "file:///token"],
    ["https://r.example", "https://me:pass@auth.example/token"],
    ["https://r.example", "/token"],
    ["https://r.example", ""],
  ])("of %s may not be %j", async (origin, realm) => {
    expect(await believed(origin, realm)).toBe(false);
  });
});

describe("a registry with a token server", () => {
  const running: TestRegistry[] = [];
  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop();
  });

  /** It wants `pull` to read and `pull,push` to write. Its tokens are their scopes. `asked` are requests for tokens. */
  function registry({ realm = "/token", needs = "" }: { realm?: string; needs?: string } = {}) {
    const asked: { scopes: string[]; authorization: string | null; account: string | null }[] = [];
    const made = testRegistry((request, url) => {
      const authorization = request.headers.get("authorization");
      if (url.pathname === "/token") {
        const scopes = url.searchParams.getAll("scope");
        asked.push({ scopes, authorization, account: url.searchParams.get("account") });
        if (needs !== "" && authorization !== needs) return refuse(401, "UNAUTHORIZED");
        return Response.json({ token: scopes.join("+") });
      }
      const wanted = /^(GET|HEAD)$/.test(request.method)
        ? "repository:my/repo:pull"
        : "repository:my/repo:pull,push";
      if (authorization?.startsWith(`Bearer ${wanted}`)) return undefined;
      const challenge = `Bearer realm="${new URL(realm, made.origin).href}",service="test",scope="${wanted}"`;
      return refuse(401, "UNAUTHORIZED", "log in", { "www-authenticate": challenge });
    });
    running.push(made);
    return { ...made, asked };
  }
  const open = ({ host }: TestRegistry, password?: string) =>
    openRemote(
      { registry: host, repository: tryRepositoryName("my/repo")! },
      {
        transport: new Transport({ userAgent: "test" }),
        ...(password !== undefined && {
          credentials: async () => ({ username: "me", password, source: "a test" }),
        }),
      },
    );
  const blob = blobOf("content");

  test("gives nobody a token, once for what it is good for", async () => {
    const made = registry();
    const remote = open(made);
    await Promise.all([1, 2, 3].map(() => remote.has(blob.descriptor)));
    expect(made.asked).toEqual([{ scopes: ["repository:my/repo:pull"], authorization: null, account: null }]);
    await pushContent(remote, blob);
    expect(await remote.has(blob.descriptor)).toBe(true);
    expect(made.asked.map(({ scopes }) => scopes)).toEqual([
      ["repository:my/repo:pull"],
      ["repository:my/repo:pull,push"],
    ]);
  });

  test("is asked for no second token by a request whose refusal came late", async () => {
    const late = Promise.withResolvers<undefined>();
    const made = registry();
    const slow = testRegistry(async (request, url) => {
      if (url.pathname.endsWith("late") && !request.headers.has("authorization")) await late.promise;
      const { status, headers } = await fetch(made.origin + url.pathname, {
        method: "HEAD",
        headers: request.headers,
      });
      return new Response(null, { status, headers });
    });
    running.push(slow);
    const remote = open(slow);
    const second = remote.resolve(parseTag("late"));
    await remote.has(blob.descriptor);
    late.resolve(undefined);
    await second.catch(() => undefined);
    expect(made.asked).toHaveLength(1);
  });

  test("reads and writes that begin at once both get what they need", async () => {
    const remote = open(registry());
    await Promise.all([remote.has(blob.descriptor), pushContent(remote, blob), remote.has(blob.descriptor)]);
    expect(await remote.has(blob.descriptor)).toBe(true);
  });

  test("is sent the login, and refuses a wrong one", async () => {
    const right = `Basic ${btoa("me:right")}`;
    const made = registry({ needs: right });
    expect(await open(made, "right").has(blob.descriptor)).toBe(false);
    expect(made.asked).toEqual([
      { scopes: ["repository:my/repo:pull"], authorization: right, account: "me" },
    ]);
    expect(await codeOf(open(made, "wrong").has(blob.descriptor))).toBe("not_allowed");
    expect(await codeOf(open(made).has(blob.descriptor))).toBe("not_allowed");
  });

  test.each(["file:///token", "http://me:pass@localhost/token", "http://["])(
    "whose realm is %s is not believed",
    async (realm) => {
      const made = testRegistry(() =>
        refuse(401, "UNAUTHORIZED", "", { "www-authenticate": `Bearer realm="${realm}"` }),
      );
      running.push(made);
      expect(await codeOf(open(made, "secret").has(blob.descriptor))).toBe("not_allowed");
    },
  );

  test.each<[string, BodyInit]>([
    ["a page", "<html>"],
    ["no token", "{}"],
    ["a token that is no header", '{"token": "a\\r\\nb"}'],
  ])("that answers %s is no token server", async (_, body) => {
    const made = testRegistry((_request, url) =>
      url.pathname === "/token"
        ? new Response(body)
        : refuse(401, "UNAUTHORIZED", "", { "www-authenticate": `Bearer realm="${made.origin}/token"` }),
    );
    running.push(made);
    expect(await codeOf(open(made).has(blob.descriptor))).toBe("remote");
  });
});
