import { blobOf } from "../../src/testing/artifacts.ts";
import { nameOf, putManifest } from "../../src/testing/commands.ts";
import type { Registry } from "../../tests/bench.ts";
import { memoryOf } from "../peers/process.ts";
import { conditionsOf, distribution2, distribution3, isHere, ours, zot } from "../peers/sides.ts";
import type { Row, Scenario } from "../scenario.ts";
import { filled } from "./filled.ts";

const rounds = 7;
const settings = { logs: false };
const manifest = blobOf('{"mediaType":"application/vnd.example+json"}', "application/vnd.example+json");
/** Tags of a large store. */
const many = 200_000;

/** From its start to a registry's first answer, and what it holds then. */
export const startUp: Scenario = {
  name: "server: start",
  needs: ["distribution3"],
  async run(bench) {
    const starts = async (server: Registry) => {
      const [times, memory]: [number[], number[]] = [[], []];
      for (let round = 0; round <= rounds; round++) {
        await server.stop();
        const began = performance.now();
        await server.restart();
        if (round === 0) continue;
        times.push(performance.now() - began);
        memory.push(memoryOf(server.pid(), "now"));
      }
      await server.stop();
      return { times, memory };
    };
    const us = await starts(await ours.start(bench, settings));
    const large = await starts(
      await filled(bench, async (catalog) => {
        for (let at = 0; at < many; at += 1000)
          await catalog.apply(
            putManifest(
              nameOf(`charts/chart-${at}`),
              manifest,
              Array.from({ length: 1000 }, (_, i) => `v${at + i}`),
            ),
          );
      }),
    );
    const rows: Row[] = [
      {
        ...{ scenario: `restart to the first answer, ${many.toLocaleString("en")} tags there`, unit: "ms" },
        ours: large.times,
        peer: { name: "nothing there", samples: us.times },
        note: "what a start reads does not grow with what there is",
        goal: { atMost: 1.5, of: "ratio" },
      },
    ];
    for (const side of [distribution3, distribution2, zot].filter(isHere)) {
      const them = await starts(await side.start(bench, settings));
      const conditions = conditionsOf(ours, settings);
      const peer = { name: side.name, conditions: conditionsOf(side, settings) };
      rows.push(
        {
          ...{ scenario: "start to the first answer", unit: "ms", ours: us.times, conditions },
          peer: { ...peer, samples: them.times },
          note: "from the page cache; asked every 5 ms",
        },
        {
          ...{ scenario: "memory, idle", unit: "MiB", ours: us.memory, conditions },
          peer: { ...peer, samples: them.memory },
          note: "resident set at the first answer",
        },
      );
    }
    return rows;
  },
};
