import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { contest } from "../peers/contest.ts";
import { push } from "../peers/push.ts";
import { distribution2, distribution3, zot } from "../peers/sides.ts";
import { wrk } from "../peers/wrk.ts";
import type { Scenario } from "../scenario.ts";

const repository = "charts/app";
const layers = [blobOf(noise(1000))];
/** What is counted up in a manifest, so that each is another. */
const mark = "NUMBER";
const chart = imageOf(layers, { annotations: { number: mark } });

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
      async measure({ host }, round) {
        const script = bench.path(`put-${round}.lua`);
        await Bun.write(script, scriptOf(round));
        return wrk({ url: `http://${host}`, script });
      },
    }),
};

const scriptOf = (round: number): string => `
local manifest = [==[${new TextDecoder().decode(chart.bytes)}]==]
local before, after = manifest:match("^(.*)${mark}(.*)$")
local headers = { ["content-type"] = "${chart.descriptor.mediaType}" }
local count = 0
function request()
  count = count + 1
  local number = "${round}-" .. count
  return wrk.format("PUT", "/v2/${repository}/manifests/" .. number, headers, before .. number .. after)
end
`;
