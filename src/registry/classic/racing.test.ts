import { expect, test } from "bun:test";
import { join } from "node:path";
import { MemoryBlobs } from "../../blobs/memory.ts";
import { openSqliteCatalog } from "../../catalog/sqlite/sqlite.ts";
import { parseTag } from "../../oci/reference.ts";
import { withDirectory } from "../../testing/charts.ts";
import { nameOf } from "../../testing/commands.ts";
import { pushChart } from "../../testing/pushChart.ts";
import { Registry } from "../registry.ts";
import type { Form } from "./form.ts";

const everything = { name: "everything", includes: () => true };
const rounds = 25;

/** What an index lists, as `name version`; it parses at every moment. */
async function listed(registry: Registry, form: Form): Promise<Set<string>> {
  const shelf = await registry.indexes.shelf("");
  const document = await shelf.document(form, everything, "/charts");
  const text = Buffer.concat([...document.pieces("identity")]).toString();
  const { entries } = (form === "json" ? JSON.parse(text) : Bun.YAML.parse(text)) as {
    entries: Record<string, { name: string; version: string }[]>;
  };
  return new Set(
    Object.values(entries).flatMap((each) => each.map(({ name, version }) => `${name} ${version}`)),
  );
}

test("while charts come and go, each index has all that was there before it was asked for, and nothing that was gone", async () => {
  await withDirectory(async (directory) => {
    const catalog = await openSqliteCatalog(join(directory, "catalog.db"));
    const registry = new Registry({ catalog, blobs: new MemoryBlobs(), now: () => 1 });
    const [there, gone] = [new Set<string>(), new Set<string>()];
    let working = 3;
    const pusher = async (name: string) => {
      for (let round = 0; round < rounds; round++) {
        const version = `1.${round}.0`;
        await pushChart(registry, name, { version });
        there.add(`${name} ${version}`);
        if (round % 3 !== 2) continue;
        const old = `1.${round - 1}.0`;
        there.delete(`${name} ${old}`);
        await registry.repository(nameOf(name)).untag(parseTag(old));
        gone.add(`${name} ${old}`);
      }
      working--;
    };
    let reads = 0;
    const reader = async (form: Form) => {
      while (working > 0) {
        const [must, mustNot] = [[...there], [...gone]];
        const found = await listed(registry, form);
        const lost = must.filter((each) => there.has(each) && !found.has(each));
        const left = mustNot.filter((each) => found.has(each));
        expect({ lost, left }).toEqual({ lost: [], left: [] });
        reads++;
        // An index that has not changed is answered without waiting for anything: the others want their turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all([...["a", "b", "c"].map(pusher), reader("yaml"), reader("json"), reader("yaml")]);
    expect(reads).toBeGreaterThan(3);
    expect(await listed(registry, "yaml")).toEqual(there);
    expect(await listed(registry, "json")).toEqual(there);
    await registry.close();
    await catalog.close();
  });
}, 60_000);
