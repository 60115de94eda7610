import { expect, test } from "bun:test";
import { setImmediate } from "node:timers/promises";
import { here, one, putManifest } from "../../../testing/commands.ts";
import { codeOf } from "../../../testing/errors.ts";
import type { Reply, Request } from "./messages.ts";
import { Outbox } from "./outbox.ts";

/** A writer whose answers a test gives. */
function scripted() {
  const batches: number[] = [];
  const asked: ((reply: Reply) => void)[] = [];
  const ask = (request: Request) => {
    batches.push(request.kind === "apply" ? request.commands.length : 0);
    return new Promise<Reply>((resolve) => asked.push(resolve));
  };
  /** Answer the batch that the writer is at. */
  const answer = async (failed?: Reply) => {
    while (asked.length === 0) await setImmediate();
    const results = Array.from({ length: batches.at(-1)! }, () => ({ outcome: { done: true } as const }));
    asked.shift()!(failed ?? { kind: "done", results });
  };
  return { writer: { ask, stop: () => {} }, batches, answer };
}

const close = (id: string) => ({ kind: "close-upload", id }) as const;
const wide = { commands: 100, bytes: 1_000_000 };

test("what comes while the writer is at a batch is the next batch", async () => {
  const { writer, batches, answer } = scripted();
  const outbox = new Outbox(writer, wide);
  const first = [outbox.send(close("a")), outbox.send(close("b"))];
  while (batches.length === 0) await setImmediate();
  const second = ["c", "d", "e"].map((id) => outbox.send(close(id)));
  await answer();
  await Promise.all(first);
  await answer();
  await Promise.all(second);
  expect(batches).toEqual([2, 3]);
});

test("a command over the bound is refused as busy, and is welcome once there is room", async () => {
  const { writer, answer } = scripted();
  const outbox = new Outbox(writer, { commands: 2, bytes: 1_000_000 });
  const sent = [outbox.send(close("a")), outbox.send(close("b"))];
  expect(await codeOf(outbox.send(close("c")))).toBe("busy");
  await answer();
  await Promise.all(sent);
  const later = outbox.send(close("c"));
  await answer();
  expect(await later).toEqual({ done: true });
});

test("manifests are bounded by their bytes", async () => {
  const { writer, answer } = scripted();
  const put = putManifest(here, one);
  const outbox = new Outbox(writer, { commands: 100, bytes: 2 * put.bytes.byteLength });
  const sent = [outbox.send(put), outbox.send(put)];
  expect(await codeOf(outbox.send(put))).toBe("busy");
  const small = outbox.send(close("a"));
  await answer();
  await Promise.all([...sent, small]);
});

test("a batch that fails fails each of its commands, and the next is tried", async () => {
  const { writer, answer } = scripted();
  const outbox = new Outbox(writer, wide);
  const sent = ["a", "b"].map((id) => outbox.send(close(id)));
  const codes = Promise.all(sent.map(codeOf));
  await answer({ kind: "failed", failure: { message: "database or disk is full", code: "SQLITE_FULL" } });
  expect(await codes).toEqual(["storage", "storage"]);
  const next = outbox.send(close("c"));
  await answer();
  expect(await next).toEqual({ done: true });
});

test("closing waits for what was sent and refuses what comes after", async () => {
  const { writer, answer } = scripted();
  const outbox = new Outbox(writer, wide);
  const sent = outbox.send(close("a"));
  const closing = outbox.close();
  expect(await codeOf(outbox.send(close("b")))).toBe("storage");
  await answer();
  await closing;
  expect(await sent).toEqual({ done: true });
});
