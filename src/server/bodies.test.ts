import { expect, test } from "bun:test";
import { RegistryError } from "../registry/errors.ts";
import { errorCodes, testHandler } from "../testing/handler.ts";
import { Bodies } from "./bodies.ts";

const megabyte = new Uint8Array(1024 * 1024);

/** A body of 4 MiB that hangs before its end, until it is let go. */
function hanging() {
  let pieces = 0;
  const end = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (pieces === 4) await end.promise;
      if (pieces++ < 4) controller.enqueue(megabyte);
      else controller.close();
    },
  });
  return { body, end: end.resolve, isHeld: () => pieces >= 4 };
}

test("so many bodies are held in memory, then no more, until some are through", async () => {
  const { ask } = testHandler();
  const push = (body: ReadableStream<Uint8Array>) =>
    ask("PUT /v2/a/manifests/1", { body, headers: { "content-type": "application/json" } });
  const bodies = Array.from({ length: 64 }, hanging);
  const pushes = bodies.map(({ body }) => push(body));
  while (!bodies.every(({ isHeld }) => isHeld())) await Bun.sleep(1);
  const refused = await push(hanging().body);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await errorCodes(refused)).toEqual(["TOOMANYREQUESTS"]);
  for (const { end } of bodies) end();
  for (const each of pushes) expect((await each).status).toBe(400);
  const late = hanging();
  late.end();
  expect((await push(late.body)).status).toBe(400);
});

test("a body that drips is given up after five minutes, and what it held is free", () => {
  let time = 0;
  const bodies = new Bodies(() => time);
  const dripping = bodies.begin();
  for (; time <= 250_000; time += 50_000) dripping.take(42 * 1024 * 1024);
  const fault = (take: () => void) => {
    try {
      return take();
    } catch (error) {
      return error instanceof RegistryError ? error.fault : error;
    }
  };
  time = 300_001;
  expect(fault(() => dripping.take(1))).toBe("requestStalled");
  const next = bodies.begin();
  expect(fault(() => next.take(5 * megabyte.byteLength))).toBe("uploadsTooMany");
  dripping.free();
  dripping.free();
  next.take(256 * 1024 * 1024);
  expect(fault(() => next.take(1))).toBe("uploadsTooMany");
});
