import { expect, test } from "bun:test";
import { MemoryBlobs } from "../../blobs/memory.ts";
import { MemoryCatalog } from "../../catalog/memory/memory.ts";
import { Registry } from "../../registry/registry.ts";
import { createHandler } from "../../server/handler.ts";
import { Log } from "../../server/log.ts";
import { Metrics } from "../../server/metrics.ts";
import { blobOf, imageOf } from "../../testing/artifacts.ts";
import { collectionGauges } from "./watch.ts";

const grace = 1000;
const blob = blobOf("a layer");
const image = imageOf([], {}, blob);

/** A registry as it is asked over HTTP, with a clock. */
function served() {
  const clock = { now: 1_000_000 };
  const store = { blobs: new MemoryBlobs(), catalog: new MemoryCatalog(), now: () => clock.now };
  const registry = new Registry({ ...store, rules: { grace } });
  const handle = createHandler({ registry, log: new Log(() => {}), now: store.now });
  const peer = { address: "192.0.2.7", untime: () => {}, retime: () => {}, isThrough: () => true };
  const ask = async (line: string, body?: Uint8Array, type = "application/octet-stream") => {
    const [method = "", path = ""] = line.split(" ");
    const headers = { "content-type": type, "content-length": `${body?.byteLength ?? 0}` };
    const given = body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> };
    return (await handle(new Request(`http://registry.example${path}`, { method, headers, ...given }), peer))
      .status;
  };
  return { clock, registry, ask };
}

const { digest } = blob.descriptor;

for (const [line, status] of [
  [`HEAD /v2/a/blobs/${digest}`, 200],
  [`POST /v2/a/blobs/uploads/?mount=${digest}&from=b`, 201],
] as const)
  test(`after ${line.slice(0, 4)} told that a blob is there, its manifest is taken for half a grace period`, async () => {
    const { clock, registry, ask } = served();
    expect(await ask(`POST /v2/a/blobs/uploads/?digest=${digest}`, blob.bytes)).toBe(201);
    clock.now += grace - 1;
    expect(await ask(line)).toBe(status);
    clock.now += grace / 2;
    await registry.collector.run(grace);
    expect(await ask("PUT /v2/a/manifests/v1", image.bytes, image.descriptor.mediaType)).toBe(201);
  });

test("a GET promises nothing", async () => {
  const { clock, registry, ask } = served();
  await ask(`POST /v2/a/blobs/uploads/?digest=${digest}`, blob.bytes);
  clock.now += grace - 1;
  expect(await ask(`GET /v2/a/blobs/${digest}`)).toBe(200);
  clock.now += 1;
  await registry.collector.run(grace);
  expect(await ask(`HEAD /v2/a/blobs/${digest}`)).toBe(404);
});

test("collection is counted where metrics are told", async () => {
  const { clock, registry, ask } = served();
  await ask(`POST /v2/a/blobs/uploads/?digest=${digest}`, blob.bytes);
  clock.now += grace;
  const metrics = new Metrics(collectionGauges(registry.collector));
  expect(await metrics.text()).toContain("\nchartroom_collection_queue 1\n");
  await registry.collector.run(grace);
  const text = await metrics.text();
  expect(text).toContain(
    "# TYPE chartroom_collected_blobs_total counter\nchartroom_collected_blobs_total 1\n",
  );
  expect(text).toContain("\nchartroom_collected_bytes_total 7\n");
  expect(text).toContain("\nchartroom_collection_failures_total 0\n");
  expect(text).toContain("# TYPE chartroom_collection_queue gauge\nchartroom_collection_queue 0\n");
});
