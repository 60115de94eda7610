import type { MirrorCounts } from "../../registry/mirror/mirror.ts";
import type { Gauge } from "../../server/metrics.ts";

/** What mirrors did, by the names that CNCF Distribution's proxy has for it, and two of our own. */
export function mirrorGauges(counts: MirrorCounts): Gauge[] {
  const { requests, hits, pulled } = counts;
  const byType = (count: (kind: "blob" | "manifest") => number) => () => ({
    'type="blob"': count("blob"),
    'type="manifest"': count("manifest"),
  });
  const counters: [name: string, help: string, value: Gauge["value"]][] = [
    ["registry_proxy_requests_total", "Asked of mirrors.", byType((kind) => requests[kind])],
    ["registry_proxy_hits_total", "Given as it was kept.", byType((kind) => hits[kind])],
    [
      "registry_proxy_misses_total",
      "Not kept, or not any more.",
      byType((kind) => requests[kind] - hits[kind]),
    ],
    ["registry_proxy_pulled_bytes_total", "Bytes from upstreams.", byType((kind) => pulled[kind])],
    ["chartroom_mirror_stale_total", "Given as kept while the upstream failed.", () => counts.stale],
    ["chartroom_mirror_failures_total", "Questions that upstreams failed to answer.", () => counts.failures],
  ];
  return counters.map(([name, help, value]) => ({ name, help, type: "counter", value }));
}
