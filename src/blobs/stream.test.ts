import { expect, test } from "bun:test";
import type { OpenFile } from "../files/filesystem.ts";
import { streamRange } from "./stream.ts";

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
