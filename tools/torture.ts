// The long run of tests/torture: processes at work on one store and one registry, killed at any moment.
//
//   npm run torture [commands] [processes] [seed]
import { withBench } from "../tests/bench.ts";
import { storm } from "../tests/torture/storm.ts";

const [commands = 5000, processes = 16, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
console.log(`${commands} commands by ${processes} processes at once, seed ${seed}`);
const started = performance.now();
const { counts, deaths, answered } = await withBench((bench) =>
  storm(bench, { commands, processes, seed, deathEvery: 100 }),
);
const seconds = (performance.now() - started) / 1000;
for (const kind of ["done", "killed", "refused"] as const) {
  const each = [...counts[kind]].toSorted().map(([command, count]) => `${command} ${count}`);
  console.log(`${counts.total(kind)} ${kind}: ${each.join(", ")}`);
}
console.log(
  `the registry was killed ${deaths} times; ${answered} answered names are there; ${seconds.toFixed(0)} s`,
);
for (const fault of counts.faults) console.log(`FAULT: ${fault}`);
console.log(`${counts.faults.length} faults`);
process.exitCode = counts.faults.length === 0 ? 0 : 1;
