import { expect, test } from "bun:test";
import { connect, createServer } from "node:net";
import { Transport } from "../src/http/transport.ts";
import { parseRegistryHost, tryRepositoryName } from "../src/oci/reference.ts";
import { repositorySuite } from "../src/oci/repository.suite.ts";
import { readVerified } from "../src/oci/verify.ts";
import { openRemote } from "../src/remote/open.ts";
import { blobOf } from "../src/testing/artifacts.ts";
import { testServer } from "../src/testing/server.ts";
import { noise, streamOf } from "../src/testing/streams.ts";

const open = (host: string) =>
  openRemote(
    { registry: parseRegistryHost(host), repository: tryRepositoryName("my/repo")! },
    { transport: new Transport({ userAgent: "test", sleep: () => Bun.sleep(20) }) },
  );

repositorySuite("our client and our server", async () => {
  const server = await testServer();
  return { repository: open(new URL(server.url).host), close: () => server.dispose() };
});

/** A way to a server on this machine that cuts the first connection that carries more than `limit` bytes. */
async function cuttingProxy(to: string, limit: number) {
  let cut = false;
  const proxy = createServer((near) => {
    const far = connect(Number(new URL(to).port), "127.0.0.1");
    let carried = 0;
    near.on("data", (bytes) => {
      carried += bytes.length;
      far.write(bytes);
      if (cut || carried <= limit) return;
      cut = true;
      // In order, so that the server has what came before.
      far.end();
      near.destroy();
    });
    far.on("data", (bytes) => near.write(bytes));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const)
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { host: `127.0.0.1:${address.port}`, stop: () => new Promise((resolve) => proxy.close(resolve)) };
}

test("an upload whose connection breaks goes on where our server has it", async () => {
  const server = await testServer();
  const proxy = await cuttingProxy(server.url, 1_000_000);
  const blob = blobOf(noise(3_000_000));
  const asked: number[] = [];
  try {
    await open(proxy.host).pushBlob(blob.descriptor, async (from) => {
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
