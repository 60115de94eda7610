import { afterEach, describe, expect, test } from "bun:test";
import { AnsweringServers } from "../testing/answering.ts";
import { type SocketServer, socketServer } from "../testing/sockets.ts";
import type { HttpError } from "./errors.ts";
import { Transport, type TransportOptions } from "./transport.ts";

const servers = new AnsweringServers();
afterEach(() => servers.closeAll());
const serve = servers.serve.bind(servers);

async function raw(act: Parameters<typeof socketServer>[0]): Promise<SocketServer & { url: URL }> {
  const server = await socketServer(act);
  servers.closeLater(server.stop);
  return { ...server, url: new URL(`http://127.0.0.1:${server.port}/`) };
}

const waits: number[] = [];
const transport = (options: Partial<TransportOptions> = {}) => {
  waits.length = 0;
  return new Transport({ userAgent: "chartroom/test", sleep: async (ms) => waits.push(ms), ...options });
};
const get = (url: URL, options: Partial<TransportOptions> = {}, headers: Record<string, string> = {}) =>
  transport(options).send({ method: "GET", url, headers });
const failure = (work: Promise<unknown>): Promise<HttpError> =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error) => error,
  );
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("a request", () => {
  test("says who asks, and wants bytes as they are", async () => {
    const url = serve((request) => Response.json(Object.fromEntries(request.headers)));
    const headers = JSON.parse(text(await (await get(url)).bytes(1000)));
    expect(headers).toMatchObject({ "user-agent": "chartroom/test", "accept-encoding": "identity" });
  });

  test("gives the body of an answer that says it is compressed as it came", async () => {
    const body = Bun.gzipSync("a chart");
    const url = serve(() => new Response(body, { headers: { "content-encoding": "gzip" } }));
    expect(await (await get(url)).bytes(1000)).toEqual(new Uint8Array(body));
  });

  test("sends a stream with its length, not in chunks", async () => {
    const url = serve(async (request) =>
      Response.json([request.headers.get("content-length"), await request.text()]),
    );
    const body = { size: 11, open: async () => new Blob(["hello ", "world"]).stream() };
    const answer = await transport().send({ method: "PUT", url, body });
    expect(JSON.parse(text(await answer.bytes(1000)))).toEqual(["11", "hello world"]);
  });

  test("gives the error of its own body, and the server sees no whole request", async () => {
    let whole = false;
    const url = serve(async (request) => {
      await request.bytes();
      whole = true;
      return new Response();
    });
    const open = async () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.error(new RangeError("the disk broke"));
        },
      });
    const error = await failure(transport().send({ method: "PUT", url, body: { size: 10, open } }));
    expect(error).toBeInstanceOf(RangeError);
    expect(whole).toBe(false);
  });

  test("to this machine goes by no proxy", async () => {
    const url = serve(() => new Response("direct"));
    const before = process.env.HTTP_PROXY;
    process.env.HTTP_PROXY = "http://127.0.0.1:1";
    try {
      expect(text(await (await get(url)).bytes(100))).toBe("direct");
    } finally {
      if (before === undefined) delete process.env.HTTP_PROXY;
      else process.env.HTTP_PROXY = before;
    }
  });

  test("is traced with its answer, secrets left out", async () => {
    const url = serve(
      () =>
        new Response(null, { status: 204, headers: { "set-cookie": "a=secret", location: "/x?sig=secret" } }),
    );
    const lines: string[] = [];
    await get(
      new URL("?token=secret", url),
      { trace: (line) => lines.push(line) },
      { authorization: "Basic secret" },
    );
    expect(lines[0]).toBe(`1 > GET ${url.href}?token=REDACTED`);
    expect(lines).toContain("1 > authorization: Basic REDACTED");
    expect(lines).toContain("1 < 204");
    expect(lines.join("\n")).not.toContain("secret");
  });
});

describe("failures", () => {
  test("a host that does not exist", async () => {
    const error = await failure(get(new URL("https://registry.invalid/")));
    expect(error).toMatchObject({
      code: "network",
      reason: "unresolved",
      message: "Cannot reach registry.invalid: no such host",
    });
  });

  test("a port that nobody listens on", async () => {
    const { url, stop } = await raw(() => undefined);
    await stop();
    const error = await failure(get(url));
    expect(error).toMatchObject({
      code: "network",
      reason: "refused",
      message: `Cannot reach ${url.host}: connection refused`,
    });
  });

  test("a proxy that is not there is named", async () => {
    const before = process.env.HTTP_PROXY;
    process.env.HTTP_PROXY = "http://127.0.0.1:1";
    try {
      const error = await failure(get(new URL("http://registry.invalid/")));
      expect(error).toMatchObject({ code: "network", hint: expect.stringContaining("HTTP_PROXY is set") });
    } finally {
      if (before === undefined) delete process.env.HTTP_PROXY;
      else process.env.HTTP_PROXY = before;
    }
  });

  test("something else than HTTP", async () => {
    const { url } = await raw((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
    expect(await failure(get(url))).toMatchObject({ code: "remote", reason: "garbage" });
  });

  test("a body that is cut short fails, and does not end", async () => {
    const { url } = await raw((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"));
    const answer = await get(url);
    expect(await failure(answer.bytes(1000))).toMatchObject({ code: "network", reason: "dropped" });
  });

  test("an endless body is cut off", async () => {
    const url = serve(
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new Uint8Array(1000)),
          }),
        ),
    );
    const answer = await get(url);
    expect(await failure(answer.bytes(10_000))).toMatchObject({ code: "remote", reason: "too-long" });
  });

  test("no answer in time", async () => {
    const { url } = await raw(() => undefined);
    const error = await failure(get(url, { timeouts: { answer: 20 } }));
    expect(error).toMatchObject({ code: "network", reason: "timeout" });
    expect(error.message).toContain("timed out");
  });

  test("a body that stands still", async () => {
    const { url } = await raw((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"));
    const answer = await get(url, { timeouts: { stall: 20 } });
    expect(await failure(answer.bytes(1000))).toMatchObject({ code: "network", reason: "timeout" });
  });

  test("a body that comes byte by byte", async () => {
    const { url } = await raw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n");
      socket.setNoDelay(true);
      const dripping = setInterval(() => socket.write("a"), 2);
      socket.on("close", () => clearInterval(dripping)).on("error", () => {});
    });
    const answer = await get(url, { timeouts: { stall: 150 } });
    expect(await failure(answer.bytes(100_000))).toMatchObject({
      ...{ code: "network", reason: "timeout" },
      message: expect.stringMatching(/no progress within 0\.15 s$/),
    });
  });

  test("an upload that the server does not take", async () => {
    const { url } = await raw((socket) => socket.pause());
    const open = async () =>
      new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)) });
    const body = { size: 1 << 30, open };
    const error = await failure(transport({ timeouts: { stall: 50 } }).send({ method: "PUT", url, body }));
    expect(error).toMatchObject({ code: "network", reason: "timeout" });
  });

  test("no TLS handshake in time, with a body to send or without", async () => {
    const { port } = await raw(() => undefined);
    const url = new URL(`https://127.0.0.1:${port}/`);
    const timeouts = { answer: 50, stall: 50 };
    expect(await failure(get(url, { timeouts }))).toMatchObject({ reason: "timeout" });
    const open = async () => new Blob([new Uint8Array(1 << 20)]).stream();
    const body = { size: 1 << 20, open };
    expect(await failure(transport({ timeouts }).send({ method: "PUT", url, body }))).toMatchObject({
      reason: "timeout",
    });
  });

  test("no answer in time to a large body that the server has whole", async () => {
    const body = { size: 5, open: async () => new Blob(["large"]).stream() };
    const { url } = await raw(() => undefined);
    const error = await failure(
      transport({ timeouts: { answer: 20_000, stall: 20_000, settle: 30 } }).send({
        method: "PUT",
        url,
        body,
      }),
    );
    expect(error).toMatchObject({ code: "network", reason: "timeout" });
  });

  test("a slow consumer is no stall", async () => {
    const url = serve(() => new Response(new Uint8Array(4 << 20)));
    const answer = await get(url, { timeouts: { stall: 1000 } });
    const reader = answer.body.getReader();
    let size = (await reader.read()).value?.byteLength ?? 0;
    await Bun.sleep(1200);
    for (let next = await reader.read(); !next.done; next = await reader.read())
      size += next.value.byteLength;
    expect(size).toBe(4 << 20);
  });

  test("a slow source is no stall", async () => {
    const url = serve(async (request) => new Response(await request.text()));
    const words = ["slow", "ly"];
    const slow = () =>
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          await Bun.sleep(400);
          const word = words.shift();
          if (word === undefined) controller.close();
          else controller.enqueue(new TextEncoder().encode(word));
        },
      });
    const body = { size: 6, open: async () => slow() };
    const answer = await transport({ timeouts: { stall: 300 } }).send({ method: "PUT", url, body });
    expect(text(await answer.bytes(100))).toBe("slowly");
  });

  test("who stops it gets the signal's reason, in the head and in the body", async () => {
    for (const head of ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"]) {
      const { url } = await raw((socket) => socket.write(head));
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 20);
      const work = get(url, { signal: controller.signal }).then((answer) => answer.bytes(1000));
      expect((await failure(work)).name).toBe("AbortError");
    }
  });
});

describe("tries again", () => {
  test("after a dropped connection", async () => {
    const { url, heads } = await raw((socket, count) =>
      count <= 3 ? socket.destroy() : socket.end("HTTP/1.1 204 No Content\r\n\r\n"),
    );
    expect((await get(url)).status).toBe(204);
    expect([heads.length, waits.length]).toEqual([4, 3]);
  });

  test("after a refused one only where the server was there before: it starts again", async () => {
    const start = (at = 0) => Bun.serve({ port: at, hostname: "127.0.0.1", fetch: () => new Response("ok") });
    let server = start();
    servers.closeLater(() => server.stop(true));
    const { port } = server;
    const url = new URL(`http://127.0.0.1:${port}/`);
    let count = 0;
    const sleep = async () => {
      if (++count === 2) server = start(port);
    };
    const client = transport({ sleep });
    expect((await client.send({ method: "GET", url })).status).toBe(200);
    await server.stop(true);
    expect(await failure(get(url))).toMatchObject({ reason: "refused" });
    expect(waits).toHaveLength(0);
    expect((await client.send({ method: "GET", url })).status).toBe(200);
    expect(count).toBe(2);
  });

  test("after passing faults, as long as the server says", async () => {
    let count = 0;
    const url = serve(() =>
      ++count < 3 ? new Response(null, { status: 503, headers: { "retry-after": "2" } }) : new Response("ok"),
    );
    expect((await get(url)).status).toBe(200);
    expect(waits).toHaveLength(2);
    expect(waits.every((wait) => wait >= 2000 && wait <= 2200)).toBe(true);
  });

  test("and says so when the server asks for a long wait", async () => {
    const told: [string, boolean][] = [];
    let count = 0;
    const url = serve(() =>
      ++count < 2
        ? new Response(null, { status: 429, headers: { "retry-after": "60" } })
        : new Response("ok"),
    );
    const onWait = (host: string, ms: number) => told.push([host, ms >= 60_000]);
    // It was not served, so even a POST is sent again.
    expect((await transport({ onWait }).send({ method: "POST", url })).status).toBe(200);
    expect(told).toEqual([[url.host, true]]);
  });

  test("not for ever: then the last answer is given", async () => {
    let count = 0;
    const url = serve(() => new Response(`${++count}`, { status: 502 }));
    const answer = await get(url);
    expect([answer.status, text(await answer.bytes(10))]).toEqual([502, "4"]);
  });

  test("not what may not be sent twice", async () => {
    let count = 0;
    const url = serve(() => new Response(`${++count}`, { status: 503 }));
    const stream = { size: 0, open: async () => new Blob([]).stream() };
    await transport().send({ method: "POST", url });
    await transport().send({ method: "PUT", url, body: stream });
    expect(count).toBe(2);
    await transport().send({ method: "POST", url, repeatable: true });
    expect(count).toBe(6);
  });
});
