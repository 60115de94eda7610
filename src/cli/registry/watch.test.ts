import { expect, test } from "bun:test";
import { MemoryCatalog } from "../../catalog/memory/memory.ts";
import { cannotWrite } from "../../catalog/sqlite/writer/outbox.ts";
import { WriteStop } from "../../registry/writeStop.ts";
import { Health } from "../../server/health.ts";
import { writeCheck } from "./watch.ts";

test("a registry that has stopped writing is not ready, and says why", async () => {
  const writes = new WriteStop(() => {});
  const inner = new MemoryCatalog();
  inner.apply = async () => {
    throw cannotWrite({ message: "disk I/O error", code: "SQLITE_IOERR_FSYNC" });
  };
  const health = new Health();
  await health.start([{ ...writeCheck(writes), interval: 1 }]);
  expect(health.ready).toBe(true);
  const write = writes.catalog(inner).apply({ kind: "close-upload", id: "a" });
  await expect(write).rejects.toThrow("Nothing is written");
  while (health.ready) await Bun.sleep(1);
  expect(health.failures).toEqual({ writes: expect.stringContaining("SQLITE_IOERR_FSYNC") });
  health.stop();
});
