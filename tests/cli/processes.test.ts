import { expect } from "bun:test";
import { chartroom } from "../programs.ts";
import { onBench } from "./cli.ts";

onBench("sixteen processes that save at once lose nothing", async (bench) => {
  const names = Array.from({ length: 16 }, (_, i) => `localhost:5000/myrepo/chart-${i}:1.0.${i}`);
  await Promise.all(names.map((name) => bench.done("chartroom", ["chart", "save", "mychart", name])));
  const listed = await bench.done("chartroom", ["chart", "list", "-q"]);
  expect(listed.trim().split("\n").sort()).toEqual(names.sort());
  await bench.done("chartroom", ["chart", "check"]);
});

onBench("killed at any moment, the store is whole, and saving again succeeds", async (bench) => {
  const store = bench.path("store");
  const run = (...args: string[]) => bench.done("chartroom", ["chart", ...args, "--store", store]);
  let finished = 0;
  const rounds = 40;
  for (let round = 0; round < rounds; round++) {
    await Bun.write(bench.path("mychart", "values.yaml"), `round: ${round}\n`);
    const name = `localhost:5000/myrepo/mychart:${round % 3}.0.0`;
    const child = Bun.spawn([chartroom, "chart", "save", "mychart", name, "--store", store], {
      cwd: bench.folder,
      stdio: ["ignore", "ignore", "ignore"],
    });
    // A save takes some 20 ms: the moments of death are spread over all of it, and a little more.
    await Bun.sleep((round / rounds) * 40);
    child.kill("SIGKILL");
    if ((await child.exited) === 0) finished++;
    await run("check");
    await run("save", "mychart", name);
    if (round % 10 === 9) await run("prune");
  }
  expect(finished).toBeLessThan(rounds);
  await run("check");
});
