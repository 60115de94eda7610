import { statfs } from "node:fs/promises";
import { STATUS_CODES } from "node:http";
import { nodeFileSystem as fs, ifThere } from "../../files/filesystem.ts";
import type { Notifications } from "../../notify/notifications.ts";
import type { Sender } from "../../notify/sender.ts";
import type { Collector } from "../../registry/collector.ts";
import type { DataPaths } from "../../registry/dataDirectory.ts";
import type { WriteStop } from "../../registry/writeStop.ts";
import type { HealthCheck } from "../../server/health.ts";
import type { Family, Gauge } from "../../server/metrics.ts";
import type { HealthSettings } from "./settings.ts";

/** The checks that settings ask for, by Distribution's names. */
export function healthChecks({ storage, files }: HealthSettings, data: DataPaths | undefined): HealthCheck[] {
  const driver =
    storage === undefined || data === undefined
      ? []
      : [
          {
            name: "storagedriver_filesystem",
            ...storage,
            check: async () => void (await fs.stat(data.blobs)),
          },
        ];
  return [
    ...driver,
    ...files.map(({ path, ...check }) => ({
      name: path,
      ...check,
      check: async () => {
        if ((await ifThere(fs.stat(path))) !== undefined) throw new Error("file exists");
      },
    })),
  ];
}

/** Once a sync has failed the registry is not ready any more, whatever the settings: only a start mends that. */
export const writeCheck = (writes: WriteStop): HealthCheck => ({
  name: "writes",
  interval: 1000,
  threshold: 1,
  check: async () => writes.check(),
});

/** What is measured when metrics are asked for: the process, what waits to be written, and the disk below the data directory. */
export function gaugesOf(data: DataPaths | undefined, waiting: () => number): Gauge[] {
  const started = Date.now() / 1000 - process.uptime();
  return [
    {
      name: "process_resident_memory_bytes",
      help: "Resident memory.",
      value: () => process.memoryUsage.rss(),
    },
    { name: "process_start_time_seconds", help: "When the process began, since 1970.", value: () => started },
    { name: "chartroom_catalog_waiting", help: "Commands that wait for the catalog.", value: waiting },
    ...(data === undefined ? [] : diskGauges(data.root)),
  ];
}

/** What collection did since the start, and what it has before it. */
export const collectionGauges = (collector: Collector): Gauge[] => [
  {
    name: "chartroom_collected_blobs_total",
    help: "Blobs that collection took out of repositories.",
    type: "counter",
    value: () => collector.total.blobs,
  },
  {
    name: "chartroom_collected_bytes_total",
    help: "Bytes that collection freed on the disk.",
    type: "counter",
    value: () => collector.total.bytes,
  },
  {
    name: "chartroom_collection_failures_total",
    help: "Times that collection failed.",
    type: "counter",
    value: () => collector.total.failures,
  },
  {
    name: "chartroom_collection_queue",
    help: "Blobs that are due for collection.",
    value: () => collector.due(),
  },
];

const diskGauges = (root: string): Gauge[] => [
  {
    name: "chartroom_storage_free_bytes",
    help: "Free on the data directory's disk.",
    value: async () => {
      const { bavail, bsize } = await statfs(root);
      return bavail * bsize;
    },
  },
  {
    name: "chartroom_storage_size_bytes",
    help: "Size of the data directory's disk.",
    value: async () => {
      const { blocks, bsize } = await statfs(root);
      return blocks * bsize;
    },
  },
];

/** What becomes of events, by endpoint: names and labels are CNCF Distribution's where it has them. */
export function notificationFamilies(notifications: Notifications): Family[] {
  const { senders } = notifications;
  const each = <T>(values: (sender: Sender) => readonly T[]) => senders.flatMap(values);
  return [
    {
      name: "registry_notifications_events_total",
      type: "counter",
      help: "Events to be told, told, in requests that were refused or had no answer, and dropped.",
      values: async () =>
        each(({ endpoint, counts }) =>
          (["events", "successes", "failures", "errors", "dropped"] as const).map((type) => [
            `type="${type[0]?.toUpperCase()}${type.slice(1)}",endpoint=${quoted(endpoint.name)}`,
            counts[type],
          ]),
        ),
    },
    {
      name: "registry_notifications_pending_total",
      type: "gauge",
      help: "Events that wait to be told.",
      values: async () => {
        const last = await notifications.lastEvent();
        return each(({ endpoint, had }) => [[`endpoint=${quoted(endpoint.name)}`, Math.max(0, last - had)]]);
      },
    },
    {
      name: "registry_notifications_status_total",
      type: "counter",
      help: "Events by what the request that told them was answered.",
      values: async () =>
        each(({ endpoint, counts }) =>
          [...counts.statuses].map(([code, count]) => [
            `code="${code} ${STATUS_CODES[code] ?? ""}",endpoint=${quoted(endpoint.name)}`,
            count,
          ]),
        ),
    },
    {
      name: "chartroom_notifications_lost_pulls_total",
      type: "counter",
      help: "Pulls that nobody is told of, since the catalog took nothing for long.",
      values: async () => [["", notifications.lostPulls]],
    },
  ];
}

/** A label's value (prometheus.io, "Exposition formats"). */
const quoted = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
