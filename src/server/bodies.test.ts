import { expect, test } from "bun:test";
import { errorCodes, testHandler } from "../testing/handler.ts";

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
