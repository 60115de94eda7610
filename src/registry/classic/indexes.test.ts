import { describe, expect, test } from "bun:test";
import { MemoryBlobs } from "../../blobs/memory.ts";
import { MemoryCatalog } from "../../catalog/memory/memory.ts";
import { readFacts } from "../../chart/facts.ts";
import { parseTag } from "../../oci/reference.ts";
import { blobOf, pushArtifact } from "../../testing/artifacts.ts";
import { chartImage } from "../../testing/chartImages.ts";
import { nameOf } from "../../testing/commands.ts";
import { pushChart } from "../../testing/pushChart.ts";
import { Registry } from "../registry.ts";
import type { Form } from "./form.ts";
import { misplacedCharts } from "./misplaced.ts";
import type { Choice } from "./shelf.ts";

const everything: Choice = { name: "everything", includes: () => true };
const fresh = () => {
  const store = { blobs: new MemoryBlobs(), catalog: new MemoryCatalog(), now: () => 1_600_000_000_000 };
  return { store, registry: new Registry(store) };
};

async function documentOf(registry: Registry, prefix = "", form: Form = "yaml", choice = everything) {
  const shelf = await registry.indexes.shelf(prefix);
  return shelf.document(form, choice, "/charts");
}
async function textOf(registry: Registry, prefix = "", form: Form = "yaml", choice = everything) {
  return Buffer.concat([...(await documentOf(registry, prefix, form, choice)).pieces("identity")]).toString();
}
/** What an index lists: names with versions. */
async function listed(registry: Registry, prefix = "") {
  const { entries } = Bun.YAML.parse(await textOf(registry, prefix)) as {
    entries: Record<string, { version: string }[]>;
  };
  return Object.entries(entries).map(
    ([name, versions]) => `${name} ${versions.map(({ version }) => version).join(" ")}`,
  );
}

describe("an index", () => {
  test("lists what Chart.yaml says, when it came, and the archive, in YAML and the same in JSON", async () => {
    const { registry } = fresh();
    const content = await pushChart(registry, "team/mychart", {
      version: "1.0.0+b",
      created: "2020-01-02T03:04:05Z",
    });
    const json = JSON.parse(await textOf(registry, "team/", "json"));
    expect(json).toEqual({
      apiVersion: "v1",
      entries: {
        mychart: [
          {
            apiVersion: "v2",
            name: "mychart",
            version: "1.0.0+b",
            description: "A sample chart",
            created: "2020-01-02T03:04:05Z",
            digest: content.slice("sha256:".length),
            urls: ["mychart-1.0.0+b.tgz"],
          },
        ],
      },
      generated: "2020-01-02T03:04:05Z",
      serverInfo: { contextPath: "/charts" },
    });
    expect(Bun.YAML.parse(await textOf(registry, "team/"))).toEqual(json);
  });

  test("says of a chart without a date when it was pushed", async () => {
    const { registry } = fresh();
    await pushChart(registry, "mychart", {});
    expect(JSON.parse(await textOf(registry, "", "json")).entries.mychart[0].created).toBe(
      "2020-09-13T12:26:40Z",
    );
  });

  test("lists the repositories one level below, in order, each chart's newest version first", async () => {
    const { registry } = fresh();
    for (const [repository, version] of [
      ["b", "1.2.0"],
      ["b", "1.10.0"],
      ["b", "1.10.0-rc.1"],
      ["a", "1.0.0"],
      ["team/c", "1.0.0"],
      ["team/deep/d", "1.0.0"],
    ] as const)
      await pushChart(registry, repository, { version });
    expect(await listed(registry)).toEqual(["a 1.0.0", "b 1.10.0 1.10.0-rc.1 1.2.0"]);
    expect(await listed(registry, "team/")).toEqual(["c 1.0.0"]);
    expect(await listed(registry, "team/deep/")).toEqual(["d 1.0.0"]);
    expect(await textOf(registry, "nobody/")).toBe(
      'apiVersion: v1\nentries: {}\ngenerated: "1970-01-01T00:00:00Z"\nserverInfo:\n  contextPath: "/charts"\n',
    );
    expect(JSON.parse(await textOf(registry, "nobody/", "json")).entries).toEqual({});
  });

  test("writes names that could be numbers in quotes", async () => {
    const { registry } = fresh();
    for (const name of ["1e5", "null", "2020-01-02", "true", "plain"])
      await pushChart(registry, name, { name });
    expect((await textOf(registry)).match(/^ {2}\S.*(?<!- .*)$/gm)).toEqual([
      '  "1e5":',
      '  "2020-01-02":',
      '  "null":',
      "  plain:",
      '  "true":',
      '  contextPath: "/charts"',
    ]);
  });

  test("follows every change, and has the same entity tag when nothing changed", async () => {
    const { registry } = fresh();
    const tag = async () => (await documentOf(registry)).etag("identity");
    await pushChart(registry, "a", { version: "1.0.0" });
    const [first, again] = [await tag(), await tag()];
    expect(again).toBe(first);
    await pushChart(registry, "a", { version: "2.0.0" });
    expect(await listed(registry)).toEqual(["a 2.0.0 1.0.0"]);
    expect(await tag()).not.toBe(first);
    await registry.repository(nameOf("a")).untag(parseTag("2.0.0"));
    expect(await listed(registry)).toEqual(["a 1.0.0"]);
    expect(await tag()).toBe(first);
    const found = await registry.repository(nameOf("a")).resolve(parseTag("1.0.0"));
    await registry.repository(nameOf("a")).delete(found!.digest);
    expect(await listed(registry)).toEqual([]);
  });

  test("is the same after a restart", async () => {
    const { registry, store } = fresh();
    for (let minor = 0; minor < 150; minor++) await pushChart(registry, "a", { version: `1.${minor}.0` });
    await registry.repository(nameOf("a")).untag(parseTag("1.77.0"));
    const before = await documentOf(registry);
    await registry.close();
    const after = await documentOf(new Registry(store));
    for (const coding of ["identity", "gzip", "zstd"] as const) {
      expect(after.etag(coding)).toBe(before.etag(coding));
      expect([...after.pieces(coding)]).toEqual([...before.pieces(coding)]);
    }
  });

  test("shows a reader the charts of its choice alone, and its entity tag depends on them", async () => {
    const { registry } = fresh();
    for (const name of ["a", "b", "c"]) await pushChart(registry, name, { name });
    const choice = (name: string, ...names: string[]): Choice => ({
      name,
      includes: (each) => names.includes(each),
    });
    const [ann, bob] = [choice("ann", "a", "c"), choice("bob", "b")];
    expect(Object.keys(JSON.parse(await textOf(registry, "", "json", ann)).entries)).toEqual(["a", "c"]);
    expect(Object.keys(JSON.parse(await textOf(registry, "", "json", bob)).entries)).toEqual(["b"]);
    const tags = [];
    for (const each of [everything, ann, bob])
      tags.push((await documentOf(registry, "", "yaml", each)).etag("gzip"));
    expect(new Set(tags).size).toBe(3);
  });

  test("waits for charts that were pushed and not read yet, and reads them first", async () => {
    const { store } = fresh();
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const registry = new Registry({
      ...store,
      readFacts: async (bytes) => {
        await gate.promise;
        const facts = await readFacts(bytes);
        if ("name" in facts) order.push(facts.name);
        return facts;
      },
    });
    for (const name of ["x/first", "x/second", "x/third", "wanted"]) await pushChart(registry, name, {});
    const wanted = listed(registry);
    gate.resolve();
    expect(await wanted).toEqual(["wanted 0.1.0"]);
    expect(order.slice(0, 2)).toEqual(["first", "wanted"]);
  });
});

describe("what an index does not list", () => {
  test("is named with the reason", async () => {
    const { registry, store } = fresh();
    await pushChart(registry, "team/other", { name: "mychart" });
    await pushChart(registry, "api/mychart", {});
    await pushChart(registry, "mychart", { version: "1.0.0", tag: "latest" });
    await pushChart(registry, "mychart", { version: "2.0.0" });
    const broken = chartImage(blobOf("no archive"));
    await pushArtifact(registry.repository(nameOf("broken")), broken, {
      tags: [parseTag("1.0.0")],
      expect: "any",
    });
    const sparse = new Registry({ ...store, rules: { acceptMissing: true } });
    const away = chartImage(blobOf("no archive"), "another config");
    await sparse.repository(nameOf("sparse")).pushManifest(away.descriptor, away.bytes, {
      tags: [parseTag("1.0.0")],
      expect: "any",
    });
    expect(await listed(registry)).toEqual(["mychart 2.0.0"]);
    const found = (await Array.fromAsync(misplacedCharts(store.catalog))).map((each) =>
      Object.values(each).join(" "),
    );
    expect(found.toSorted()).toEqual([
      "api/mychart 0.1.0 no index has an address below api",
      "broken 1.0.0 its archive cannot be read: it is not gzip",
      "mychart latest it is version 1.0.0, which is not the tag",
      "sparse 1.0.0 its archive is not in the repository",
      'team/other 0.1.0 it is the chart "mychart", and the repository\'s name ends with other',
    ]);
    const { misplaced } = await registry.indexes.shelf("");
    expect(misplaced.map(({ repository }) => `${repository}`).toSorted()).toEqual([
      "broken",
      "mychart",
      "sparse",
    ]);
  });

  test("an archive that another repository has opens nothing", async () => {
    const { registry, store } = fresh();
    await pushChart(registry, "secret/mychart", {});
    const found = await registry.repository(nameOf("secret/mychart")).manifest(parseTag("0.1.0"));
    const sparse = new Registry({ ...store, rules: { acceptMissing: true } });
    await sparse.repository(nameOf("open/mychart")).pushManifest(found!.descriptor, found!.bytes, {
      tags: [parseTag("0.1.0")],
      expect: "any",
    });
    expect(await listed(registry, "open/")).toEqual([]);
    expect(await registry.indexes.version("open/", "mychart", "0.1.0")).toBeUndefined();
    expect(await listed(registry, "secret/")).toEqual(["mychart 0.1.0"]);
  });
});

describe("a version", () => {
  test("is found where the index lists it", async () => {
    const { registry } = fresh();
    const content = await pushChart(registry, "team/mychart", { version: "1.0.0-rc.1+b" });
    const found = await registry.indexes.version("team/", "mychart", "1.0.0-rc.1+b");
    expect([found?.repository, found?.tag, found?.chart.content] as unknown[]).toEqual([
      "team/mychart",
      "1.0.0-rc.1_b",
      content,
    ]);
    for (const [prefix, name, version] of [
      ["team/", "mychart", "1.0.0-rc.1_b"],
      ["team/", "mychart", "1.0.0"],
      ["team/", "my chart", "1.0.0-rc.1+b"],
      ["team/", "mychart", "../1"],
      ["", "team/mychart", "1.0.0-rc.1+b"],
      ["", "mychart", "1.0.0-rc.1+b"],
    ] as const)
      expect(await registry.indexes.version(prefix, name, version)).toBeUndefined();
  });

  test("whose archive's name another chart could have has another URL", async () => {
    const { registry } = fresh();
    await pushChart(registry, "app", { version: "1-2.0.0" });
    await pushChart(registry, "app-1", { version: "2.0.0" });
    const { entries } = JSON.parse(await textOf(registry, "", "json"));
    expect([entries.app[0].urls, entries["app-1"][0].urls]).toEqual([
      ["-/app/app-1-2.0.0.tgz"],
      ["app-1-2.0.0.tgz"],
    ]);
  });
});
