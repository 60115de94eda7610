// Reads archives: a worker, because each takes milliseconds of a thread, and a hostile one seconds.
import { readFacts } from "../../chart/facts.ts";
import { templatesOf } from "../../chart/templates.ts";
import type { ArchiveReply, ArchiveRequest } from "./archiveMessages.ts";

declare const self: Worker;

// A thread has a policy of its own, and begins with the binary's reluctant one (tools/task.mjs).
Bun.unsafe.setJITPolicy(1);

self.onmessage = async ({ data }: MessageEvent<ArchiveRequest>) => {
  self.postMessage(await answer(data));
};

async function answer({ want, bytes }: ArchiveRequest): Promise<ArchiveReply> {
  try {
    return want === "facts" ? { facts: await readFacts(bytes) } : { json: await templatesOf(bytes) };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}
