import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { MemoryBlobs } from "../../src/blobs/memory.ts";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite.ts";
import type { WantedIndex } from "../../src/registry/classic/currentIndexes.ts";
import { leafFilesIn } from "../../src/registry/classic/leafFile.ts";
import { plainFiles } from "../../src/registry/plainFiles.ts";
import { Registry } from "../../src/registry/registry.ts";
import type { Store } from "../../src/registry/store.ts";
import type { Bench } from "../../tests/bench.ts";
import { fabricateCharts, pushFabricated } from "../charts.ts";
import { percentile } from "../measure.ts";
import type { Row, Scenario } from "../scenario.ts";

const sizes = [10_000, 100_000];
const prefix = "many/";
const wanted: WantedIndex = {
  ...{ prefix, form: "yaml", contextPath: "/charts" },
  choice: { name: "everything", includes: () => true },
};
/** The writer takes a whole batch of a fabricated catalog. */
const limits = { commands: 10_000, bytes: 1024 * 1024 * 1024 };

/** index.yaml out of a catalog of so many versions: the first one, one that has not changed, and one after a push. */
export const index: Scenario = {
  name: "server: index.yaml",
  needs: [],
  async run(bench) {
    const rows: Row[] = [];
    for (const versions of sizes) rows.push(...(await measure(bench, versions)));
    return rows;
  },
};

async function measure(bench: Bench, versions: number): Promise<Row[]> {
  const catalog = await openSqliteCatalog(join(bench.folder, `${versions}.db`), limits);
  await fabricateCharts(catalog, prefix.slice(0, -1), versions);
  const directory = join(bench.folder, `${versions}-indexes`);
  const leafFiles = leafFilesIn(plainFiles, directory, "bench");
  const opened = (more: Partial<Store> = { leafFiles }) =>
    new Registry({ catalog, blobs: new MemoryBlobs(), now: Date.now, ...more });
  /** What a request costs until its first byte: the entity tag, and the index in one coding, ready to go out. */
  const asked = async (from: Registry): Promise<number> => {
    const began = performance.now();
    const document = await from.currentIndexes.document(wanted, () => from.indexes.shelf(prefix));
    document.etag("gzip");
    document.size("gzip");
    return performance.now() - began;
  };
  const anew: number[] = [];
  for (let round = 0; round < 3; round++) anew.push(await asked(opened({})));
  const registry = opened();
  await asked(registry);
  while (!(await isKept(directory))) await Bun.sleep(100);
  const cold: number[] = [];
  for (let round = 0; round < 3; round++) cold.push(await asked(opened()));
  const same: number[] = [];
  for (let round = 0; round < 1000; round++) same.push(await asked(registry));
  const [pushed, slowest]: [number[], number[]] = [[], []];
  for (let round = 0; round < 5; round++) {
    const times: number[] = [];
    for (let push = 0; push < 200; push++) {
      const chart = `chart-${(push * 7) % (versions / 100)}`;
      await pushFabricated(catalog, prefix.slice(0, -1), chart, `10.${round}.${push}`);
      times.push(await asked(registry));
    }
    pushed.push(...times);
    slowest.push(percentile(times, 0.99));
  }
  await registry.close();
  await catalog.close();
  const scenario = (what: string) => `index.yaml of ${versions.toLocaleString("en")} versions, ${what}`;
  return [
    {
      ...{ scenario: scenario("the first ever"), unit: "ms", ours: anew },
      note: "catalog in SQLite, every leaf pressed as gzip and zstd",
    },
    {
      ...{ scenario: scenario("the first after a start"), unit: "ms", ours: cold },
      note: "catalog in SQLite, leaves in the file that the last run kept",
      goal: { atMost: versions / 100, of: "figure" },
    },
    {
      ...{ scenario: scenario("unchanged"), unit: "ms", ours: same },
      note: "what a conditional request costs, without HTTP",
      goal: { atMost: 1, of: "figure" },
    },
    {
      scenario: scenario("after a push"),
      unit: "ms",
      ours: pushed,
      note: "a version of another chart each time",
    },
    {
      ...{ scenario: scenario("after a push, p99"), unit: "ms", ours: slowest },
      note: "of 200 pushes in a round",
      goal: { atMost: 10, of: "figure" },
    },
  ];
}

/** Whether leaves stand in their file. */
async function isKept(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(() => []);
  return names.some((name) => !name.endsWith(".new"));
}
