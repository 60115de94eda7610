import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { contest } from "../peers/contest.ts";
import { generate } from "../peers/generate.ts";
import { memoryOf } from "../peers/process.ts";
import { push } from "../peers/push.ts";
import { distribution3, zot } from "../peers/sides.ts";
import { wrk } from "../peers/wrk.ts";
import type { Scenario } from "../scenario.ts";

const repository = "charts/app";
const archive = blobOf(noise(10 * 1024));
const chart = imageOf([archive]);
const accept = chart.descriptor.mediaType;
/** Charts that are pushed and pulled in a round. */
const count = 60;

/** What a registry keeps of its memory once a load is over. */
export const memory: Scenario = {
  name: "server: memory after load",
  needs: ["wrk", "distribution3"],
  run: (bench) =>
    contest(bench, {
      ...{ scenario: "memory after load", unit: "MiB", rounds: 2 },
      against: [[distribution3, { atMost: 1.5, of: "ratio" }], [zot]],
      note: "resident set a second after manifest and blob GETs by 32 clients and charts in and out by 8",
      prepare: ({ host }) => push({ host, repository }, chart, "1.0.0"),
      async measure({ host, pid }, round) {
        const base = `http://${host}/v2/${repository}`;
        const loads = [
          await wrk({ url: `${base}/manifests/1.0.0`, headers: { accept } }),
          await wrk({ url: `${base}/blobs/${archive.descriptor.digest}` }),
        ];
        await generate("trader", host, round, count, 8);
        await Bun.sleep(1000);
        const operations = loads.reduce((sum, each) => sum + each.operations, count);
        return { figure: memoryOf(pid(), "now"), operations };
      },
    }),
};
