import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { contest } from "../peers/contest.ts";
import { push } from "../peers/push.ts";
import { putScript } from "../peers/scripts.ts";
import { distribution2, distribution3, zot } from "../peers/sides.ts";
import { wrk } from "../peers/wrk.ts";
import type { Scenario } from "../scenario.ts";

const repository = "charts/app";
const chart = imageOf([blobOf(noise(1000))]);

/** A new manifest under a new tag, again and again. */
export const manifestPut: Scenario = {
  name: "server: manifest put",
  needs: ["wrk", "distribution3"],
  run: (bench) =>
    contest(bench, {
      ...{ scenario: "manifest PUT, 32 clients", unit: "/s", againWithLogs: true },
      against: [
        [distribution3, { atLeast: 10, of: "ratio" }],
        [zot, { atLeast: 40, of: "ratio" }],
        [distribution2],
      ],
      note: "wrk, 32 connections; another manifest and another tag each time, its blobs are there",
      prepare: ({ host }) => push({ host, repository }, chart, "first"),
      measure: async ({ host }, round) =>
        wrk({
          url: `http://${host}`,
          script: await putScript(bench, { repository, chart, round, every: 1 }),
        }),
    }),
};
