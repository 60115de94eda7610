import { expect, test } from "bun:test";
import { Metrics } from "../../server/metrics.ts";
import { mirrorGauges } from "./mirrorGauges.ts";

test("what mirrors did is told as counters, by CNCF Distribution's names", async () => {
  const counts = {
    requests: { blob: 10, manifest: 20 },
    hits: { blob: 7, manifest: 15 },
    pulled: { blob: 3000, manifest: 500 },
    stale: 2,
    failures: 4,
  };
  const lines = (await new Metrics(mirrorGauges(counts)).text()).split("\n");
  for (const line of [
    "# TYPE registry_proxy_requests_total counter",
    'registry_proxy_requests_total{type="blob"} 10',
    'registry_proxy_hits_total{type="manifest"} 15',
    'registry_proxy_misses_total{type="blob"} 3',
    'registry_proxy_misses_total{type="manifest"} 5',
    'registry_proxy_pulled_bytes_total{type="blob"} 3000',
    "chartroom_mirror_stale_total 2",
    "chartroom_mirror_failures_total 4",
  ])
    expect(lines).toContain(line);
});
