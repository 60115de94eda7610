// Pushes charts and pulls them again, several at once, as OCI clients do: each blob is looked for, sent by POST and PUT, then the
// manifest; a pull is manifest, config and archive. A process of its own, for the load's cores. Prints the seconds it took.
//
//   bun bench/peers/trader.ts HOST ROUND COUNT AT-ONCE
import { inParallel } from "../../src/oci/parallel.ts";
import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { push } from "./push.ts";

const [host = "", round = "", count = "", atOnce = ""] = process.argv.slice(2);
/** Bytes of an archive, as most charts have. */
const size = 10_000;
const bytes = noise(size);

function chartOf(number: number) {
  new DataView(bytes.buffer).setUint32(0, Number(round) * 1_000_000 + number);
  return imageOf([blobOf(bytes.slice())], {}, blobOf(`{"name":"chart","version":"${round}.${number}.0"}`));
}

const charts = Array.from({ length: Number(count) }, (_, number) => chartOf(number));

async function get(path: string, method = "GET"): Promise<number> {
  const headers = { accept: "application/vnd.oci.image.manifest.v1+json" };
  const answer = await fetch(`http://${host}/v2/${path}`, { method, headers, proxy: false });
  await answer.arrayBuffer();
  return answer.status;
}

async function trade(number: number): Promise<void> {
  const chart = charts[number]!;
  const repository = `charts/chart-${number % 100}`;
  for (const { descriptor } of chart.blobs) await get(`${repository}/blobs/${descriptor.digest}`, "HEAD");
  await push({ host, repository }, chart, `${round}.${number}.0`);
  const pulls = [
    `manifests/${round}.${number}.0`,
    ...chart.blobs.map((blob) => `blobs/${blob.descriptor.digest}`),
  ];
  for (const path of pulls)
    if ((await get(`${repository}/${path}`)) !== 200) throw new Error(`${path} is not there`);
}

const began = performance.now();
await inParallel([...charts.keys()], Number(atOnce), trade);
console.log((performance.now() - began) / 1000);
