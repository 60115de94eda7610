// Uploads blobs, several at once, whole or in chunks of a quarter each. A process of its own, for the load's cores. Prints the
// seconds it took.
//
//   bun bench/peers/uploader.ts HOST ROUND COUNT SIZE whole|chunked
import { blobOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { pushBlob, pushInChunks } from "./push.ts";

const [host = "", round = "", count = "", size = "", how = ""] = process.argv.slice(2);
const atOnce = 8;
const bytes = noise(Number(size));
const target = { host, repository: "charts/app" };

const blobs = Array.from({ length: Number(count) }, (_, number) => {
  new DataView(bytes.buffer).setUint32(0, Number(round) * 1_000_000 + number);
  return blobOf(bytes.slice());
});

async function upload(number: number): Promise<void> {
  const blob = blobs[number]!;
  if (how === "whole") return pushBlob(target, blob);
  await pushInChunks(target, blob, Math.ceil(blob.bytes.byteLength / 4));
}

const began = performance.now();
let next = 0;
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    while (next < blobs.length) await upload(next++);
  }),
);
console.log((performance.now() - began) / 1000);
