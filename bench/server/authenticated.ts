import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { contest } from "../peers/contest.ts";
import { push } from "../peers/push.ts";
import { distribution3, zot } from "../peers/sides.ts";
import { authorization, usersFile } from "../peers/users.ts";
import { wrk } from "../peers/wrk.ts";
import type { Scenario } from "../scenario.ts";

const repository = "charts/app";
const chart = imageOf([blobOf("a chart")]);

/** A user whose password is kept as it should be. */
export const authenticated: Scenario = {
  name: "server: authenticated get",
  needs: ["wrk", "distribution3"],
  run: async (bench) =>
    contest(bench, {
      ...{ scenario: "manifest GET, bcrypt at cost 12", unit: "/s" },
      against: [[distribution3, { atLeast: 1000, of: "ratio" }], [zot]],
      settings: { logs: false, htpasswd: await usersFile(bench, 12) },
      note: "wrk, 2 connections; we remember a verified password for ten minutes, under an HMAC",
      prepare: ({ host }) => push({ host, repository, authorization }, chart, "1.0.0"),
      measure: ({ host }) =>
        wrk({
          url: `http://${host}/v2/${repository}/manifests/1.0.0`,
          headers: { authorization, accept: chart.descriptor.mediaType },
          ...{ clients: 2, seconds: 4 },
        }),
    }),
};
