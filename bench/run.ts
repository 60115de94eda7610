// Side by side: the same work by us and by the peers, on the same machine, in alternating rounds of one run.
//
//   npm run bench [words of the scenarios to run]
//
// Prints a table and what got worse, and after a whole run writes bench/results.json, the picture, and README's table of them. A
// goal that is missed is printed, and fails nothing.
import { join } from "node:path";
import { withBench } from "../tests/bench.ts";
import { find } from "../tests/programs.ts";
import { check } from "./client/check.ts";
import { migrate } from "./client/migrate.ts";
import { references } from "./client/references.ts";
import { save } from "./client/save.ts";
import { start } from "./client/start.ts";
import { trade } from "./client/trade.ts";
import { machine } from "./machine.ts";
import { distribution3 } from "./peers/sides.ts";
import { pictureOf } from "./picture.ts";
import { withFigures } from "./readme.ts";
import { regressions } from "./regression.ts";
import { type Result, resultOf, tableFor } from "./report.ts";
import type { Scenario } from "./scenario.ts";
import { authenticated } from "./server/authenticated.ts";
import { blobGet } from "./server/blobGet.ts";
import { catalogue } from "./server/catalogue.ts";
import { chartTrade } from "./server/chartTrade.ts";
import { collection } from "./server/collection.ts";
import { connections } from "./server/connections.ts";
import { fairness } from "./server/fairness.ts";
import { index } from "./server/index.ts";
import { indexPush } from "./server/indexPush.ts";
import { indexYaml } from "./server/indexYaml.ts";
import { largeBlob } from "./server/largeBlob.ts";
import { lists } from "./server/lists.ts";
import { manifestGet } from "./server/manifestGet.ts";
import { manifestPut } from "./server/manifestPut.ts";
import { memory } from "./server/memory.ts";
import { mixed } from "./server/mixed.ts";
import { reads } from "./server/reads.ts";
import { referrers } from "./server/referrers.ts";
import { removal } from "./server/removal.ts";
import { startUp } from "./server/startUp.ts";
import { tags } from "./server/tags.ts";
import { tls } from "./server/tls.ts";
import { uploads } from "./server/uploads.ts";

const scenarios: readonly Scenario[] = [
  start,
  trade,
  save,
  migrate,
  references,
  check,
  manifestGet,
  blobGet,
  largeBlob,
  manifestPut,
  chartTrade,
  tags,
  catalogue,
  referrers,
  authenticated,
  indexYaml,
  indexPush,
  startUp,
  reads,
  uploads,
  mixed,
  removal,
  memory,
  tls,
  collection,
  lists,
  fairness,
  connections,
  index,
];

const file = (name: string) => join(import.meta.dir, name);
const wanted = process.argv.slice(2);
const chosen = scenarios.filter(({ name }) => wanted.every((word) => name.includes(word)));
const results: Result[] = [];
for (const { name, needs, run } of chosen) {
  const missing = needs.filter((program) => find(program) === undefined);
  console.log(missing.length === 0 ? `${name} …` : `${name}: left out, ${missing.join(", ")} is missing`);
  if (missing.length === 0) results.push(...(await withBench(run)).map(resultOf));
}
const here = await machine();
console.log(`\n${tableFor(results, here)}`);
const kept: { readonly results: readonly Result[] } = await Bun.file(file("results.json")).json();
for (const line of regressions(kept.results, results))
  console.log(`Worse than in the last run that was kept: ${line}`);
if (chosen.length === scenarios.length) {
  await Bun.write(file("results.json"), `${JSON.stringify({ machine: here, results }, null, 2)}\n`);
  await Bun.write(file("../docs/bench.svg"), pictureOf(results, distribution3.name));
  const readme = await Bun.file(file("../README.md")).text();
  await Bun.write(file("../README.md"), withFigures(readme, results, distribution3.name, "docs/bench.svg"));
}
