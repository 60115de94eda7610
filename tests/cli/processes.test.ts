import { expect } from "bun:test";
import { cp } from "node:fs/promises";
import { chartroom } from "../programs.ts";
import { example, onBench } from "./cli.ts";

onBench("sixteen processes that save at once lose nothing", async (bench) => {
  const names = Array.from({ length: 16 }, (_, i) => `localhost:5000/myrepo/chart-${i}:1.0.${i}`);
  await Promise.all(names.map((name) => bench.done("chartroom", ["chart", "save", "mychart", name])));
  const listed = await bench.done("chartroom", ["chart", "list", "-q"]);
  expect(listed.trim().split("\n").sort()).toEqual(names.sort());
  await bench.done("chartroom", ["chart", "check"]);
});

onBench("saves, tags, removes and prunes at once get in nobody's way", async (bench) => {
  const run = (...args: string[]) => bench.done("chartroom", ["chart", ...args]);
  const name = (who: number, round: number) => `localhost:5000/myrepo/chart-${who}:${round}`;
  const rounds = 5;
  const writers = Array.from({ length: 6 }, async (_, who) => {
    const folder = `chart-${who}`;
    await cp(example, bench.path(folder), { recursive: true });
    for (let round = 0; round < rounds; round++) {
      // Content that nobody else has, so that a prune in the wrong moment would take it.
      await Bun.write(bench.path(folder, "values.yaml"), `who: ${who}\nround: ${round}\n`);
      await run("save", folder, name(who, round));
      await run("tag", name(who, round), `${name(who, round)}-kept`);
      await run("remove", name(who, round));
    }
  });
  const written = Promise.all(writers).then(() => "written");
  do await run("prune");
  while ((await Promise.race([written, "writing"])) !== "written");
  const kept = Array.from({ length: 6 }, (_, who) =>
    Array.from({ length: rounds }, (__, round) => `${name(who, round)}-kept`),
  );
  expect((await run("list", "-q")).trim().split("\n").sort()).toEqual(kept.flat().sort());
  expect(await run("check")).toStartWith("30 references, ");
  expect(JSON.parse(await run("prune", "-o", "json"))).toMatchObject({ blobs: [] });
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
