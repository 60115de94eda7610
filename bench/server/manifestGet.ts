import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { contest } from "../peers/contest.ts";
import { generate } from "../peers/generate.ts";
import { push } from "../peers/push.ts";
import { distribution2, distribution3, zot } from "../peers/sides.ts";
import { authorization, usersFile } from "../peers/users.ts";
import { wrk } from "../peers/wrk.ts";
import type { Scenario } from "../scenario.ts";

const repository = "charts/app";
/** Distribution gives no OCI manifest to who does not ask for one. */
const accept = "application/vnd.oci.image.manifest.v1+json";
const chart = imageOf([blobOf(noise(10_000))]);

/** What every pull begins with. */
export const manifestGet: Scenario = {
  name: "server: manifest get",
  needs: ["wrk", "distribution3"],
  async run(bench) {
    const { digest, size } = chart.descriptor;
    const against = [
      [distribution3, { atLeast: 10, of: "ratio" }],
      [zot, { atLeast: 3.5, of: "ratio" }],
      [distribution2],
    ] as const;
    const ask = (reference: string, scenario: string) =>
      contest(bench, {
        ...{ scenario, unit: "/s", against, againWithLogs: true },
        note: `wrk, 32 connections; ${size} bytes`,
        prepare: ({ host }) => push({ host, repository }, chart, "1.0.0"),
        measure: ({ host }) =>
          wrk({ url: `http://${host}/v2/${repository}/manifests/${reference}`, headers: { accept } }),
      });
    const headers = { accept, authorization };
    const guarded = await contest(bench, {
      ...{ scenario: "manifest GET by tag, logs and authentication on", unit: "/s" },
      against: [
        [distribution3, { atLeast: 4, of: "ratio" }],
        [zot, { atLeast: 1.5, of: "ratio" }],
        [distribution2],
      ],
      settings: { logs: true, htpasswd: await usersFile(bench, 4) },
      note: "wrk, 32 connections; bcrypt at its least cost, 4, on all sides",
      prepare: ({ host }) => push({ host, repository, authorization }, chart, "1.0.0"),
      measure: ({ host }) => wrk({ url: `http://${host}/v2/${repository}/manifests/1.0.0`, headers }),
    });
    const head = await contest(bench, {
      ...{ scenario: "manifest HEAD by tag", unit: "/s", against: [[distribution3], [zot]] },
      note: "a generator of our own, 32 connections",
      prepare: ({ host }) => push({ host, repository }, chart, "1.0.0"),
      async measure({ host }) {
        const rate = await generate("header", host, `/v2/${repository}/manifests/1.0.0`, 32, accept);
        return { figure: rate, operations: rate };
      },
    });
    return [
      ...(await ask("1.0.0", "manifest GET by tag")),
      ...(await ask(digest, "manifest GET by digest")),
      ...head,
      ...guarded,
    ];
  },
};
