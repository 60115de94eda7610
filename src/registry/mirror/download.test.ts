import { afterEach, describe, expect, test } from "bun:test";
import type { Blobs } from "../../blobs/blobs.ts";
import { MemoryBlobs } from "../../blobs/memory.ts";
import { MemoryCatalog } from "../../catalog/memory/memory.ts";
import { type Descriptor, describe as descriptorOf } from "../../oci/descriptor.ts";
import { mediaTypes } from "../../oci/mediaTypes.ts";
import { parseRegistryHost } from "../../oci/reference.ts";
import { blobOf, pushContent } from "../../testing/artifacts.ts";
import { nameOf } from "../../testing/commands.ts";
import { failureOf } from "../../testing/errors.ts";
import { hastyTransport, mirrorOf } from "../../testing/mirrored.ts";
import { refuse, type Spoil, testRegistry } from "../../testing/registry.ts";
import { type TestServer, testServer } from "../../testing/server.ts";
import { bytesOf, noise, streamOf } from "../../testing/streams.ts";
import { tcpProxy } from "../../testing/tcpProxy.ts";
import { Burials } from "../burials.ts";
import { replacing } from "../replacing.ts";
import { Download } from "./download.ts";
import { UpstreamFailed } from "./failure.ts";

/** More than is answered out of memory. */
const bytes = noise(9 * 1024 * 1024 + 5);
const blob: Descriptor = descriptorOf(bytes, mediaTypes.octets);
const path = `/v2/a/b/blobs/${blob.digest}`;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A mirror over files, asked over a socket, whose upstream has the blob. */
async function mirrored(spoil: Spoil): Promise<{ server: TestServer }> {
  const upstream = testRegistry(spoil);
  closing.push(() => upstream.stop());
  await pushContent(upstream.repository, blobOf(bytes));
  const ending = new AbortController();
  const transport = hastyTransport({ signal: ending.signal });
  const server = await testServer({ mirrors: [mirrorOf(upstream.host, "", { transport })] });
  closing.push(async () => {
    ending.abort();
    await server.dispose();
  });
  return { server };
}

/** Bytes that come when a test says so. */
interface Tap {
  readonly body: ReadableStream<Uint8Array>;
  give(from: number, to: number, source?: Uint8Array): void;
  end(): void;
}

function tap(): Tap {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (made) => {
      controller = made;
    },
  });
  return {
    body,
    give: (from, to, source = bytes) => controller?.enqueue(source.slice(from, to)),
    end: () => controller?.close(),
  };
}

/** Blobs come out of taps, one for each GET; what was asked for by range is noted. */
function tapped(): { spoil: Spoil; taps: Tap[]; next: () => Promise<Tap> } {
  const taps: Tap[] = [];
  let told = Promise.withResolvers<Tap>();
  const spoil: Spoil = (request, { pathname }) => {
    if (request.method !== "GET" || !pathname.includes("/blobs/")) return undefined;
    const one = tap();
    taps.push(one);
    told.resolve(one);
    told = Promise.withResolvers();
    return new Response(one.body);
  };
  return { spoil, taps, next: () => told.promise };
}

/** A mirror whose way to the upstream a test can cut; the upstream says 503 for as long as it is to stay away. */
async function breaking() {
  let away = false;
  const ranges: (string | null)[] = [];
  const upstream = testRegistry((request, { pathname }) => {
    if (away) return refuse(503, "UNAVAILABLE");
    if (request.method === "GET" && pathname.includes("/blobs/")) ranges.push(request.headers.get("range"));
    return undefined;
  });
  closing.push(() => upstream.stop());
  await pushContent(upstream.repository, blobOf(bytes));
  const way = await tcpProxy(new URL(upstream.origin).host);
  closing.push(() => way.stop());
  const server = await testServer({ mirrors: [mirrorOf(parseRegistryHost(way.host))] });
  closing.push(() => server.dispose());
  const stayAway = (stays: boolean) => {
    away = stays;
  };
  return { server, way, ranges, stayAway };
}

/** Read a body until there are so many bytes of it. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, size: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let had = 0; had < size; ) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the body ended after ${had} bytes, expected ${size}`);
    pieces.push(value);
    had += value.byteLength;
  }
  return Buffer.concat(pieces);
}

const MiB = 1024 * 1024;

describe("a large blob", () => {
  test("is given while it comes, to all who ask meanwhile, and one who leaves spoils nothing", async () => {
    const { spoil, taps, next } = tapped();
    const { server } = await mirrored(spoil);
    const opened = next();
    const leaving = fetch(server.url + path);
    const source = await opened;
    source.give(0, 4 * MiB);
    const first = (await leaving).body!.getReader();
    await readUntil(first, 2 * MiB);
    const joined = (await fetch(server.url + path)).body!.getReader();
    const beginning = await readUntil(joined, 2 * MiB);
    await first.cancel();
    source.give(4 * MiB, bytes.byteLength);
    source.end();
    const rest = await readUntil(joined, bytes.byteLength - beginning.byteLength);
    expect(Buffer.compare(Buffer.concat([beginning, rest]), bytes)).toBe(0);
    expect((await joined.read()).done).toBe(true);
    expect(Buffer.compare(await (await fetch(server.url + path)).bytes(), bytes)).toBe(0);
    expect(taps).toHaveLength(1);
    expect(await server.ingests()).toEqual([]);
  });

  test("whose upstream breaks off is gone on with by range, and its client sees nothing of it", async () => {
    const { server, way, ranges } = await breaking();
    void way.cutAfter(3 * MiB, "down");
    expect(Buffer.compare(await (await fetch(server.url + path)).bytes(), bytes)).toBe(0);
    expect(ranges).toEqual([null, expect.stringMatching(/^bytes=[1-9]\d+-/)]);
  });

  test("is no session of a client's while it comes", async () => {
    const { spoil, next } = tapped();
    const { server } = await mirrored(spoil);
    const opened = next();
    const asking = fetch(server.url + path).then((answer) => answer.bytes());
    const source = await opened;
    const [session] = await server.ingests();
    for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
      const body = method === "PATCH" ? { body: "x" } : {};
      const at = `${server.url}/v2/a/b/blobs/uploads/${session}?digest=${blob.digest}`;
      expect([method, (await fetch(at, { method, ...body })).status]).toEqual([method, 404]);
    }
    source.give(0, bytes.byteLength);
    source.end();
    expect(Buffer.compare(await asking, bytes)).toBe(0);
  });

  test("that turns out wrong breaks its clients' connections: none gets its end, and nothing is kept", async () => {
    const { spoil, next } = tapped();
    const { server } = await mirrored(spoil);
    const opened = next();
    const asking = fetch(server.url + path);
    const source = await opened;
    const wrong = bytes.slice();
    wrong[bytes.byteLength - 1]! ^= 1;
    source.give(0, bytes.byteLength, wrong);
    source.end();
    const reader = (await asking).body!.getReader();
    let size = 0;
    const failure = await failureOf(async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        size += value.byteLength;
      }
    });
    expect(failure).toBeInstanceOf(Error);
    expect(size).toBeLessThan(bytes.byteLength);
    expect(await server.ingests()).toEqual([]);
    expect((await fetch(server.url + path, { method: "HEAD" })).status).toBe(200);
  });

  test("whose upstream stays away breaks off; after a restart it goes on where it was", async () => {
    const { server, way, ranges, stayAway } = await breaking();
    void way.cutAfter(6 * MiB, "down").then(() => stayAway(true));
    expect(await failureOf(async () => (await fetch(server.url + path)).bytes())).toBeInstanceOf(Error);
    expect(await server.ingests()).toHaveLength(1);
    const url = await server.restart();
    stayAway(false);
    ranges.length = 0;
    expect(Buffer.compare(await (await fetch(url + path)).bytes(), bytes)).toBe(0);
    const [, from] = /^bytes=(\d+)-/.exec(ranges[0] ?? "") ?? [];
    expect(Number(from)).toBeGreaterThan(MiB);
    expect(ranges).toHaveLength(1);
    expect(await server.ingests()).toEqual([]);
  });
});

test("who reads a download while it is thrown away is told why", async () => {
  const memory = new MemoryBlobs();
  // The file is opened only once it is gone.
  const blobs = replacing<Blobs>(memory, {
    readIngest: async (name, range) => {
      await failureOf(download.done);
      return memory.readIngest(name, range);
    },
  });
  const store = { blobs, catalog: new MemoryCatalog(), now: () => 1 };
  const download = new Download(store, new Burials(store), {
    session: "s",
    repository: nameOf("a"),
    blob: { digest: blob.digest, size: 1000 },
    source: async () => streamOf(noise(1000)),
  });
  const failure = await failureOf(async () => bytesOf(await download.follow({ start: 0, end: 1000 })));
  expect(failure).toBeInstanceOf(UpstreamFailed);
});
