// Uploads blobs, several at once, whole or in chunks of a quarter each. A process of its own, for the load's cores. Prints the
// seconds it took.
//
//   bun bench/peers/uploader.ts HOST ROUND COUNT SIZE whole|chunked
import { inParallel } from "../../src/oci/parallel.ts";
import { blobOf, type Content } from "../../src/testing/artifacts.ts";
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

async function upload(blob: Content): Promise<void> {
  if (how === "whole") return pushBlob(target, blob);
  await pushInChunks(target, blob, Math.ceil(blob.bytes.byteLength / 4));
}

const began = performance.now();
await inParallel(blobs, atOnce, upload);
console.log((performance.now() - began) / 1000);
