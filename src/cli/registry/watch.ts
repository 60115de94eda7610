import { statfs } from "node:fs/promises";
import { nodeFileSystem as fs, ifThere } from "../../files/filesystem.ts";
import type { Collector } from "../../registry/collector.ts";
import type { DataPaths } from "../../registry/dataPaths.ts";
import type { WriteStop } from "../../registry/writeStop.ts";
import type { HealthCheck } from "../../server/health.ts";
import type { Gauge } from "../../server/metrics.ts";
import type { HealthSettings } from "./settings.ts";

/** The checks that settings ask for, by Distribution's names. */
export function healthChecks(
  { storage, files }: HealthSettings,
  data: Pick<DataPaths, "blobs"> | undefined,
): HealthCheck[] {
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
export function gaugesOf(data: Pick<DataPaths, "root"> | undefined, waiting: () => number): Gauge[] {
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
    name: "chartroom_collected_manifests_total",
    help: "Manifests that collection took, where those that nothing holds are collected.",
    type: "counter",
    value: () => collector.total.manifests,
  },
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
