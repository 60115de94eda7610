import { contest } from "../peers/contest.ts";
import { generate } from "../peers/generate.ts";
import { distribution3, zot } from "../peers/sides.ts";
import type { Scenario } from "../scenario.ts";

const count = 200;

/** Manifests that come and go: what is deleted is waiting for collection while others are pushed. */
export const removal: Scenario = {
  name: "server: delete",
  needs: ["distribution3"],
  run: (bench) =>
    contest(bench, {
      ...{ scenario: "manifest PUT under a tag, then DELETE", unit: "/s", against: [[distribution3], [zot]] },
      note: "eight clients, each waits for an answer before it goes on; the blobs are there",
      async measure({ host }, round) {
        const seconds = await generate("remover", host, "charts/app", round, count);
        return { figure: count / seconds, operations: count };
      },
    }),
};
