import { expect, test } from "bun:test";
import { digestOf } from "../oci/digest.ts";
import { testHandler } from "../testing/handler.ts";
import { noise } from "../testing/streams.ts";

/** A handler that holds a blob large enough to go out as a stream, and what became of its connections' idle timeout. */
async function withLargeBlob() {
  const timed: boolean[] = [];
  const handler = testHandler(undefined, { timed: (on) => timed.push(on) });
  const bytes = noise(5_000_000);
  const path = `/v2/a/blobs/${digestOf(bytes)}`;
  const pushed = await handler.ask(`POST /v2/a/blobs/uploads/?digest=${digestOf(bytes)}`, { body: bytes });
  expect(pushed.status).toBe(201);
  return { ...handler, path, timed };
}

test("a connection's idle timeout is off while a body comes in, and no longer", async () => {
  const { ask, timed } = await withLargeBlob();
  expect(timed).toEqual([false, true]);
  expect((await ask("PUT /v2/a/manifests/1", { body: "no manifest" })).status).toBe(400);
  expect(timed).toEqual([false, true, false, true]);
});

test("and while one goes out, until it is through or given up", async () => {
  const { ask, path, timed } = await withLargeBlob();
  timed.splice(0);
  const whole = await ask(`GET ${path}`);
  expect(timed).toEqual([false]);
  await whole.bytes();
  expect(timed).toEqual([false, true]);
  timed.splice(0);
  await (await ask(`GET ${path}`)).body?.cancel();
  expect(timed).toEqual([false, true]);
});
