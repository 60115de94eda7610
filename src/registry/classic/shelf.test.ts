import { expect, test } from "bun:test";
import { MemoryBlobs } from "../../blobs/memory.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { MemoryCatalog } from "../../catalog/memory/memory.ts";
import type { Digest } from "../../oci/digest.ts";
import { pushChart } from "../../testing/pushChart.ts";
import { Registry } from "../registry.ts";
import { replacing } from "../replacing.ts";
import type { Choice } from "./shelf.ts";

const fresh = () => ({ blobs: new MemoryBlobs(), catalog: new MemoryCatalog(), now: () => 1 });
const everything: Choice = { name: "everything", includes: () => true };

/** The versions that an index of `team/` lists of `mychart`. */
async function listed(registry: Registry, choice = everything): Promise<string[]> {
  const shelf = await registry.indexes.shelf("team/");
  const document = await shelf.document("json", choice, "/charts");
  const { entries } = JSON.parse(Buffer.concat([...document.pieces("identity")]).toString());
  return entries.mychart.map(({ version }: { version: string }) => version);
}

/** A registry over a store whose entries are told of as they are asked for. */
function watched(asked: (contents: readonly Digest[]) => Promise<void>) {
  const store = fresh();
  const catalog = replacing<Catalog>(store.catalog, {
    chartEntries: async (contents, form) => {
      await asked(contents);
      return store.catalog.chartEntries(contents, form);
    },
  });
  return { store, registry: new Registry({ ...store, catalog }) };
}

test("it is one for all who ask at once", async () => {
  const registry = new Registry(fresh());
  await pushChart(registry, "team/mychart", {});
  const [one, other] = await Promise.all([registry.indexes.shelf("team/"), registry.indexes.shelf("team/")]);
  expect(one).toBe(other);
});

// It would wait ten seconds.
test("it does not wait for charts that its reader may not see", async () => {
  const registry = new Registry({ ...fresh(), readFacts: () => new Promise(() => {}) });
  await pushChart(registry, "team/hidden", {});
  const shelf = await registry.indexes.shelf("team/", (name) => name !== "team/hidden");
  expect(shelf.unread(() => true)).toHaveLength(1);
}, 5000);

test("its index does not wait for what is pushed while it is made", async () => {
  let pushes = 0;
  const { registry, store } = watched(async () => {
    if (pushes++ < 20) await pushChart(new Registry(store), "team/mychart", { version: `2.${pushes}.0` });
  });
  await pushChart(registry, "team/mychart", { version: "1.0.0" });
  expect(await listed(registry)).toEqual(["1.0.0"]);
  expect(pushes).toBe(1);
});

test("nothing is made for an index of charts that its reader may not see", async () => {
  const asked: Digest[] = [];
  const { registry } = watched(async (contents) => void asked.push(...contents));
  const seen = await pushChart(registry, "team/mychart", {});
  await pushChart(registry, "team/hidden", {});
  await listed(registry, { name: "some", includes: (name) => name === "team/mychart" });
  expect(asked).toEqual([seen]);
});
