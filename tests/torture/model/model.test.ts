import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryCatalog } from "../../../src/catalog/memory/memory.ts";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite.ts";
import { Random } from "../random.ts";
import { runModel } from "./model.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-model-"));
});
afterAll(() => rm(root, { recursive: true }));

// The long run is `npm run torture model`.
for (const [kind, open, count] of [
  ["memory", async () => new MemoryCatalog(), 10_000],
  ["sqlite", () => openSqliteCatalog(join(root, "catalog.db")), 2000],
] as const)
  test(`over ${kind} nothing that is named is lost, and nothing that is not outlives its time`, async () => {
    const catalog = await open();
    try {
      const { steps, collected } = await runModel(catalog, new Random(20_261_126), count);
      expect([...steps.values()].every((times) => times > 10)).toBe(true);
      expect(collected.contents).toBeGreaterThan(count / 100);
    } finally {
      await catalog.close();
    }
  });
