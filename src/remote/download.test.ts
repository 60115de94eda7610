import { afterEach, expect, test } from "bun:test";
import { readVerified } from "../oci/verify.ts";
import { blobOf, pushContent } from "../testing/artifacts.ts";
import { type Spoil, type TestRegistry, testRegistry } from "../testing/registry.ts";
import { remoteOf } from "../testing/remote.ts";
import { socketServer } from "../testing/sockets.ts";
import { bytesOf, noise } from "../testing/streams.ts";

const blob = blobOf(noise(50_000));
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A registry that holds the blob, spoiled. */
async function holding(spoil: Spoil): Promise<TestRegistry> {
  const made = testRegistry(spoil);
  closing.push(made.stop);
  await pushContent(made.repository, blob);
  return made;
}

test("a registry that ignores Range gives the range's bytes nevertheless", async () => {
  const made = await holding(() => new Response(blob.bytes.slice()));
  const range = await bytesOf(await remoteOf(made).blob(blob.descriptor, { start: 30_000, end: 30_010 }));
  expect(range).toEqual(blob.bytes.slice(30_000, 30_010));
});

test("a registry that breaks off again and again, with some bytes between, is asked for the rest each time", async () => {
  const server = await socketServer((socket, count) => {
    const from = Number(/range: bytes=(\d+)-/i.exec(server.heads.at(-1) ?? "")?.[1] ?? 0);
    const head = count === 1 ? "200 OK" : `206 Partial\r\nContent-Range: bytes ${from}-49999/50000`;
    socket.write(`HTTP/1.1 ${head}\r\nContent-Length: ${50_000 - from}\r\n\r\n`);
    socket.write(Buffer.from(blob.bytes.subarray(from, from + 4000)));
    // Bytes that come with the end of their connection are lost with it, in Bun.
    setTimeout(() => socket.end(), 20);
  });
  closing.push(server.stop);
  const remote = remoteOf({ host: `127.0.0.1:${server.port}` as TestRegistry["host"] });
  expect(await readVerified(await remote.blob(blob.descriptor), blob.descriptor)).toEqual(blob.bytes);
  expect(server.heads).toHaveLength(13);
});

test("a registry that stands still in mid-blob, goes away and comes back is asked for the rest", async () => {
  const asked: number[] = [];
  const serve = (at = 0) =>
    Bun.serve({
      port: at,
      hostname: "127.0.0.1",
      fetch(request) {
        const from = Number(/bytes=(\d+)-/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
        asked.push(from);
        if (from > 0) {
          const headers = { "content-range": `bytes ${from}-49999/50000` };
          return new Response(blob.bytes.slice(from), { status: 206, headers });
        }
        const still = new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(blob.bytes.subarray(0, 20_000)),
        });
        return new Response(still);
      },
    });
  let server = serve();
  closing.push(() => server.stop(true));
  const { port } = server;
  let waits = 0;
  const sleep = async () => {
    waits++;
    if (waits === 1) await server.stop(true);
    if (waits === 3) server = serve(port);
  };
  const host = `127.0.0.1:${port}` as TestRegistry["host"];
  const remote = remoteOf({ host }, { transport: { timeouts: { stall: 1000 }, sleep } });
  expect(await readVerified(await remote.blob(blob.descriptor), blob.descriptor)).toEqual(blob.bytes);
  expect(asked).toEqual([0, 20_000]);
  expect(waits).toBe(3);
});

test("a registry that calls a range of the blob unsatisfiable is asked for the whole", async () => {
  const made = await holding((request) =>
    request.headers.has("range") ? new Response(null, { status: 416 }) : new Response(blob.bytes.slice()),
  );
  const range = await bytesOf(await remoteOf(made).blob(blob.descriptor, { start: 30_000, end: 30_010 }));
  expect(range).toEqual(blob.bytes.slice(30_000, 30_010));
});
