import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fabricateCharts } from "../charts.ts";
import { contest } from "../peers/contest.ts";
import { nginx } from "../peers/nginx.ts";
import { ours } from "../peers/sides.ts";
import { wrk } from "../peers/wrk.ts";
import type { Scenario } from "../scenario.ts";
import { filled } from "./filled.ts";

const versions = 10_000;
const path = "/charts/many/index.yaml";

/** An index that its reader has already. */
export const indexYaml: Scenario = {
  name: "server: index.yaml, conditional",
  needs: ["wrk", "nginx"],
  async run(bench) {
    let index: Uint8Array = new Uint8Array();
    const etags = new Map<string, string>();
    return contest(bench, {
      ...{ scenario: "index.yaml of 10,000 versions, conditional GET", unit: "/s" },
      us: { ...ours, start: () => filled(bench, (catalog) => fabricateCharts(catalog, "many", versions)) },
      against: [[nginx, { atLeast: 0.5, of: "ratio" }]],
      note: "wrk, 32 connections, each with the entity tag of what is there: 304",
      async prepare({ host, folder }, side) {
        if (side === nginx) {
          await mkdir(join(folder, "files/charts/many"), { recursive: true });
          await Bun.write(join(folder, "files", path), index);
        }
        const answer = await fetch(`http://${host}${path}`, {
          proxy: false,
          headers: { "accept-encoding": "identity" },
        });
        index = await answer.bytes();
        if (!answer.ok || index.byteLength < versions) throw new Error(`${side.name} has no index`);
        etags.set(host, answer.headers.get("etag") ?? "");
      },
      measure: ({ host }) =>
        wrk({ url: `http://${host}${path}`, headers: { "if-none-match": etags.get(host) ?? "" } }),
    });
  },
};
