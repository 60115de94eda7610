// The long runs of tests/torture: processes at work on one store and one registry, killed at any moment; or a registry alone,
// killed under load; or a registry's pushes, deletes and collections against a model of what must be; or transfers whose connections
// are cut; or days of a registry's clients over a file system that fails at one call or another, or loses its power.
//
//   npm run torture [commands] [processes] [seed]
//   npm run torture registry [kills] [clients] [seed]
//   npm run torture model [steps] [seed]
//   npm run torture cuts [cuts] [seed]
//   npm run torture points [points] [seed]
import { MemoryCatalog } from "../src/catalog/memory/memory.ts";
import { openSqliteCatalog } from "../src/catalog/sqlite/sqlite.ts";
import { withBench } from "../tests/bench.ts";
import { type Cut, cutConnections } from "../tests/torture/cuts.ts";
import { killUnderLoad } from "../tests/torture/kills.ts";
import { runModel } from "../tests/torture/model/model.ts";
import { withFolders } from "../tests/torture/points/folders.ts";
import { type Points, tryPoints } from "../tests/torture/points/points.ts";
import { Random } from "../tests/torture/random.ts";
import { storm } from "../tests/torture/storm.ts";

/** Deaths of one registry before the next begins with nothing: what is looked through after each stays as little as at first. */
const lifetime = 100;
const someSeed = Date.now() % 1_000_000;
const [first, ...rest] = process.argv.slice(2);
const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;
const runs: Record<string, (numbers: readonly number[]) => Promise<readonly string[]>> = {
  registry: dying,
  model: modelling,
  cuts: cutting,
  points: pointing,
};
const chosen = runs[first ?? ""];
const faults = chosen === undefined ? await storming([first, ...rest]) : await chosen(rest.map(Number));
for (const fault of faults) console.log(`FAULT: ${fault}`);
console.log(`${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;

async function storming(args: readonly (string | undefined)[]): Promise<readonly string[]> {
  const [commands = 5000, processes = 16, seed = someSeed] = args.flatMap((arg) =>
    arg === undefined ? [] : Number(arg),
  );
  console.log(`${commands} commands by ${processes} processes at once, seed ${seed}`);
  const { counts, deaths, answered } = await withBench((bench) =>
    storm(bench, { commands, processes, seed, deathEvery: 100 }),
  );
  for (const kind of ["done", "killed", "refused"] as const) {
    const each = [...counts[kind]].toSorted().map(([command, count]) => `${command} ${count}`);
    console.log(`${counts.total(kind)} ${kind}: ${each.join(", ")}`);
  }
  console.log(`the registry was killed ${deaths} times; ${answered} answered names are there; ${seconds()}`);
  return counts.faults;
}

async function dying([kills = 10_000, hands = 16, seed = someSeed]: readonly number[]): Promise<
  readonly string[]
> {
  console.log(`${kills} deaths under ${hands} clients at once, seed ${seed}`);
  const sum = { acknowledged: 0, remembered: 0, idle: 0, collected: 0 };
  const lost: string[] = [];
  for (let done = 0; done < kills; done += lifetime) {
    const life = await withBench((bench) =>
      killUnderLoad(bench, {
        kills: Math.min(lifetime, kills - done),
        hands,
        seed: seed + done,
        longest: 250,
      }),
    );
    for (const what of ["acknowledged", "remembered", "idle", "collected"] as const) sum[what] += life[what];
    lost.push(...life.lost);
    console.log(
      `${Math.min(done + lifetime, kills)} deaths, ${sum.idle} before anything was acknowledged; ${sum.acknowledged} requests acknowledged; ${sum.remembered} things looked for, ${lost.length} not there; ${sum.collected} blobs collected; ${seconds()}`,
    );
  }
  return lost;
}

/** The same steps over both catalogs, in turn. */
async function modelling([steps = 1_000_000, seed = someSeed]: readonly number[]): Promise<
  readonly string[]
> {
  console.log(`${steps} steps over each catalog, seed ${seed}`);
  return withBench(async (bench) => {
    for (const [kind, open] of [
      ["memory", async () => new MemoryCatalog()],
      ["sqlite", () => openSqliteCatalog(bench.path("catalog.db"))],
    ] as const) {
      const began = performance.now();
      const catalog = await open();
      const run = await runModel(catalog, new Random(seed), steps).catch((error: Error) => error);
      await catalog.close();
      if (run instanceof Error) return [`over ${kind}, ${run.message}`];
      const { blobs, contents, bytes } = run.collected;
      const rate = ((steps / (performance.now() - began)) * 1000).toFixed(0);
      console.log(
        `over ${kind}: ${blobs} blobs, ${contents} contents and ${bytes} bytes collected; everything compared ${run.compared} times; ${rate} steps a second, ${seconds()}`,
      );
    }
    return [];
  });
}

async function pointing([points = 10_000, seed = someSeed]: readonly number[]): Promise<readonly string[]> {
  console.log(`${points} points, seed ${seed}`);
  const progress = (far: Points) => {
    const each = [...far.struck].map(([kind, count]) => `${count} ${kind}`).join(", ");
    console.log(
      `${far.total} points (${each}), ${far.adopting} with an adoption; ${far.missed} days over before their trouble; ${far.calls} calls of the file system; ${far.acknowledged} requests acknowledged; ${far.remembered} things looked for; ${far.faults.length} faults; ${seconds()}`,
    );
  };
  const options = { points, seed, lanes: 8, progress, report: console.log };
  return (await withFolders((folders) => tryPoints({ folders, ...options }))).faults;
}

async function cutting([cuts = 1000, seed = someSeed]: readonly number[]): Promise<readonly string[]> {
  console.log(`${cuts} connections cut, seed ${seed}`);
  const interrupted = await withBench((bench) => cutConnections(bench, { cuts, random: new Random(seed) }));
  for (const [what, each] of [...Map.groupBy(interrupted.done, ({ transfer }) => transfer)].toSorted()) {
    const sum = (of: (cut: Cut) => number) => each.reduce((total, cut) => total + of(cut), 0);
    const [size, moved] = [sum((cut) => cut.size), sum((cut) => cut.moved)];
    console.log(
      `${what}: ${each.length} cut, ${size} bytes, ${moved} moved for them, ${(moved / size).toFixed(2)} times`,
    );
  }
  console.log(seconds());
  return interrupted.faults;
}
