import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { eachInParallel } from "../../src/oci/parallel.ts";
import { blobOf } from "../../src/testing/artifacts.ts";
import { nameOf, putManifest } from "../../src/testing/commands.ts";
import { DistributionData } from "../../src/testing/distribution.ts";
import { contest } from "../peers/contest.ts";
import { distribution3, ours, type Side } from "../peers/sides.ts";
import { wrk } from "../peers/wrk.ts";
import type { Scenario } from "../scenario.ts";
import { filled } from "./filled.ts";

const [many, more] = [100_000, 1_000_000];
/** Tags that one command sets: enough that filling is quick. */
const atOnce = 1000;
const manifest = blobOf('{"mediaType":"application/vnd.example+json"}', "application/vnd.example+json");
const tagAt = (i: number) => `v${String(i).padStart(7, "0")}`;

/** Ours, with that many tags in `charts/many`. */
const oursWith = (count: number, name = ours.name): Side => ({
  ...ours,
  name,
  start: (bench) =>
    filled(bench, async (catalog) => {
      async function* commands() {
        for (let at = 0; at < count; at += atOnce)
          yield putManifest(
            nameOf("charts/many"),
            manifest,
            Array.from({ length: atOnce }, (_, i) => tagAt(at + i)),
          );
      }
      await eachInParallel(commands(), 500, async (command) => void (await catalog.apply(command)));
    }),
});

/** Its tags as files, as a hundred thousand pushes leave them. */
function fabricate(root: string): void {
  const data = new DistributionData(root);
  for (let i = 0; i < many; i++) {
    const link = data.tagLink("charts/many", tagAt(i));
    mkdirSync(dirname(link), { recursive: true });
    writeFileSync(link, manifest.descriptor.digest);
  }
}

/** The first page of a long list. */
export const tags: Scenario = {
  name: "server: tags",
  needs: ["wrk", "distribution3"],
  async run(bench) {
    const measure = ({ host }: { host: string }) =>
      wrk({ url: `http://${host}/v2/charts/many/tags/list?n=100`, clients: 8 });
    const unit = "/s";
    const beside = await contest(bench, {
      ...{ scenario: "tags, the first 100 of 100,000", unit },
      us: oursWith(many),
      against: [[distribution3, { atLeast: 100, of: "ratio" }]],
      note: "wrk, 8 connections; the peer's tags are fabricated as files",
      prepare: async ({ folder }, side) => side === distribution3 && fabricate(`${folder}/data`),
      measure,
    });
    const flat = await contest(bench, {
      ...{ scenario: "tags, the first 100 of 1,000,000", unit },
      us: oursWith(more),
      against: [[oursWith(many, "ours of 100,000"), { atLeast: 0.8, of: "ratio" }]],
      note: "wrk, 8 connections",
      measure,
    });
    return [...beside, ...flat];
  },
};
