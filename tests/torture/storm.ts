import { appendFile, cp } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Registry } from "../bench.ts";
import { Counts, Lane, type Sea } from "./lane.ts";
import { Ledger } from "./ledger.ts";
import { Random } from "./random.ts";

export interface StormOptions {
  /** Commands to run in all. */
  readonly commands: number;
  /** Processes at once. */
  readonly processes: number;
  readonly seed: number;
  /** Commands between two deaths of the registry. */
  readonly deathEvery: number;
}

/** What a storm left. */
export interface Aftermath {
  readonly counts: Counts;
  readonly deaths: number;
  /** Saves and pushes that were answered, and looked for afterwards. */
  readonly answered: number;
}

const example = join(import.meta.dir, "../../examples/mychart");

/**
 * Processes at work on one store and one registry, all commands mixed, killed at any moment, the registry too. Afterwards
 * the store passes its check, every answered save and push is there, and every command succeeds again; what does not hold
 * is among the faults of `counts`.
 */
export async function storm(bench: Bench, options: StormOptions): Promise<Aftermath> {
  const registry = await bench.chartroom();
  const sea = await seaOf(bench, registry.host, options.seed);
  const deaths = await rage(sea, registry, options);
  const answered = await survey(bench, sea, registry);
  return { counts: sea.counts, deaths, answered };
}

async function seaOf(bench: Bench, host: string, seed: number): Promise<Sea> {
  const charts = new Map<string, string>();
  for (let i = 0; i < 8; i++) {
    const name = `chart-${i}`;
    await cp(example, bench.path(name), { recursive: true });
    await appendFile(bench.path(name, "values.yaml"), `\nvariant: ${i}\n`);
    const args = ["chart", "save", name, `${host}/x/y:1`, "--store", bench.path("scratch"), "-q"];
    charts.set(name, (await bench.done("chartroom", args)).trim().split("@")[1]!);
  }
  return {
    folder: bench.folder,
    store: bench.path("store"),
    env: bench.environment(),
    host,
    charts,
    random: new Random(seed),
    local: new Ledger(),
    remote: new Ledger(),
    counts: new Counts(),
  };
}

/** Let all lanes go. Gives how often the registry was killed meanwhile, and came back. */
async function rage(sea: Sea, registry: Registry, options: StormOptions): Promise<number> {
  let begun = 0;
  let deaths = 0;
  let dying = Promise.resolve();
  const die = async () => {
    await registry.kill();
    await registry.restart();
    deaths++;
  };
  const live = async (number: number) => {
    const lane = new Lane(sea, number);
    while (begun < options.commands) {
      begun++;
      if (begun % options.deathEvery === 0) dying = dying.then(die);
      await lane.step();
    }
  };
  await Promise.all(Array.from({ length: options.processes }, (_, number) => live(number)));
  await dying;
  return deaths;
}

/** When all is quiet: look at everything, and do everything once more. */
async function survey(bench: Bench, sea: Sea, registry: Registry): Promise<number> {
  const { counts, local, remote, store } = sea;
  const chart = (...args: string[]) => bench.done("chartroom", ["chart", ...args, "--no-progress"]);
  await chart("check", "--store", store);
  counts.faults.push(...local.faults("store", await listed(bench, store)));
  await chart("prune", "--store", store);
  await chart("check", "--store", store);
  counts.faults.push(...local.faults("pruned store", await listed(bench, store)));

  await registry.kill();
  await registry.restart();
  const fresh = bench.path("fresh");
  for (const [name] of remote.settled()) await chart("pull", name, "--store", fresh);
  const there = await listed(bench, fresh);
  for (const [name, held] of remote.settled())
    if (there.get(name) !== held) counts.faults.push(`registry: ${name} is ${there.get(name)}, not ${held}`);
  await chart("check", "--store", fresh);

  const again = `${registry.host}/again/mychart:1.0.0`;
  for (const args of [
    ["save", "chart-0", again],
    ["push", again],
    ["remove", again],
    ["pull", again],
  ])
    await chart(...args, "--store", store);
  await chart("export", again, "-d", bench.path("again"), "--store", store);
  return local.settled().length + remote.settled().length;
}

async function listed(bench: Bench, store: string): Promise<Map<string, string>> {
  const text = await bench.done("chartroom", ["chart", "list", "-o", "json", "--store", store]);
  const rows: { ref: string; manifest?: { digest: string }; error?: unknown }[] = JSON.parse(text);
  return new Map(rows.map(({ ref, manifest, error }) => [ref, manifest?.digest ?? JSON.stringify(error)]));
}
