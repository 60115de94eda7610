import { blobOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { contest } from "../peers/contest.ts";
import { pushBlob } from "../peers/push.ts";
import { distribution2, distribution3, zot } from "../peers/sides.ts";
import { wrk } from "../peers/wrk.ts";
import type { Scenario } from "../scenario.ts";

const repository = "charts/app";
const archive = blobOf(noise(10 * 1024));

/** A chart's archive. */
export const blobGet: Scenario = {
  name: "server: blob get, 10 KB",
  needs: ["wrk", "distribution3"],
  run: (bench) =>
    contest(bench, {
      ...{ scenario: "blob GET 10 KB", unit: "/s", againWithLogs: true },
      against: [
        [distribution3, { atLeast: 20, of: "ratio" }],
        [zot, { atLeast: 3, of: "ratio" }],
        [distribution2],
      ],
      note: "wrk, 32 connections, from the page cache",
      prepare: ({ host }) => pushBlob({ host, repository }, archive),
      measure: ({ host }) =>
        wrk({ url: `http://${host}/v2/${repository}/blobs/${archive.descriptor.digest}` }),
    }),
};
