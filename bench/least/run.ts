// The largest resident set of the least program that takes uploads, of the same with a registry's modules loaded, and of the registry, under
// the loads of `bench/server/uploads.ts` and `largeBlob.ts`. Linux only, since it reads /proc.
//
//   npm run build && runtime/node_modules/.bin/bun bench/least/run.ts
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Bench, withBench } from "../../tests/bench.ts";
import { pinServer } from "../peers/cores.ts";
import { generate } from "../peers/generate.ts";
import { memoryOf } from "../peers/process.ts";

const [mebi, rounds] = [1024 * 1024, 8];
const loads = [
  ["blob PUT 1 MB", 30, mebi, "whole"],
  ["blob PUT 1 MB in four chunks", 30, mebi, "chunked"],
  ["blob PUT 100 MB", 1, 100 * mebi, "whole"],
  ["blob PUT 100 MB in four chunks", 1, 100 * mebi, "chunked"],
] as const;

/** Somebody who takes uploads. */
interface Taker {
  readonly host: string;
  readonly pid: number;
  stop(): Promise<unknown>;
}

async function least(bench: Bench, binary: string): Promise<Taker> {
  const folder = bench.path(`rows-${crypto.randomUUID()}`);
  await mkdir(folder);
  const child = Bun.spawn([binary], { env: { LEAST_FOLDER: folder }, stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  const stop = () => {
    child.kill();
    return child.exited;
  };
  return { host: `127.0.0.1:${new TextDecoder().decode(value).trim()}`, pid: child.pid, stop };
}

/** @returns where the program is */
async function built(bench: Bench, source: "uploads" | "loaded"): Promise<string> {
  const binary = bench.path(source);
  const path = join(import.meta.dir, `${source}.ts`);
  const build = ["build", "--compile", "--minify", "--splitting", "--format=esm", path, "--outfile", binary];
  const child = Bun.spawn([process.execPath, ...build], { stdout: "ignore", stderr: "inherit" });
  if ((await child.exited) !== 0) process.exit(1);
  return binary;
}

async function ours(bench: Bench): Promise<Taker> {
  const registry = await bench.chartroom();
  return { host: registry.host, pid: registry.pid(), stop: () => registry.stop() };
}

await withBench(async (bench) => {
  const [alone, loaded] = [await built(bench, "uploads"), await built(bench, "loaded")];
  for (const [what, count, size, how] of loads)
    for (const [name, start] of [
      ["the least program", () => least(bench, alone)],
      ["with a registry's modules", () => least(bench, loaded)],
      ["chartroom", () => ours(bench)],
    ] as const) {
      const { host, pid, stop } = await start();
      try {
        const rest = memoryOf(pid, "now");
        if (size === mebi) pinServer(pid);
        for (let round = 0; round < rounds; round++)
          await generate("uploader", host, round, count, size, how);
        console.log(`${what}, ${name}: ${rest.toFixed(0)} MiB, then ${memoryOf(pid, "peak").toFixed(0)}`);
      } finally {
        await stop();
      }
    }
});
