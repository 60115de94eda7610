import { afterEach, describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect } from "node:tls";
import { makeCertificate } from "../testing/certificates.ts";
import { codeOf, failureOf } from "../testing/errors.ts";
import type { Address } from "./listen.ts";
import { type Listener, listen, type ServerTls } from "./listener.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function listening(
  address: Address,
  tls: ServerTls | undefined,
  answer: (request: Request, peer: { address: string | undefined }) => Promise<Response> = async () =>
    new Response("here"),
): Promise<Listener> {
  const listener = await listen([address], tls, answer);
  open.push(() => listener.stop(0));
  return listener;
}

const local = { hostname: "127.0.0.1", port: 0 };
const authority = makeCertificate({ name: "authority", authority: true });
const [first, second] = [1, 2].map(() => makeCertificate({ name: "localhost", issuer: authority }));
if (first === undefined || second === undefined) throw new Error("no certificate");

/** One request over a connection of its own: the first line of its answer and the serial number that the server showed. */
function ask(url: string, options: ConnectionOptions = {}): Promise<{ line: string; serial: string }> {
  return new Promise((resolve, reject) => {
    let text = "";
    const port = Number(new URL(url).port);
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options }, () => {
      const serial = socket.getPeerCertificate().serialNumber;
      socket.on("data", (bytes) => {
        text += bytes;
      });
      socket.on("close", () =>
        text === "" ? reject(new Error("no answer")) : resolve({ line: text.split("\r\n")[0] ?? "", serial }),
      );
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    });
    socket.on("error", reject);
  });
}

const serialOf = ({ cert }: { cert: string }): string => new X509Certificate(cert).serialNumber;

describe("TLS", () => {
  test("another certificate is shown to new connections; a request under way ends on the old one", async () => {
    const held = Promise.withResolvers<void>();
    let began = () => {};
    const begun = new Promise<void>((resolve) => {
      began = resolve;
    });
    const listener = await listening(local, first, async (request) => {
      if (request.url.endsWith("/slow")) {
        began();
        await held.promise;
      }
      return new Response("here");
    });
    const { url } = listener;
    expect((await ask(url)).serial).toBe(serialOf(first));
    const slow = fetch(`${url}/slow`, { tls: { rejectUnauthorized: false } });
    await begun;
    listener.renew(second);
    expect(listener.url).toBe(url);
    expect(await ask(url)).toEqual({ line: "HTTP/1.1 200 OK", serial: serialOf(second) });
    listener.renew(first);
    expect((await ask(url)).serial).toBe(serialOf(first));
    held.resolve();
    expect(await (await slow).text()).toBe("here");
  });

  test("a certificate that cannot be served leaves the old one", async () => {
    const listener = await listening(local, first);
    expect(() => listener.renew({ cert: "none", key: "none" })).toThrow("Cannot listen on 127.0.0.1:");
    expect((await ask(listener.url)).serial).toBe(serialOf(first));
  });

  test("stop waits for requests on retired connections too, and cuts them at its deadline", async () => {
    for (const deadline of [60_000, 50]) {
      const held = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const listener = await listening(local, first, async () => {
        begun.resolve();
        await held.promise;
        return new Response("late");
      });
      const slow = fetch(listener.url, { tls: { rejectUnauthorized: false } }).then(
        (response) => response.text(),
        () => "cut",
      );
      await begun.promise;
      listener.renew(second);
      let through = false;
      const stopped = listener.stop(deadline).then(() => {
        through = true;
      });
      if (deadline === 50) expect(await slow).toBe("cut");
      else {
        await Promise.race([stopped, Bun.sleep(100)]);
        expect(through).toBe(false);
      }
      held.resolve();
      expect(await slow).toBe(deadline === 50 ? "cut" : "late");
      await stopped;
      expect(await failureOf(ask(listener.url))).toBeInstanceOf(Error);
    }
  });

  test("with authorities only their clients come in", async () => {
    const [client, stranger] = [
      makeCertificate({ name: "client", issuer: authority }),
      makeCertificate({ name: "client", authority: true }),
    ];
    const { url } = await listening(local, { ...first, clientCas: [authority.cert] });
    const { cert, key } = client;
    expect((await ask(url, { cert, key })).line).toBe("HTTP/1.1 200 OK");
    expect(await failureOf(ask(url))).toBeInstanceOf(Error);
    expect(await failureOf(ask(url, { cert: stranger.cert, key: stranger.key }))).toBeInstanceOf(Error);
  });

  test("1.2 is the oldest, 1.3 where that is asked for, and suites of 1.2 are chosen", async () => {
    const suites = { good: "ECDHE-ECDSA-AES256-GCM-SHA384", other: "ECDHE-ECDSA-AES128-GCM-SHA256" };
    const usual = await listening(local, first);
    const modern = await listening(local, { ...first, minimum: "tls1.3" });
    const narrow = await listening(local, { ...first, ciphers: [suites.good] });
    const old = { maxVersion: "TLSv1.2" } as const;
    expect((await ask(usual.url, old)).line).toBe("HTTP/1.1 200 OK");
    expect(await failureOf(ask(usual.url, { minVersion: "TLSv1", maxVersion: "TLSv1.1" }))).toBeInstanceOf(
      Error,
    );
    expect((await ask(modern.url)).line).toBe("HTTP/1.1 200 OK");
    expect(await failureOf(ask(modern.url, old))).toBeInstanceOf(Error);
    expect((await ask(narrow.url, { ...old, ciphers: suites.good })).line).toBe("HTTP/1.1 200 OK");
    expect(await failureOf(ask(narrow.url, { ...old, ciphers: suites.other }))).toBeInstanceOf(Error);
  });
});

describe("a socket", () => {
  async function socketPath(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "chartroom-socket-"));
    open.push(() => rm(folder, { recursive: true }));
    return join(folder, "registry.sock");
  }

  test("is listened on, shows no address, and goes when the server stops", async () => {
    const socket = await socketPath();
    const listener = await listening({ socket }, undefined, async (_, { address }) =>
      Response.json({ address: address ?? null }),
    );
    expect(listener.url).toBe(`unix:${socket}`);
    expect(listener.addresses).toEqual([{ socket }]);
    expect(await (await fetch("http://registry/", { unix: socket })).json()).toEqual({ address: null });
    await listener.stop(0);
    expect(existsSync(socket)).toBe(false);
  });

  test("that a killed server left is taken over; one in use, and any other file, is a conflict", async () => {
    const socket = await socketPath();
    const child = Bun.spawn(
      [
        process.execPath,
        "-e",
        `Bun.serve({unix: ${JSON.stringify(socket)}, fetch: () => new Response()}); console.log("up")`,
      ],
      { stdout: "pipe" },
    );
    await child.stdout.getReader().read();
    expect(await codeOf(listen([{ socket }], undefined, async () => new Response()))).toBe("conflict");
    child.kill("SIGKILL");
    await child.exited;
    expect(existsSync(socket)).toBe(true);
    await listening({ socket }, undefined);
    expect(await (await fetch("http://registry/", { unix: socket })).text()).toBe("here");

    const file = `${socket}.txt`;
    await writeFile(file, "precious");
    expect(await codeOf(listen([{ socket: file }], undefined, async () => new Response()))).toBe("conflict");
    expect(await Bun.file(file).text()).toBe("precious");
  });

  test("where no file can be made is refused", async () => {
    const failed = listen([{ socket: "/nowhere/registry.sock" }], undefined, async () => new Response());
    expect(String(await failureOf(failed))).toContain("Cannot listen on /nowhere/registry.sock: ");
  });
});
