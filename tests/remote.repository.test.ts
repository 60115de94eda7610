import { expect, test } from "bun:test";
import { Transport } from "../src/http/transport.ts";
import { parseRegistryHost, tryRepositoryName } from "../src/oci/reference.ts";
import { repositorySuite } from "../src/oci/repository.suite.ts";
import { readVerified } from "../src/oci/verify.ts";
import { openRemote } from "../src/remote/open.ts";
import { blobOf } from "../src/testing/artifacts.ts";
import { testServer } from "../src/testing/server.ts";
import { noise, streamOf } from "../src/testing/streams.ts";
import { tcpProxy } from "../src/testing/tcpProxy.ts";

const open = (host: string, sleep: () => Promise<unknown> = () => Bun.sleep(20)) =>
  openRemote(
    { registry: parseRegistryHost(host), repository: tryRepositoryName("my/repo")! },
    { transport: new Transport({ userAgent: "test", sleep }) },
  );

repositorySuite("our client and our server", async () => {
  const server = await testServer();
  return { repository: open(new URL(server.url).host), close: () => server.dispose() };
});

test("an upload whose connection breaks goes on where our server has it", async () => {
  const server = await testServer();
  const proxy = await tcpProxy(new URL(server.url).host);
  void proxy.cutAfter(1_000_000, "up");
  const blob = blobOf(noise(3_000_000));
  const asked: number[] = [];
  // Asked before it has noticed, the server would not say yet what it got.
  const noticed = async () => {
    while (!server.logged().includes("PUT")) await Bun.sleep(5);
  };
  try {
    await open(proxy.host, noticed).pushBlob(blob.descriptor, async (from) => {
      asked.push(from);
      return streamOf(blob.bytes.subarray(from));
    });
    expect(asked[0]).toBe(0);
    expect(asked.at(-1)).toBeGreaterThan(0);
    const stored = await open(new URL(server.url).host).blob(blob.descriptor);
    expect(await readVerified(stored, blob.descriptor)).toEqual(blob.bytes);
  } finally {
    await server.dispose();
    await proxy.stop();
  }
});
