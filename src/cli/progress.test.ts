import { expect, test } from "bun:test";
import { blobOf } from "../testing/artifacts.ts";
import type { Context } from "./context.ts";
import { progressOf } from "./progress.ts";

test("the live line counts what is there already as done, once, and not into the rate", async () => {
  const { descriptor } = blobOf("x".repeat(100));
  const drawn = Promise.withResolvers<string>();
  let now = 0;
  const context = {
    terminal: { stdin: false, stdout: false, stderr: true },
    now: () => now,
    tell: (text: string) => drawn.resolve(text),
  } as Context;
  const progress = progressOf("pushed", {}, context);
  progress.begin?.(descriptor);
  progress.from?.(descriptor, 0);
  progress.bytes?.(descriptor, 80);
  progress.from?.(descriptor, 60);
  progress.bytes?.(descriptor, 20);
  now = 10_000;
  expect(await drawn.promise).toContain("pushed 80 B of 100 B, 10 B/s, 1 under way");
  progress.close();
});

test("one content that goes to two repositories is counted twice, and the line makes room for others", async () => {
  const { descriptor } = blobOf("x".repeat(100));
  const [first, second] = [{ ...descriptor }, { ...descriptor }];
  let [now, told] = [0, ""];
  const drawn: (() => void)[] = [];
  const context = {
    terminal: { stdin: false, stdout: true, stderr: true },
    now: () => now,
    tell: (text: string) => {
      told += text;
      drawn.pop()?.();
    },
  } as Context;
  const progress = progressOf("copied", {}, context);
  for (const each of [first, second]) {
    progress.begin?.(each);
    progress.from?.(each, 0);
    progress.bytes?.(each, 90);
  }
  progress.end?.(first, true);
  const line = new Promise<void>((done) => void drawn.push(done));
  now = 10_000;
  await line;
  expect(told).toContain("copied 180 B of 200 B, 18 B/s, 1 under way");
  told = "";
  progress.clear();
  progress.clear();
  progress.close();
  expect(told).toBe("\r\x1b[K");
});
