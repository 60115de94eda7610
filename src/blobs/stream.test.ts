import { expect, test } from "bun:test";
import type { OpenFile } from "../files/filesystem.ts";
import { PromptReads } from "../files/promptReads.ts";
import { readChunks, streamRange } from "./stream.ts";

test("a cancel waits for the read that is under way, then closes once", async () => {
  const events: string[] = [];
  const finish = Promise.withResolvers<{ bytesRead: number }>();
  const file: Pick<OpenFile, "read" | "close"> = {
    read: async () => {
      events.push("read");
      const result = await finish.promise;
      events.push("done");
      return result;
    },
    close: async () => void events.push("close"),
  };
  const reader = streamRange(file as OpenFile, { start: 0, end: 10 }, "it").getReader();
  const reading = reader.read();
  while (events.length === 0) await Bun.sleep(1);
  const cancelling = reader.cancel();
  await Bun.sleep(1);
  finish.resolve({ bytesRead: 5 });
  await Promise.all([reading, cancelling]);
  expect(events).toEqual(["read", "done", "close"]);
});

/** A file of which each read here takes so many ms of a clock of its own. */
function timed(took: number) {
  let now = 0;
  const reads: string[] = [];
  const file: Pick<OpenFile, "read" | "readSync"> = {
    async read(_, __, length) {
      reads.push("thread");
      return { bytesRead: length };
    },
    readSync(_, __, length) {
      reads.push("here");
      now += took;
      return length;
    },
  };
  return { file: file as OpenFile, reads, prompt: new PromptReads(() => now) };
}

const size = 5 * 1024 * 1024;

test("chunks are read here while they are prompt, and others get a turn after each MiB", async () => {
  const { file, reads, prompt } = timed(0.1);
  const turns: number[] = [];
  const turn = () => {
    turns.push(reads.length);
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  for await (const _ of readChunks(file, { start: 0, end: size }, "it", "lent", prompt));
  clearImmediate(next);
  expect(reads).toEqual(new Array(20).fill("here"));
  expect(turns).toEqual([4, 8, 12, 16, 20]);
});

test("chunks that wait for a disk go by threads, those of the next stream too", async () => {
  const { file, reads, prompt } = timed(5);
  for (let streams = 0; streams < 3; streams++)
    for await (const _ of readChunks(file, { start: 0, end: size }, "it", "lent", prompt));
  expect(reads).toEqual(["here", ...new Array(59).fill("thread")]);
});

test("chunks go by threads where nobody said otherwise", async () => {
  const { file, reads } = timed(0.1);
  for await (const _ of readChunks(file, { start: 0, end: size }, "it", "lent"));
  expect(reads).toEqual(new Array(20).fill("thread"));
});
