import { expect, test } from "bun:test";
import { MemoryBlobs } from "../../blobs/memory.ts";
import { MemoryCatalog } from "../../catalog/memory/memory.ts";
import type { RepositoryName, Tag } from "../../oci/reference.ts";
import { pushChart } from "../../testing/pushChart.ts";
import { Registry } from "../registry.ts";
import type { WantedIndex } from "./currentIndexes.ts";
import type { Choice } from "./shelf.ts";

const everything: Choice = { name: "everything", includes: () => true };
const some: Choice = { name: "user a", includes: (name) => name !== "team/hidden" };
const wanted = { prefix: "team/", form: "json", choice: everything, contextPath: "/charts" } as const;

/** A registry, and how often a shelf of it was asked for. */
function counting(more: Partial<ConstructorParameters<typeof Registry>[0]> = {}) {
  const store = { blobs: new MemoryBlobs(), catalog: new MemoryCatalog(), now: () => 1, ...more };
  const registry = new Registry(store);
  let opened = 0;
  const document = (index: WantedIndex = wanted) =>
    registry.currentIndexes.document(index, () => {
      opened++;
      return registry.indexes.shelf(index.prefix, () => false);
    });
  const text = async (index?: WantedIndex) =>
    Buffer.concat([...(await document(index)).pieces("identity")]).toString();
  const read = async (index?: WantedIndex): Promise<Record<string, { version: string }[]>> =>
    JSON.parse(await text(index)).entries;
  return { registry, document, text, read, opened: () => opened };
}

test("an index is what it was as long as nothing changes below its prefix", async () => {
  const { registry, document, opened } = counting();
  await pushChart(registry, "team/mychart", {});
  await registry.indexes.shelf("team/");
  const first = await document();
  await pushChart(registry, "elsewhere/mychart", {});
  expect(await document()).toBe(first);
  expect(opened()).toBe(1);
});

test("it is held however many are asked for where nothing ever was", async () => {
  const { registry, document } = counting();
  await pushChart(registry, "team/mychart", {});
  await registry.indexes.shelf("team/");
  const first = await document();
  for (let i = 0; i < 300; i++) await document({ ...wanted, prefix: `nothing${i}/` });
  expect(await document()).toBe(first);
});

test("it has what was pushed, and lacks what was taken away, from then on", async () => {
  const { registry, read } = counting();
  for (const version of ["1.0.0", "2.0.0"]) await pushChart(registry, "team/mychart", { version });
  await registry.indexes.shelf("team/");
  expect((await read()).mychart?.map(({ version }) => version)).toEqual(["2.0.0", "1.0.0"]);
  const repository = registry.repository("team/mychart" as RepositoryName);
  await repository.untag("2.0.0" as Tag);
  expect((await read()).mychart?.map(({ version }) => version)).toEqual(["1.0.0"]);
});

test("each choice has the charts that came since, and lacks those that are gone", async () => {
  const { registry, read } = counting();
  const names = async () => [Object.keys(await read()), Object.keys(await read({ ...wanted, choice: some }))];
  await pushChart(registry, "team/shown", {});
  await registry.indexes.shelf("team/");
  expect(await names()).toEqual([["shown"], ["shown"]]);
  for (const name of ["team/another", "team/hidden"]) await pushChart(registry, name, {});
  await registry.indexes.shelf("team/");
  expect(await names()).toEqual([
    ["another", "hidden", "shown"],
    ["another", "shown"],
  ]);
  await registry.repository("team/shown" as RepositoryName).untag("0.1.0" as Tag);
  expect(await names()).toEqual([["another", "hidden"], ["another"]]);
});

test("more than are held are given all the same, and those before are forgotten", async () => {
  const { registry, document, opened } = counting();
  await pushChart(registry, "team/mychart", {});
  const shelf = await registry.indexes.shelf("team/");
  const charts = shelf.charts(everything);
  await document();
  for (let i = 0; i < 300; i++) await document({ ...wanted, choice: { ...everything, name: `user ${i}` } });
  const before = opened();
  await document();
  expect(opened()).toBe(before + 1);
  expect(shelf.charts(everything)).toEqual(charts);
  expect(shelf.charts(everything)).not.toBe(charts);
});

test("each choice, form, context path and prefix has its own", async () => {
  const { registry, read, text } = counting();
  for (const name of ["team/shown", "team/hidden", "other/third"]) await pushChart(registry, name, {});
  for (const prefix of ["team/", "other/"]) await registry.indexes.shelf(prefix);
  for (let times = 0; times < 2; times++) {
    expect(Object.keys(await read())).toEqual(["hidden", "shown"]);
    expect(Object.keys(await read({ ...wanted, choice: some }))).toEqual(["shown"]);
    expect(Object.keys(await read({ ...wanted, prefix: "other/" }))).toEqual(["third"]);
    expect(await text({ ...wanted, form: "yaml" })).toStartWith("apiVersion: v1\n");
    expect(await text({ ...wanted, contextPath: "/team/charts" })).toContain('"/team/charts"');
    expect(await text()).toContain('"/charts"');
  }
});

test("it is not held while an archive waits to be read", async () => {
  const { registry, document, opened } = counting({ readFacts: () => new Promise(() => {}) });
  await pushChart(registry, "team/mychart", {});
  await document();
  await document();
  expect(opened()).toBe(2);
});

test("who is refused a shelf is refused again", async () => {
  const { registry } = counting();
  const refuse = () => Promise.reject(new Error("not allowed"));
  for (let times = 0; times < 2; times++)
    await expect(registry.currentIndexes.document(wanted, refuse)).rejects.toThrow("not allowed");
});
