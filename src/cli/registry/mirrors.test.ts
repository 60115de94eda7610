import { afterEach, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseTag, type RepositoryName } from "../../oci/reference.ts";
import { AnsweringServers } from "../../testing/answering.ts";
import { absentDigest } from "../../testing/artifacts.ts";
import { askingServer } from "../../testing/askingServer.ts";
import { makeCertificate } from "../../testing/certificates.ts";
import { failureOf } from "../../testing/errors.ts";
import { testProxy } from "../../testing/proxy.ts";
import type { GlobalOptions } from "../context.ts";
import { ConfigReader } from "./config/reader.ts";
import { mirrorSettings } from "./mirrorSettings.ts";
import { openMirrors } from "./mirrors.ts";

const servers = new AnsweringServers();
afterEach(() => servers.closeAll());

const nothingConfigured = new ConfigReader({ kind: "map", members: new Map() });

/** A chart of what a mirror mirrors, as it is asked there. */
async function upstreamOf(url: string, options: GlobalOptions = { plainHttp: true }) {
  const mirrors = mirrorSettings(nothingConfigured, [`m=${url}`]);
  const needs = { now: Date.now, signal: new AbortController().signal, read: () => Promise.reject() };
  const [mirror] = await openMirrors(mirrors, options, needs);
  return mirror!.open("mychart" as RepositoryName);
}

/** While the test runs, all requests but those to this machine go to this port of it. */
async function proxyTo(port: string): Promise<void> {
  const proxy = await testProxy(Number(port));
  servers.closeLater(() => proxy.stop());
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY"]) {
    const before = process.env[name];
    process.env[name] = proxy.url;
    servers.closeLater(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

/** The index of a repository that has one chart, in a registry. */
const indexNaming = (registry: string) =>
  `apiVersion: v1\nentries:\n  mychart:\n    - {name: mychart, version: 1.0.0, urls: ["oci://${registry}/a/mychart:1.0.0"]}\n`;

test("a registry outside leads a mirror to no address inside; one that is inside itself may", async () => {
  const asked: string[] = [];
  const inside = servers.serve(({ url }) => {
    asked.push(url);
    return new Response("secret");
  });
  const outside = servers.serve(() => Response.redirect(`${inside}metadata`));
  await proxyTo(outside.port);
  expect(await failureOf((await upstreamOf("oci://charts.example.com")).stat(absentDigest()))).toMatchObject({
    reason: "redirect",
    message: expect.stringContaining("localhost is inside of a network"),
  });
  expect(asked).toEqual([]);
  expect(await (await upstreamOf(`oci://${outside.host}`)).stat(absentDigest())).toBe(6);
  expect(asked).toHaveLength(1);
});

test("nor does a registry that the index of a mirrored repository names", async () => {
  const asked: string[] = [];
  const inside = servers.serve(({ url }) => {
    asked.push(url);
    return new Response("secret");
  });
  const outside = servers.serve(
    ({ url }) => {
      asked.push(url);
      return url.endsWith("/index.yaml")
        ? new Response(indexNaming("registry.example.com"))
        : Response.redirect(`${inside}metadata`);
    },
    makeCertificate({ name: "example.com" }),
  );
  await proxyTo(outside.port);
  const options = { insecureSkipTlsVerify: true };
  const upstream = await upstreamOf("https://charts.example.com/", options);
  expect(await failureOf(upstream.find(parseTag("1.0.0"), undefined))).toMatchObject({
    reason: "redirect",
    message: expect.stringContaining("localhost is inside of a network"),
  });
  expect(asked).toEqual([
    "https://charts.example.com/index.yaml",
    "https://registry.example.com/v2/a/mychart/manifests/1.0.0",
  ]);
});

test("a client certificate is shown to what is mirrored, and to no registry that its index names", async () => {
  const authority = makeCertificate({ name: "Test Authority", authority: true });
  const client = makeCertificate({ name: "client", issuer: authority });
  const folder = await mkdtemp(join(tmpdir(), "chartroom-mirrors-"));
  servers.closeLater(() => rm(folder, { recursive: true }));
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const options = {
    caFile: await file("ca.pem", authority.cert),
    certFile: await file("client.pem", client.cert),
    keyFile: await file("client.key", client.key),
  };
  const asking = async (answer: (request: Request) => Response) => {
    const server = await askingServer(authority, answer);
    servers.closeLater(server.stop);
    return server;
  };
  const registry = await asking(() => new Response(null, { status: 404 }));
  const site = await asking(() => new Response(indexNaming(registry.url.host)));
  const known = await upstreamOf(`oci://${registry.url.host}`, options);
  await known.find(parseTag("1.0.0"), undefined);
  const named = await upstreamOf(site.url.href, options);
  await named.find(parseTag("1.0.0"), undefined);
  expect(site.seen).toEqual(["GET /index.yaml client"]);
  expect(registry.seen).toEqual([
    "GET /v2/mychart/manifests/1.0.0 client",
    "GET /v2/a/mychart/manifests/1.0.0 nobody",
  ]);
});
