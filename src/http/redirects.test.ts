import { afterEach, describe, expect, test } from "bun:test";
import { AnsweringServers } from "../testing/answering.ts";
import { makeCertificate } from "../testing/certificates.ts";
import type { HttpError } from "./errors.ts";
import { Transport, type TransportOptions } from "./transport.ts";

const servers = new AnsweringServers();
afterEach(() => servers.closeAll());
const serve = servers.serve.bind(servers);

const transport = (options: Partial<TransportOptions> = {}) =>
  new Transport({ userAgent: "chartroom/test", sleep: async () => {}, ...options });
const get = (url: URL, options: Partial<TransportOptions> = {}, headers: Record<string, string> = {}) =>
  transport(options).send({ method: "GET", url, headers });
const failure = (work: Promise<unknown>): Promise<HttpError> =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error) => error,
  );
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("redirects", () => {
  const headers = { authorization: "Basic secret", cookie: "a=b", "x-kept": "yes" };
  const echo = () =>
    serve((request) => Response.json({ ...Object.fromEntries(request.headers), method: request.method }));

  test("to another origin lose the login, and keep the rest", async () => {
    const target = echo();
    for (const status of [301, 302, 303, 307, 308]) {
      const url = serve(() => new Response(null, { status, headers: { location: target.href } }));
      const answer = await get(url, {}, headers);
      expect(answer.url.href).toBe(target.href);
      const seen = JSON.parse(text(await answer.bytes(1000)));
      expect(seen).toMatchObject({ "x-kept": "yes" });
      expect(seen).not.toContainAnyKeys(["authorization", "cookie"]);
    }
  });

  test("within the origin keep it, and may be relative", async () => {
    const url = serve((request) =>
      request.url.endsWith("/there")
        ? new Response(request.headers.get("authorization"))
        : new Response(null, { status: 307, headers: { location: "there" } }),
    );
    expect(text(await (await get(url, {}, headers)).bytes(100))).toBe("Basic secret");
  });

  test("send a body again, and a login that was lost does not come back", async () => {
    const home: URL = serve((request) =>
      request.url.endsWith("/back")
        ? new Response(`${request.headers.get("authorization")}`)
        : new Response(null, { status: 307, headers: { location: away.href } }),
    );
    const away: URL = serve(async (request) =>
      (await request.text()) === "body"
        ? new Response(null, { status: 308, headers: { location: `${home.href}back` } })
        : new Response("no body", { status: 400 }),
    );
    const body = { size: 4, open: async () => new Blob(["body"]).stream() };
    const answer = await transport().send({ method: "PUT", url: home, headers, body });
    expect(text(await answer.bytes(100))).toBe("null");
  });

  test("keep a POST a POST, but after a 303", async () => {
    for (const [status, method] of [
      [301, "POST"],
      [302, "POST"],
      [303, "GET"],
    ] as const) {
      const target = echo();
      const url = serve(() => new Response(null, { status, headers: { location: target.href } }));
      const answer = await transport().send({ method: "POST", url });
      expect(JSON.parse(text(await answer.bytes(1000))).method).toBe(method);
    }
  });

  test("without end are refused", async () => {
    const url = serve(() => new Response(null, { status: 302, headers: { location: "/" } }));
    expect(await failure(get(url))).toMatchObject({
      code: "remote",
      message: expect.stringContaining("more than 10 times"),
    });
  });

  test.each(["file:///etc/passwd", "ftp://example.com/", "http://["])(
    "to %s are refused",
    async (location) => {
      const url = serve(() => new Response(null, { status: 302, headers: { location } }));
      expect(await failure(get(url))).toMatchObject({ code: "remote", reason: "redirect" });
    },
  );

  test("from https to http are refused", async () => {
    const { cert, key } = makeCertificate({ name: "localhost" });
    const target = serve(() => new Response("plain"));
    const url = serve(() => new Response(null, { status: 302, headers: { location: target.href } }), {
      cert,
      key,
    });
    const error = await failure(get(url, { tls: { ca: cert } }));
    expect(error).toMatchObject({ code: "remote", reason: "redirect" });
    expect(text(await (await get(url, { tls: { insecure: true } })).bytes(100))).toBe("plain");
  });
});

test("a redirect to another origin is not followed when the request is a secret", async () => {
  const asked: string[] = [];
  const target = serve((request) => {
    asked.push(request.url);
    return new Response("secret");
  });
  const away = serve(() => new Response(null, { status: 307, headers: { location: target.href } }));
  const send = (sameOrigin: boolean) =>
    transport().send({ method: "POST", url: away, body: new Uint8Array([1]), sameOrigin });
  expect(await failure(send(true))).toMatchObject({ code: "remote", reason: "redirect" });
  expect(asked).toEqual([]);
  expect((await send(false)).status).toBe(200);
});
