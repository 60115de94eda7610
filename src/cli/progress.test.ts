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
