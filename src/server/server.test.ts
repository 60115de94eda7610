import { afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { digestOf } from "../oci/digest.ts";
import { makeCertificate } from "../testing/certificates.ts";
import { codeOf } from "../testing/errors.ts";
import { testHandler } from "../testing/handler.ts";
import { type TestServer, testServer } from "../testing/server.ts";
import { noise } from "../testing/streams.ts";
import { type Address, refusalOf } from "./listen.ts";
import { Log } from "./log.ts";
import { type RunningServer, startServer } from "./server.ts";

const bytes = noise(1_500_000);
const digest = digestOf(bytes);
const put = (body: BodyInit | Uint8Array) => ({ method: "PUT", body: body as BodyInit });

/** What a test opened; closed after it, last first. */
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function serving(options: Parameters<typeof testServer>[0] = {}): Promise<TestServer> {
  const server = await testServer(options);
  open.push(server.dispose);
  return server;
}

async function openUpload(url: string): Promise<string> {
  const response = await fetch(`${url}/v2/a/blobs/uploads/`, { method: "POST" });
  return response.headers.get("location") ?? "";
}

const offsetOf = async (url: string, location: string): Promise<number> =>
  Number((await fetch(url + location)).headers.get("upload-offset"));

/** Ask until it is so; the test's own timeout ends it. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await Bun.sleep(5);
}

/** The server answers others meanwhile, and so has taken out of its sockets what came before: what it has not, Bun drops with them. */
async function answersOthers(url: string): Promise<void> {
  for (let i = 0; i < 10; i++) await fetch(`${url}/v2/`);
}

/** Write a request's head and a part of its body by hand. */
async function half(url: string, line: string, length: number, part: Uint8Array): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`);
  await new Promise((resolve) => socket.write(part, resolve));
  return socket;
}

describe("a server", () => {
  test("stores and gives blobs, with exact lengths on the wire", async () => {
    const { url } = await serving();
    for (const body of [bytes, new Uint8Array()]) {
      const path = `${url}/v2/a/blobs/${digestOf(body)}`;
      const location = await openUpload(url);
      expect((await fetch(`${url}${location}?digest=${digestOf(body)}`, put(body))).status).toBe(201);
      const head = await fetch(path, { method: "HEAD" });
      expect([head.status, head.headers.get("content-length")]).toEqual([200, `${body.byteLength}`]);
      const get = await fetch(path);
      expect(get.headers.get("content-length")).toBe(`${body.byteLength}`);
      expect(get.headers.get("transfer-encoding")).toBeNull();
      expect<Uint8Array>(await get.bytes()).toEqual(body);
    }
    const range = await fetch(`${url}/v2/a/blobs/${digest}`, { headers: { range: "bytes=-1000" } });
    expect([range.status, await range.bytes()]).toEqual([206, bytes.slice(-1000)]);
  });

  test("streams a blob that is too large for memory", async () => {
    const { url } = await serving();
    const large = noise(5_000_000);
    const path = `/v2/a/blobs/${digestOf(large)}`;
    const location = await openUpload(url);
    await fetch(`${url}${location}?digest=${digestOf(large)}`, put(large));
    expect<Uint8Array>(await (await fetch(url + path)).bytes()).toEqual(large);
    const range = { range: "bytes=100000-" };
    expect<Uint8Array>(await (await fetch(url + path, { headers: range })).bytes()).toEqual(
      large.slice(100_000),
    );
    expect((await fetch(url + path, { method: "HEAD" })).headers.get("content-length")).toBe("5000000");
  });

  test("streams to clients that take nothing for long, and each gets its bytes", async () => {
    const { url } = await serving();
    const large = noise(12_000_000);
    const location = await openUpload(url);
    await fetch(`${url}${location}?digest=${digestOf(large)}`, put(large));
    const digests = [1, 2].map(async () => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.write(`GET /v2/a/blobs/${digestOf(large)} HTTP/1.0\r\nHost: localhost\r\n\r\n`);
      const pieces: Buffer[] = [];
      for await (const piece of socket) {
        pieces.push(piece);
        // The kernel's buffers fill up, and the server has more than they take.
        if (pieces.length === 1) for (let i = 0; i < 20; i++) await fetch(`${url}/v2/`);
      }
      const answer = Buffer.concat(pieces);
      return digestOf(answer.subarray(answer.indexOf("\r\n\r\n") + 4));
    });
    expect(new Set(await Promise.all(digests))).toEqual(new Set([digestOf(large)]));
  });

  for (const cut of ["end", "resetAndDestroy"] as const)
    for (const method of ["PATCH", "PUT"])
      test(`keeps what a ${method} brought before its connection broke (${cut})`, async () => {
        const { url } = await serving();
        const location = await openUpload(url);
        const query = method === "PUT" ? `?digest=${digest}` : "";
        const sent = bytes.subarray(0, 700_000);
        const socket = await half(url, `${method} ${location}${query}`, bytes.byteLength, sent);
        await answersOthers(url);
        socket[cut]();
        await until(async () => (await offsetOf(url, location)) > 0);
        const offset = await offsetOf(url, location);
        expect(offset).toBeLessThanOrEqual(700_000);
        const rest = { method: "PATCH", body: bytes.subarray(offset) };
        const headers = { "content-range": `${offset}-${bytes.byteLength - 1}` };
        expect((await fetch(url + location, { ...rest, headers })).status).toBe(202);
        expect((await fetch(`${url}${location}?digest=${digest}`, { method: "PUT" })).status).toBe(201);
        expect<Uint8Array>(await (await fetch(`${url}/v2/a/blobs/${digest}`)).bytes()).toEqual(bytes);
      });

  test("lets a client go on while its old connection still hangs", async () => {
    const { url } = await serving();
    const location = await openUpload(url);
    const socket = await half(url, `PATCH ${location}`, bytes.byteLength, bytes.subarray(0, 300_000));
    await answersOthers(url);
    let offset = 300_000;
    const go = () => {
      const headers = { "content-range": `${offset}-${bytes.byteLength - 1}` };
      const rest = { method: "PUT", body: bytes.subarray(offset), headers };
      return fetch(`${url}${location}?digest=${digest}`, rest);
    };
    let answer = await go();
    // What was on its way when the other took over may be less.
    if (answer.status === 416) {
      offset = Number(answer.headers.get("upload-offset"));
      expect(offset).toBeLessThan(300_000);
      answer = await go();
    }
    expect(answer.status).toBe(201);
    expect<Uint8Array>(await (await fetch(`${url}/v2/a/blobs/${digest}`)).bytes()).toEqual(bytes);
    socket.destroy();
  });

  test("goes on after a restart where it was", async () => {
    const server = await serving();
    const location = await openUpload(server.url);
    await fetch(server.url + location, { method: "PATCH", body: bytes.subarray(0, 500_000) });
    const url = await server.restart();
    expect(await offsetOf(url, location)).toBe(500_000);
    const response = await fetch(`${url}${location}?digest=${digest}`, put(bytes.subarray(500_000)));
    expect(response.status).toBe(201);
    const after = await server.restart();
    expect<Uint8Array>(await (await fetch(`${after}/v2/a/blobs/${digest}`)).bytes()).toEqual(bytes);
  });

  test("answers whoever sends a Host that is none", async () => {
    const { url } = await serving();
    for (const host of ["a b", "a/b", "a@b", ""]) {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.write(`GET /v2/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      const [answer] = (await Array.fromAsync(socket)) as Buffer[];
      expect(answer?.toString("latin1")).toStartWith("HTTP/1.1 200 OK\r\n");
    }
  });

  test("refuses a large body at once, and a small one without losing the connection", async () => {
    const { url } = await serving({ authenticator: { realm: "r", authenticate: async () => false } });
    const large = await half(url, "PATCH /v2/a/blobs/uploads/x", 1e9, new Uint8Array(10));
    const answer = Buffer.concat((await Array.fromAsync(large)) as Buffer[]).toString("latin1");
    expect(answer).toStartWith("HTTP/1.1 401 Unauthorized\r\n");
    expect(answer).toMatch(/^connection: close\r$/im);
  });

  test("stops: takes nothing new, lets what is under way finish", async () => {
    const server = await serving();
    const location = await openUpload(server.url);
    const part = bytes.subarray(0, 1000);
    const socket = await half(server.url, `PATCH ${location}`, 2000, part);
    await Bun.sleep(50);
    const stopped = server.stop(60_000);
    await until(() =>
      fetch(`${server.url}/v2/`).then(
        () => false,
        () => true,
      ),
    );
    socket.write(bytes.subarray(1000, 2000));
    const answer = Buffer.concat((await Array.fromAsync(socket)) as Buffer[]).toString("latin1");
    expect(answer).toStartWith("HTTP/1.1 202 Accepted\r\n");
    await stopped;
    expect(server.logged()).toContain(`PATCH ${location} 202`);
  });

  test("stops: cuts who is not through by the deadline, and keeps what came", async () => {
    const server = await serving();
    const location = await openUpload(server.url);
    const socket = await half(server.url, `PATCH ${location}`, 2000, bytes.subarray(0, 1000));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await Bun.sleep(50);
    await server.stop(50);
    await closed;
    expect(server.logged()).toContain(`127.0.0.1 - PATCH ${location} 499`);
    expect(await offsetOf(await server.restart(), location)).toBe(1000);
  });

  test("speaks TLS", async () => {
    const tls = makeCertificate({ name: "localhost" });
    const { url } = await serving({ tls });
    expect(url).toStartWith("https://");
    const response = await fetch(`${url}/v2/`, { tls: { rejectUnauthorized: false } });
    expect(await response.text()).toBe("{}");
  });
});

describe("addresses", () => {
  async function start(...addresses: Address[]): Promise<RunningServer> {
    const { registry } = testHandler();
    const server = await startServer({ registry, addresses, log: new Log(() => {}), now: Date.now });
    open.push(() => server.stop(0));
    return server;
  }
  const onPort = (address: Address | undefined) => {
    if (address === undefined || "socket" in address) throw new Error("no port");
    return address;
  };
  const local = { hostname: "127.0.0.1", port: 0 };
  // 192.0.2.0/24 is nobody's (RFC 5737).
  const nobodys = { hostname: "192.0.2.1", port: 0 };

  test("both of localhost share a port", async () => {
    const { addresses, url } = await start(local, { hostname: "::1", port: 0 });
    expect(new Set(addresses.map((each) => onPort(each).port)).size).toBe(1);
    expect(url).toBe(`http://127.0.0.1:${onPort(addresses[0]).port}`);
    for (const { hostname, port } of addresses.map(onPort)) {
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      expect((await fetch(`http://${host}:${port}/v2/`)).status).toBe(200);
    }
  });

  test("one that the machine does not have is left out, unless it is the first", async () => {
    expect((await start(local, nobodys)).addresses).toHaveLength(1);
    expect(await codeOf(start(nobodys, local))).toBe("network");
  });

  test("a name that does not resolve is no host, whatever went wrong before", () => {
    for (const code of ["ENOENT", "ENOTTY"]) {
      const said = refusalOf(
        { hostname: "no.invalid", port: 5 },
        Object.assign(new Error("listen"), { code }),
      );
      expect([said.code, said.message]).toEqual(["network", "Cannot listen on no.invalid:5: no such host"]);
    }
  });

  test("a port in use is a conflict, and nothing is left listening", async () => {
    const taken = onPort((await start(local)).addresses[0]);
    const failed = start(taken);
    await expect(failed).rejects.toThrow(`Cannot listen on 127.0.0.1:${taken.port}: the port is in use`);
    expect(await codeOf(failed)).toBe("conflict");
  });
});
