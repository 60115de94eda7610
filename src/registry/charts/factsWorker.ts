// Reads archives: a worker, because each takes milliseconds of a thread, and a hostile one seconds.
import { readFacts } from "../../chart/facts.ts";
import type { FactsReply } from "./factsMessages.ts";

declare const self: Worker;

// A thread has a policy of its own, and begins with the binary's reluctant one (tools/task.mjs).
Bun.unsafe.setJITPolicy(1);

self.onmessage = async ({ data }: MessageEvent<Uint8Array>) => {
  self.postMessage(await answer(data));
};

async function answer(bytes: Uint8Array): Promise<FactsReply> {
  try {
    return await readFacts(bytes);
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}
