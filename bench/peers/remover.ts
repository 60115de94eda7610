// Pushes manifests under tags and deletes them by digest, several at once: the blobs that they name are there. A process of its own,
// for the load's cores. Prints the seconds it took.
//
//   bun bench/peers/remover.ts HOST REPOSITORY ROUND COUNT
import { inParallel } from "../../src/oci/parallel.ts";
import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { push, pushBlob } from "./push.ts";

const [host = "", repository = "", round = "", count = ""] = process.argv.slice(2);
const atOnce = 8;
const target = { host, repository };
const layer = blobOf("a chart");

const images = Array.from({ length: Number(count) }, (_, number) => {
  const image = imageOf([layer], { annotations: { number: `${round}-${number}` } });
  return { ...image, blobs: [] };
});
for (const blob of imageOf([layer]).blobs) await pushBlob(target, blob);

async function pushAndRemove(number: number): Promise<void> {
  const image = images[number]!;
  await push(target, image, `${round}-${number}`);
  const path = `/v2/${repository}/manifests/${image.descriptor.digest}`;
  const { status } = await fetch(`http://${host}${path}`, { method: "DELETE", proxy: false });
  if (status !== 202) throw new Error(`DELETE ${path} was answered ${status}`);
}

const began = performance.now();
await inParallel([...images.keys()], atOnce, pushAndRemove);
console.log((performance.now() - began) / 1000);
