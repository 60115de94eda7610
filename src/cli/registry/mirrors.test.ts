import { afterEach, expect, test } from "bun:test";
import type { RepositoryName } from "../../oci/reference.ts";
import { AnsweringServers } from "../../testing/answering.ts";
import { absentDigest } from "../../testing/artifacts.ts";
import { failureOf } from "../../testing/errors.ts";
import { testProxy } from "../../testing/proxy.ts";
import { ConfigReader } from "./config/reader.ts";
import { mirrorSettings } from "./mirrorSettings.ts";
import { openMirrors } from "./mirrors.ts";

const servers = new AnsweringServers();
afterEach(() => servers.closeAll());

const nothingConfigured = new ConfigReader({ kind: "map", members: new Map() });

/** A repository below a mirror, as it is asked at its upstream, a registry over plain http. */
async function upstreamOf(host: string) {
  const mirrors = mirrorSettings(nothingConfigured, [`m=oci://${host}`]);
  const needs = { now: Date.now, signal: new AbortController().signal, read: () => Promise.reject() };
  const [mirror] = await openMirrors(mirrors, { plainHttp: true }, needs);
  return mirror!.open("mychart" as RepositoryName);
}

test("a registry outside leads a mirror to no address inside; one that is inside itself may", async () => {
  const asked: string[] = [];
  const inside = servers.serve(({ url }) => {
    asked.push(url);
    return new Response("secret");
  });
  const outside = servers.serve(() => Response.redirect(`${inside}metadata`));
  const proxy = await testProxy(Number(outside.port));
  servers.closeLater(() => proxy.stop());
  const before = process.env.HTTP_PROXY;
  process.env.HTTP_PROXY = proxy.url;
  servers.closeLater(() => {
    if (before === undefined) delete process.env.HTTP_PROXY;
    else process.env.HTTP_PROXY = before;
  });
  expect(await failureOf((await upstreamOf("charts.example.com")).stat(absentDigest()))).toMatchObject({
    reason: "redirect",
    message: expect.stringContaining("localhost is inside of a network"),
  });
  expect(asked).toEqual([]);
  expect(await (await upstreamOf(outside.host)).stat(absentDigest())).toBe(6);
  expect(asked).toHaveLength(1);
});
