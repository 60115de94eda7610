import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../../testing/certificates.ts";
import { codeOf } from "../../testing/errors.ts";
import { followServerTls, readServerTls } from "./tls.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-tls-"));
});
afterAll(() => rm(root, { recursive: true }));

/** Nothing but a certificate and its key. */
const plain = { clientCas: [], minimum: "tls1.2", ciphers: [] } as const;
const put = async (name: string, text: string) => {
  await writeFile(join(root, name), text);
  return join(root, name);
};

test("a certificate and its key are given as they are, a chain with the server's own first", async () => {
  const authority = makeCertificate({ name: "authority", authority: true });
  const { cert, key } = makeCertificate({ name: "localhost", issuer: authority });
  const chain = cert + authority.cert;
  const files = { ...plain, certificate: await put("chain.pem", chain), key: await put("key.pem", key) };
  expect(await readServerTls(files)).toEqual({ cert: chain, key, ...plain });
  const reversed = { ...files, certificate: await put("reversed.pem", authority.cert + cert) };
  expect(readServerTls(reversed)).rejects.toThrow(`Cannot use key ${files.key}: it is not the key of`);
});

test("a file that is missing or no such thing is named, and a key is never shown", async () => {
  const { cert, key } = makeCertificate({ name: "localhost" });
  const good = { ...plain, certificate: await put("c.pem", cert), key: await put("k.pem", key) };
  const none = join(root, "none");
  const bad = await put("bad.pem", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
  for (const [files, why] of [
    [{ ...good, certificate: none }, `Cannot read certificate ${none}: no such file`],
    [{ ...good, key: none }, `Cannot read key ${none}: no such file`],
    [{ ...good, certificate: good.key }, `Cannot use certificate ${good.key}: expected a chain in PEM`],
    [{ ...good, key: bad }, `Cannot use key ${bad}: expected a private key in PEM without pass phrase`],
  ] as const) {
    expect(await codeOf(readServerTls(files))).toBe("invalid");
    const { message } = await readServerTls(files).catch((error) => error);
    expect(message).toBe(why);
  }
});

test("clients' authorities are read too, and named when they are none", async () => {
  const { cert, key } = makeCertificate({ name: "localhost" });
  const authority = makeCertificate({ name: "authority", authority: true });
  const ca = await put("ca.pem", authority.cert);
  const files = { ...plain, certificate: await put("c1.pem", cert), key: await put("k1.pem", key) };
  expect((await readServerTls({ ...files, clientCas: [ca] })).clientCas).toEqual([authority.cert]);
  const { message } = await readServerTls({ ...files, clientCas: [files.key] }).catch((error) => error);
  expect(message).toBe(`Cannot use certificate ${files.key}: expected an authority in PEM`);
});

test("files that change are handed on once; a pair that does not fit is told once, and changes nothing", async () => {
  const [old, fresh] = [makeCertificate({ name: "localhost" }), makeCertificate({ name: "localhost" })];
  const files = { ...plain, certificate: await put("c2.pem", old.cert), key: await put("k2.pem", old.key) };
  const changes: string[] = [];
  const warnings: string[] = [];
  const first = await readServerTls(files);
  const stop = followServerTls(
    files,
    first,
    2,
    ({ cert }) => changes.push(cert),
    (message) => warnings.push(message),
  );
  try {
    await put("c2.pem", fresh.cert);
    while (warnings.length === 0) await Bun.sleep(2);
    await Bun.sleep(20);
    expect(warnings).toEqual([
      `Cannot use key ${files.key}: it is not the key of ${files.certificate}; the certificate known before stays`,
    ]);
    expect(changes).toEqual([]);
    await put("k2.pem", fresh.key);
    while (changes.length === 0) await Bun.sleep(2);
    await Bun.sleep(20);
    expect(changes).toEqual([fresh.cert]);
  } finally {
    stop();
  }
});
