import { mkdirSync } from "node:fs";
import { eachInParallel } from "../../src/oci/parallel.ts";
import { blobOf } from "../../src/testing/artifacts.ts";
import { nameOf, putManifest } from "../../src/testing/commands.ts";
import { DistributionData } from "../../src/testing/distribution.ts";
import { contest } from "../peers/contest.ts";
import { curl } from "../peers/curl.ts";
import { distribution3, ours } from "../peers/sides.ts";
import type { Scenario } from "../scenario.ts";
import { filled } from "./filled.ts";

const count = 100_000;
const manifest = blobOf('{"mediaType":"application/vnd.example+json"}', "application/vnd.example+json");
/** In the order of their names, a thousand below each of a hundred prefixes. */
const nameAt = (i: number) =>
  `team-${String(Math.floor(i / 1000)).padStart(2, "0")}/chart-${String(i).padStart(6, "0")}`;

/** A page out of the middle of a long catalogue. */
export const catalogue: Scenario = {
  name: "server: catalog",
  needs: ["curl", "distribution3"],
  run: (bench) =>
    contest(bench, {
      ...{ scenario: "catalog, 100 repositories out of the middle of 100,000", unit: "/s", rounds: 3 },
      us: {
        ...ours,
        start: () =>
          filled(bench, async (catalog) => {
            async function* commands() {
              for (let i = 0; i < count; i++) yield putManifest(nameOf(nameAt(i)), manifest);
            }
            await eachInParallel(commands(), 500, async (command) => void (await catalog.apply(command)));
          }),
      },
      against: [[distribution3]],
      note: "curl, one client, a new connection each time; the peer's repositories are fabricated as directories",
      async prepare({ folder }, side) {
        if (side !== distribution3) return;
        const data = new DistributionData(`${folder}/data`);
        for (let i = 0; i < count; i++)
          mkdirSync(data.path("repositories", nameAt(i), "_manifests"), { recursive: true });
      },
      async measure({ host }) {
        const last = encodeURIComponent(nameAt(count / 2));
        return { figure: 1 / (await curl([`http://${host}/v2/_catalog?n=100&last=${last}`])), operations: 1 };
      },
    }),
};
