import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { makeCertificate } from "../../src/testing/certificates.ts";
import { contest } from "../peers/contest.ts";
import { push } from "../peers/push.ts";
import { distribution3 } from "../peers/sides.ts";
import { wrk } from "../peers/wrk.ts";
import type { Scenario } from "../scenario.ts";

const repository = "charts/app";
const chart = imageOf([blobOf("a chart")]);

/** The same pull over https. */
export const tls: Scenario = {
  name: "server: tls",
  needs: ["wrk", "distribution3"],
  async run(bench) {
    const { cert, key } = makeCertificate({ name: "localhost" });
    const paths = { certificate: bench.path("cert.pem"), key: bench.path("key.pem") };
    await Bun.write(paths.certificate, cert);
    await Bun.write(paths.key, key);
    return contest(bench, {
      ...{ scenario: "manifest GET by tag, over TLS", unit: "/s", against: [[distribution3]] },
      settings: { logs: false, tls: paths },
      note: "wrk, 32 connections that are kept",
      prepare: ({ host }) => push({ host, repository, scheme: "https" }, chart, "1.0.0"),
      measure: ({ host }) =>
        wrk({
          url: `https://${host}/v2/${repository}/manifests/1.0.0`,
          headers: { accept: chart.descriptor.mediaType },
        }),
    });
  },
};
