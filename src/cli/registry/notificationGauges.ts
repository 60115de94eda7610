import type { Notifications } from "../../notify/notifications.ts";
import type { Sender } from "../../notify/sender.ts";
import type { Gauge } from "../../server/metrics.ts";

const types = ["events", "successes", "failures", "errors", "dropped"] as const;

/** What becomes of events, by endpoint: names and labels are CNCF Distribution's where it has them. */
export function notificationGauges(notifications: Notifications): Gauge[] {
  const { senders } = notifications;
  const each = (values: (sender: Sender, endpoint: string) => [labels: string, value: number][]) =>
    Object.fromEntries(
      senders.flatMap((sender) => values(sender, `endpoint=${quoted(sender.endpoint.name)}`)),
    );
  return [
    {
      name: "registry_notifications_events_total",
      type: "counter",
      help: "Events to be told, told, in requests that were refused or had no answer, and dropped.",
      value: () =>
        each(({ counts }, endpoint) =>
          types.map((type) => [`type="${type[0]?.toUpperCase()}${type.slice(1)}",${endpoint}`, counts[type]]),
        ),
    },
    {
      name: "registry_notifications_pending_total",
      help: "Events that wait to be told.",
      value: async () => {
        const last = await notifications.lastEvent();
        return each(({ had }, endpoint) => [[endpoint, Math.max(0, last - had)]]);
      },
    },
    {
      name: "registry_notifications_status_total",
      type: "counter",
      help: "Events by what the request that told them was answered.",
      value: () =>
        each(({ counts }, endpoint) =>
          [...counts.statuses].map(([code, count]) => [
            `code="${code} ${process.getBuiltinModule("node:http").STATUS_CODES[code] ?? ""}",${endpoint}`,
            count,
          ]),
        ),
    },
    {
      name: "chartroom_notifications_lost_pulls_total",
      type: "counter",
      help: "Pulls that nobody is told of, since the catalog took nothing for long.",
      value: () => notifications.lostPulls,
    },
  ];
}

/** A label's value (prometheus.io, "Exposition formats"). */
const quoted = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
