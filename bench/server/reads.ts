import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { contest } from "../peers/contest.ts";
import { push } from "../peers/push.ts";
import { distribution3, zot } from "../peers/sides.ts";
import { type Load, wrk } from "../peers/wrk.ts";
import type { Row, Scenario } from "../scenario.ts";

const repository = "charts/app";
const [small, large] = [blobOf(noise(10 * 1024)), blobOf(noise(1024 * 1024, 2))];
const chart = imageOf([small, large]);
const accept = chart.descriptor.mediaType;
const blobPath = ({ descriptor }: typeof small) => `blobs/${descriptor.digest}`;

const loads: readonly (Omit<Load, "url"> & { readonly scenario: string; readonly path: string })[] = [
  { scenario: "manifest GET by tag, one client", path: "manifests/1.0.0", headers: { accept }, clients: 1 },
  { scenario: "blob GET 10 KB, one client", path: blobPath(small), clients: 1 },
  { scenario: "blob GET 1 MB", path: blobPath(large) },
  { scenario: "blob GET 1 MB, one client", path: blobPath(large), clients: 1 },
  {
    scenario: "blob GET, 1 KB out of 1 MB by Range",
    path: blobPath(large),
    headers: { range: "bytes=500000-501023" },
  },
];

/** Reads of other sizes, and by one client. */
export const reads: Scenario = {
  name: "server: reads",
  needs: ["wrk", "distribution3"],
  async run(bench) {
    const rows: Row[] = [];
    for (const { scenario, path, ...load } of loads)
      rows.push(
        ...(await contest(bench, {
          ...{ scenario, unit: "/s", against: [[distribution3], [zot]] },
          note: `wrk, ${load.clients ?? 32} connections, from the page cache`,
          prepare: ({ host }) => push({ host, repository }, chart, "1.0.0"),
          measure: ({ host }) => wrk({ ...load, url: `http://${host}/v2/${repository}/${path}` }),
        })),
      );
    return rows;
  },
};
