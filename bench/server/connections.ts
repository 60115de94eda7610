import { blobOf } from "../../src/testing/artifacts.ts";
import { nameOf, putManifest } from "../../src/testing/commands.ts";
import { percentile } from "../measure.ts";
import type { Scenario } from "../scenario.ts";
import { Caller } from "./caller.ts";
import { filled } from "./filled.ts";

const rounds = 5;
const count = 1000;
/** Requests on each connection in a round. */
const requests = 20;

/** A thousand connections that are all open, with a request on each at any time. */
export const connections: Scenario = {
  name: "server: connections",
  needs: [],
  async run(bench) {
    const repository = nameOf("charts/app");
    const { host } = await filled(bench, async (catalog) => {
      const small = blobOf('{"mediaType":"application/vnd.example+json"}', "application/vnd.example+json");
      await catalog.apply(putManifest(repository, small, ["1"]));
    });
    const callers = await Promise.all(Array.from({ length: count }, () => Caller.open(host)));
    const figures: number[] = [];
    let took: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      took = [];
      await Promise.all(
        callers.map(async (caller) => {
          for (let i = 0; i < requests; i++) {
            const answer = await caller.get(`/v2/${repository}/manifests/1`);
            if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
            took.push(answer.took);
          }
        }),
      );
      figures.push(percentile(took, 0.99));
    }
    for (const caller of callers) caller.close();
    return [
      {
        scenario: "1,000 connections, a GET on each at any time",
        unit: "ms",
        ours: figures.slice(1),
        note: `the 99th percentile of ${count * requests} requests; every one was answered`,
        goal: { atMost: 500, of: "figure" },
      },
    ];
  },
};
