// One large blob into the registry and out again: time, and how much its memory grows over that of a process that has already moved
// a small one. Linux only, since it reads /proc.
//
//   npm run build && runtime/node_modules/.bin/bun bench/server/blob.ts [GiB, 10 unless told]
import { readFile, writeFile } from "node:fs/promises";
import { Digester } from "../../src/oci/digest.ts";
import { type Bench, withBench } from "../../tests/bench.ts";

const [mebi, gibi] = [1024 ** 2, 1024 ** 3];
/** The small one, in bytes. */
const warmSize = 256 * mebi;
const path = "/v2/large/blob/blobs";

/** So many bytes, no two blocks alike; `digester` gets them too. */
function bytesOf(size: number, digester: Digester): ReadableStream<Uint8Array> {
  const seed = new Uint8Array(mebi).map((_, i) => (i * 2654435761) >>> 13);
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at >= size) return controller.close();
        const block = seed.slice();
        new DataView(block.buffer).setFloat64(0, at);
        digester.update(block);
        at += block.byteLength;
        controller.enqueue(block);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Send a blob of so many bytes as one PATCH, and give its digest. */
async function pushed(host: string, size: number): Promise<string> {
  const digester = new Digester();
  const opened = await fetch(`http://${host}${path}/uploads/`, { method: "POST", proxy: false });
  const session = new URL(opened.headers.get("location") ?? "", `http://${host}`);
  const sent = await fetch(session, { method: "PATCH", body: bytesOf(size, digester), proxy: false });
  if (sent.status !== 202) throw new Error(`the upload was answered ${sent.status}`);
  const digest = digester.digest();
  const ended = await fetch(`${session}?digest=${digest}`, { method: "PUT", proxy: false });
  if (ended.status !== 201) throw new Error(`its end was answered ${ended.status}`);
  return digest;
}

/** Fetch a blob and see that it is that. */
async function pulled(host: string, digest: string): Promise<void> {
  const answer = await fetch(`http://${host}${path}/${digest}`, { proxy: false });
  const digester = new Digester();
  for await (const piece of answer.body ?? []) digester.update(piece);
  if (digester.digest() !== digest) throw new Error("other bytes came back");
}

/** A figure of a process's memory, MiB: `VmRSS` now, or `VmHWM`, the most since it was last reset. */
async function memory(pid: number, name: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
}

async function measure(bench: Bench, size: number): Promise<void> {
  const registry = await bench.chartroom();
  const { host } = registry;
  await pulled(host, await pushed(host, warmSize));
  const warm = await memory(registry.pid(), "VmHWM");
  console.log(`warm, after ${warmSize / mebi} MiB in and out: ${warm.toFixed(0)} MiB at most`);
  let digest = "";
  for (const [direction, move] of [
    [
      "in",
      async () => {
        digest = await pushed(host, size);
      },
    ],
    ["out", async () => pulled(host, digest)],
  ] as const) {
    await writeFile(`/proc/${registry.pid()}/clear_refs`, "5"); // the most that there was begins anew (proc(5))
    const began = performance.now();
    await move();
    const seconds = (performance.now() - began) / 1000;
    const most = await memory(registry.pid(), "VmHWM");
    console.log(
      `${(size / gibi).toFixed(1)} GiB ${direction}: ${seconds.toFixed(0)} s, ${(size / mebi / seconds).toFixed(0)} MiB/s; ` +
        `${most.toFixed(0)} MiB at most, ${(most - warm).toFixed(0)} more than warm`,
    );
  }
}

const [gigas = "10"] = process.argv.slice(2);
await withBench((bench) => measure(bench, Number(gigas) * gibi));
