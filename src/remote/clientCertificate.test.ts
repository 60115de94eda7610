import { afterEach, expect, test } from "bun:test";
import { parseRegistryHost } from "../oci/reference.ts";
import { blobOf } from "../testing/artifacts.ts";
import { askingServer } from "../testing/askingServer.ts";
import { makeCertificate } from "../testing/certificates.ts";
import { refuse } from "../testing/registry.ts";
import { remoteOf } from "../testing/remote.ts";
import { noise, streamOf } from "../testing/streams.ts";

const authority = makeCertificate({ name: "Test Authority", authority: true });
const { cert, key } = makeCertificate({ name: "client", issuer: authority });
const blob = blobOf(noise(100_000));
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function asking(answer: (request: Request) => Response | Promise<Response>) {
  const server = await askingServer(authority, answer);
  closing.push(server.stop);
  return server;
}
const remoteAt = ({ host }: URL) =>
  remoteOf(
    { host: parseRegistryHost(host) },
    { tls: true, transport: { tls: { ca: authority.cert, cert, key } } },
  );
const bearer = (realm: URL) =>
  refuse(401, "UNAUTHORIZED", "no", { "www-authenticate": `Bearer realm="${realm.href}token"` });
const token = () => Response.json({ token: "t" });

test("where a registry has an upload sent to another server, no certificate is shown there", async () => {
  const store = await asking(async (request) => {
    await request.bytes();
    return new Response(null, { status: 201 });
  });
  const registry = await asking(({ method }) =>
    method === "HEAD"
      ? refuse(404, "BLOB_UNKNOWN")
      : new Response(null, { status: 202, headers: { location: `${store.url}upload` } }),
  );
  await remoteAt(registry.url).pushBlob(blob.descriptor, async (from) => streamOf(blob.bytes.subarray(from)));
  expect(registry.seen).toContain("POST /v2/my/repo/blobs/uploads/ client");
  expect(store.seen).toEqual(["PUT /upload nobody"]);
});

test("nor where a redirect leads to another registry, nor where that has tokens", async () => {
  const strangers = await asking(token);
  const other = await asking(({ headers }) =>
    headers.has("authorization")
      ? new Response(null, { headers: { "content-length": "7" } })
      : bearer(strangers.url),
  );
  const registry = await asking(() => Response.redirect(`${other.url}blob`, 307));
  expect(await remoteAt(registry.url).stat(blob.descriptor.digest)).toBe(7);
  expect(other.seen).toEqual(["HEAD /blob nobody", "HEAD /blob nobody"]);
  expect(strangers.seen).toEqual(["GET /token nobody"]);
});

test("the token server that the registry itself names is shown it, as it is given the login", async () => {
  const tokens = await asking(token);
  const registry = await asking(({ headers }) =>
    headers.has("authorization")
      ? new Response(null, { headers: { "content-length": "7" } })
      : bearer(tokens.url),
  );
  expect(await remoteAt(registry.url).stat(blob.descriptor.digest)).toBe(7);
  expect(tokens.seen).toEqual(["GET /token client"]);
});
