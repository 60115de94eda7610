import { afterAll, beforeAll, expect, test } from "bun:test";
import { createPrivateKey } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate, type TestCertificate } from "../testing/certificates.ts";
import { HttpError } from "./errors.ts";
import { readTls, type TlsFiles } from "./tls.ts";
import { Transport } from "./transport.ts";

const authority = makeCertificate({ name: "Test Authority", authority: true });
const server = makeCertificate({ name: "localhost", issuer: authority });
const client = makeCertificate({ name: "client", issuer: authority });
const past = { from: new Date("2020-01-01"), until: new Date("2021-01-01") };
const future = { from: new Date("2048-01-01"), until: new Date("2049-01-01") };

let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-tls-"));
  await writeFile(file("ca.pem"), authority.cert);
  await writeFile(file("client.pem"), client.cert);
  await writeFile(file("client.key"), client.key);
  await writeFile(file("other.key"), server.key);
  await writeFile(file("past.pem"), makeCertificate({ name: "client", issuer: authority, ...past }).cert);
  await writeFile(file("future.pem"), makeCertificate({ name: "client", issuer: authority, ...future }).cert);
  const sealed = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" } as const;
  await writeFile(file("sealed.key"), createPrivateKey(client.key).export(sealed));
  await writeFile(file("garbage.pem"), "no certificate");
});
afterAll(() => rm(folder, { recursive: true }));

/** GET from a server with this certificate: the body's text, or the error. */
async function get(certificate: TestCertificate, files: TlsFiles, options: Bun.TLSOptions = {}) {
  const { cert, key } = certificate;
  const running = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert, key, ...options },
    fetch: () => new Response("hello"),
  });
  try {
    const tls = await readTls(files);
    const transport = new Transport({ userAgent: "test", tls, sleep: async () => undefined });
    const answer = await transport.send({
      method: "GET",
      url: new URL(`https://localhost:${running.port}/`),
    });
    return new TextDecoder().decode(await answer.bytes(100));
  } catch (error) {
    if (error instanceof HttpError) return error;
    throw error;
  } finally {
    await running.stop(true);
  }
}

test("a certificate of an authority that --ca-file names is trusted", async () => {
  expect(await get(server, { caFile: file("ca.pem") })).toBe("hello");
});

test("--insecure-skip-tls-verify trusts anything", async () => {
  expect(await get(makeCertificate({ name: "other.example", ...past }), { insecure: true })).toBe("hello");
});

test.each([
  ["self-signed", makeCertificate({ name: "localhost" }), "its certificate is self-signed"],
  [
    "of an unknown authority",
    makeCertificate({ name: "localhost", issuer: makeCertificate({ name: "Nobody", authority: true }) }),
    "its certificate is signed by an authority that this machine does not trust",
  ],
  [
    "expired",
    makeCertificate({ name: "localhost", issuer: authority, ...past }),
    "its certificate has expired",
  ],
  [
    "for another name",
    makeCertificate({ name: "other.example", issuer: authority }),
    "its certificate is for another name",
  ],
])("a certificate that is %s is not trusted", async (_, certificate, says) => {
  const error = await get(certificate, { caFile: file("ca.pem") });
  expect(error).toMatchObject({
    code: "network",
    reason: "untrusted",
    hint: expect.stringContaining("--insecure-skip-tls-verify"),
  });
  expect((error as HttpError).message).toMatch(new RegExp(`^Cannot reach localhost:\\d+: ${says}$`));
});

test("without --ca-file our own authority is unknown", async () => {
  expect(await get(server, {})).toMatchObject({
    reason: "untrusted",
    hint: expect.stringContaining("--ca-file"),
  });
});

test("a client certificate opens a server that asks for one", async () => {
  const asks = { ca: authority.cert, requestCert: true, rejectUnauthorized: true };
  const files = { caFile: file("ca.pem"), certFile: file("client.pem"), keyFile: file("client.key") };
  expect(await get(server, files, asks)).toBe("hello");
  expect(await get(server, { caFile: file("ca.pem") }, asks)).toMatchObject({
    code: "network",
    hint: expect.stringContaining("--cert-file"),
  });
});

test("a client certificate that the server does not take is named as what may be wrong", async () => {
  const asks = { ca: makeCertificate({ name: "Other", authority: true }).cert, requestCert: true };
  const files = { caFile: file("ca.pem"), certFile: file("client.pem"), keyFile: file("client.key") };
  expect(await get(server, files, { ...asks, rejectUnauthorized: true })).toMatchObject({
    code: "network",
    reason: "dropped",
    hint: "Perhaps the server does not take the certificate of --cert-file.",
  });
});

test("a client certificate is shown to the server that was named, and to none that it redirects to, or that a stranger named", async () => {
  const tls = { cert: server.cert, key: server.key, ca: authority.cert };
  const asking = { ...tls, requestCert: true, rejectUnauthorized: true };
  const served = (options: Bun.TLSOptions, fetch: (request: Request) => Response) =>
    Bun.serve({ port: 0, hostname: "127.0.0.1", tls: options, fetch });
  const other = served(asking, () => new Response("hello"));
  const to = (port?: number) => (request: Request) =>
    Response.redirect(`https://localhost:${port}${new URL(request.url).pathname}`);
  const first = served(asking, to(other.port));
  const files = { caFile: file("ca.pem"), certFile: file("client.pem"), keyFile: file("client.key") };
  const transport = new Transport({
    userAgent: "test",
    tls: await readTls(files),
    sleep: async () => undefined,
  });
  const statusOf = (port?: number, anonymous?: boolean, way = transport) =>
    way
      .send({ method: "GET", url: new URL(`https://localhost:${port}/a`), ...(anonymous && { anonymous }) })
      .then(({ status }) => status as unknown)
      .catch((error: HttpError) => error.reason);
  try {
    expect(await statusOf(other.port)).toBe(200);
    expect(await statusOf(other.port, true)).not.toBe(200);
    expect(
      await statusOf(
        other.port,
        false,
        transport.toStrangers(() => undefined),
      ),
    ).not.toBe(200);
    expect(await statusOf(first.port)).not.toBe(200);
  } finally {
    await Promise.all([other.stop(true), first.stop(true)]);
  }
});

test("https to a server that speaks http, and http to one that speaks https, name the flag", async () => {
  const plain = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const secure = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert: server.cert, key: server.key },
    fetch: () => new Response(),
  });
  const transport = new Transport({ userAgent: "test", sleep: async () => undefined });
  const failure = (url: string) =>
    transport.send({ method: "GET", url: new URL(url) }).catch((error: unknown) => error);
  expect(await failure(`https://localhost:${plain.port}`)).toMatchObject({
    code: "network",
    reason: "handshake",
    hint: expect.stringContaining("--plain-http;"),
  });
  expect(await failure(`http://localhost:${secure.port}`)).toMatchObject({
    code: "network",
    reason: "dropped",
    hint: expect.stringContaining("--plain-http=false"),
  });
  await Promise.all([plain.stop(true), secure.stop(true)]);
});

test.each<[TlsFiles, string]>([
  [{ caFile: "garbage.pem" }, "--ca-file"],
  [{ certFile: "garbage.pem", keyFile: "client.key" }, "--cert-file"],
  [{ certFile: "client.pem", keyFile: "client.pem" }, "--key-file"],
  [{ certFile: "client.pem", keyFile: "other.key" }, "it is not the key of --cert-file"],
  [{ certFile: "client.pem", keyFile: "sealed.key" }, "expected a private key without a pass phrase"],
  [{ certFile: "past.pem", keyFile: "client.key" }, "it expired on 2021-01-01"],
  [{ certFile: "future.pem", keyFile: "client.key" }, "it is not valid before 2048-01-01"],
  [{ certFile: "client.pem" }, "go together"],
])("files that are not what their flags ask for are refused by name: %p", async (names, says) => {
  const files = Object.fromEntries(Object.entries(names).map(([flag, name]) => [flag, file(String(name))]));
  const error = await readTls(files).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "usage", message: expect.stringContaining(says) });
});

test("a file that is missing, or is a directory, is node's error, which names it", async () => {
  const failure = (caFile: string) => readTls({ caFile }).catch((thrown: unknown) => thrown);
  expect(await failure(file("none"))).toMatchObject({ code: "ENOENT", path: file("none") });
  expect(await failure(folder)).toMatchObject({ code: "EISDIR", path: folder });
});
