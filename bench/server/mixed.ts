import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { contest } from "../peers/contest.ts";
import { push } from "../peers/push.ts";
import { putScript } from "../peers/scripts.ts";
import { distribution3, zot } from "../peers/sides.ts";
import { wrk } from "../peers/wrk.ts";
import type { Scenario } from "../scenario.ts";

const repository = "charts/app";
const chart = imageOf([blobOf("a chart")]);

/** Four pulls to a push, all of one repository: each push makes it forgotten what a pull was told. */
export const mixed: Scenario = {
  name: "server: mixed 80/20",
  needs: ["wrk", "distribution3"],
  run: (bench) =>
    contest(bench, {
      ...{ scenario: "manifest GET and PUT, 80/20", unit: "/s", against: [[distribution3], [zot]] },
      note: "wrk, 32 connections; every fifth request puts a new manifest under a new tag",
      prepare: ({ host }) => push({ host, repository }, chart, "first"),
      measure: async ({ host }, round) =>
        wrk({
          url: `http://${host}`,
          script: await putScript(bench, { repository, chart, round, every: 5 }),
        }),
    }),
};
