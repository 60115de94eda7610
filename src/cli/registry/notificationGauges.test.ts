import { expect, test } from "bun:test";
import { MemoryCatalog } from "../../catalog/memory/memory.ts";
import { Notifications } from "../../notify/notifications.ts";
import { Metrics } from "../../server/metrics.ts";
import { notificationGauges } from "./notificationGauges.ts";

test("an endpoint may be called anything: its name stays within its label", async () => {
  const catalog = new MemoryCatalog();
  const notifications = new Notifications(catalog, {
    endpoints: ['a"} 1\nb\\', "c"].map((name) => ({
      name,
      url: new URL("http://127.0.0.1:1/"),
      headers: {},
      timeout: 1,
      threshold: 1,
      backoff: 1,
      ignored: { mediaTypes: [], actions: [] },
    })),
    includeReferences: false,
    source: { addr: "here", instanceID: "run" },
    userAgent: "chartroom/test",
    now: () => 0,
    say: () => {},
  });
  await catalog.apply({ kind: "tell-events", events: ["{}", "{}", "{}"] });
  const text = await new Metrics(notificationGauges(notifications)).text();
  expect(text.split("\n").filter((line) => line.startsWith("registry_notifications_pending_total"))).toEqual([
    String.raw`registry_notifications_pending_total{endpoint="a\"} 1\nb\\"} 3`,
    'registry_notifications_pending_total{endpoint="c"} 3',
  ]);
});
