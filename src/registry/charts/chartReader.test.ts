import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MemoryBlobs } from "../../blobs/memory.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { MemoryCatalog } from "../../catalog/memory/memory.ts";
import { chartTables } from "../../catalog/sqlite/chartSchema.ts";
import { packDigest } from "../../catalog/sqlite/packed.ts";
import { migrations, upgrade } from "../../catalog/sqlite/schema.ts";
import { Sql } from "../../catalog/sqlite/sql.ts";
import { openSqliteCatalog } from "../../catalog/sqlite/sqlite.ts";
import { openArchive } from "../../chart/archive/archive.ts";
import { readFacts } from "../../chart/facts.ts";
import { packForPush } from "../../chart/packed.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { parseTag } from "../../oci/reference.ts";
import { blobOf, pushArtifact } from "../../testing/artifacts.ts";
import { chartImage } from "../../testing/chartImages.ts";
import { chartArchive, sampleChart, withDirectory } from "../../testing/charts.ts";
import { nameOf } from "../../testing/commands.ts";
import { pushChart } from "../../testing/pushChart.ts";
import { Registry } from "../registry.ts";
import { replacing } from "../replacing.ts";
import { archiveThread } from "./archiveThread.ts";

const name = nameOf("team/mychart");
const chartYaml = (version: string) =>
  sampleChart({ "Chart.yaml": `apiVersion: v2\nname: mychart\nversion: ${version}\n` });
const push = (registry: Registry, version: string) => pushChart(registry, name, { version });

/** Wait for what happens by itself. */
async function until(happened: () => Promise<boolean>): Promise<void> {
  while (!(await happened())) await new Promise((resolve) => setTimeout(resolve, 1));
}
const allRead = (catalog: Catalog) => until(async () => (await catalog.unreadCharts(1)).length === 0);
const memory = () => ({ blobs: new MemoryBlobs(), catalog: new MemoryCatalog(), now: () => 1 });

describe("a chart that is pushed", () => {
  test("is read, once, whoever pushes it again", async () => {
    let times = 0;
    const store = memory();
    const registry = new Registry({
      ...store,
      readFacts: async (bytes) => {
        times++;
        return readFacts(bytes);
      },
    });
    const content = await push(registry, "1.0.0");
    await allRead(store.catalog);
    await push(registry, "1.0.0");
    await registry.close();
    expect(await store.catalog.chartFacts(content)).toMatchObject({ name: "mychart", version: "1.0.0" });
    expect(times).toBe(1);
  });

  test("is there though its archive is no chart, and that is not opened again", async () => {
    let times = 0;
    const store = memory();
    const registry = new Registry({
      ...store,
      readFacts: async (bytes) => {
        times++;
        return readFacts(bytes);
      },
    });
    const chart = chartImage(blobOf("no archive"));
    for (const tag of ["1.0.0", "2.0.0"]) {
      await pushArtifact(registry.repository(name), chart, { tags: [parseTag(tag)], expect: "any" });
      await allRead(store.catalog);
    }
    await registry.close();
    expect(await store.catalog.taggedChart(name, parseTag("1.0.0"))).toMatchObject({
      present: true,
      read: { unreadable: "it is not gzip" },
    });
    expect(times).toBe(1);
  });

  test("is pushed though nothing can be read, and is read after the next start", async () => {
    const store = memory();
    const told: unknown[] = [];
    const broken = replacing(store.blobs, {
      bytes: async () => Promise.reject(new Error("the disk is gone")),
    });
    const first = new Registry({ ...store, blobs: broken });
    await first.start((error) => told.push(error));
    const content = await push(first, "1.0.0");
    await until(async () => told.length > 0);
    await first.close();
    expect(await store.catalog.unreadCharts(9)).toEqual([content]);
    const second = new Registry(store);
    await second.start(() => {});
    await allRead(store.catalog);
    await second.close();
    expect(await store.catalog.chartFacts(content)).toHaveProperty("name", "mychart");
  });

  test("whose archive the disk does not give, again and again, holds up no other and is read once it does", async () => {
    const store = memory();
    let isGone = true;
    let lost: Digest | undefined;
    const told: unknown[] = [];
    const blobs = replacing(store.blobs, {
      bytes: async (digest) => {
        lost ??= digest;
        if (isGone && digest === lost) throw new Error("input/output error");
        return store.blobs.bytes(digest);
      },
    });
    const registry = new Registry({ ...store, blobs });
    await registry.start((error) => told.push(error));
    const content = await push(registry, "1.0.0");
    for (const version of ["2.0.0", "3.0.0", "4.0.0", "5.0.0"]) {
      const other = await push(registry, version);
      await until(async () => (await store.catalog.chartFacts(other)) !== undefined);
    }
    await until(async () => told.length >= 4);
    isGone = false;
    await registry.indexes.shelf("team/");
    expect(await store.catalog.chartFacts(content)).toHaveProperty("version", "1.0.0");
    await registry.close();
  });

  test("is given up when the process ends each time that it is read", async () => {
    const store = memory();
    let reading = 0;
    const dying = () =>
      new Registry({
        ...store,
        readFacts: () => {
          reading++;
          return new Promise(() => {});
        },
      });
    const content = await push(dying(), "1.0.0");
    for (const times of [1, 2, 3]) {
      await until(async () => reading === times);
      if (times < 3) await dying().start(() => {});
    }
    const last = new Registry(store);
    await last.start(() => {});
    await allRead(store.catalog);
    await last.close();
    expect(await store.catalog.chartFacts(content)).toEqual({
      unreadable: "the registry ended 3 times while it was read",
    });
  });
});

test("templates are read of one archive at a time, and who comes when many wait is turned away", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const registry = new Registry({ ...memory(), readTemplates: () => promise });
  let fetched = 0;
  const ask = () =>
    registry.readTemplates(async () => {
      fetched++;
      return new Uint8Array();
    });
  const asked = Array.from({ length: 8 }, ask);
  expect(await ask().catch((error) => error)).toHaveProperty("code", "busy");
  expect(fetched).toBe(1);
  resolve("{}");
  expect(await Promise.all(asked)).toHaveLength(8);
  expect(await ask()).toBe("{}");
});

test("charts of a database that knew none are read after its upgrade", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "catalog.db");
    const blobs = new MemoryBlobs();
    const archive = await chartArchive(chartYaml("1.0.0"));
    await olderDatabase(path, blobs, archive);
    const catalog = await openSqliteCatalog(path);
    const registry = new Registry({ blobs, catalog, now: () => 1 });
    await registry.start(() => {});
    await allRead(catalog);
    expect(await catalog.taggedChart(name, parseTag("1.0.0"))).toMatchObject({
      created: Date.UTC(2020, 0, 2, 3, 4, 5),
      read: { name: "mychart", version: "1.0.0" },
    });
    expect((await catalog.chartTags("team/", { limit: 9 })).items.map(({ tag }) => `${tag}`)).toEqual([
      "1.0.0",
    ]);
    await registry.close();
    await catalog.close();
  });
});

describe("the worker", () => {
  test("reads an archive", async () => {
    const thread = archiveThread();
    try {
      expect(await thread.read(await chartArchive(chartYaml("1.0.0")))).toHaveProperty("name", "mychart");
      expect(await thread.read(new Uint8Array(3))).toEqual({ unreadable: "it is not gzip" });
    } finally {
      thread.stop();
    }
  });

  test("that is stopped gives up what it is at, and marks nothing", async () => {
    await withDirectory(async (directory) => {
      const entry = join(directory, "worker.ts");
      await writeFile(entry, "self.onmessage = () => { for (;;); };");
      const thread = archiveThread({ limit: 60_000, idle: 10_000 }, entry);
      const [one, next] = [thread.read(new Uint8Array([1])), thread.read(new Uint8Array([2]))];
      setTimeout(thread.stop);
      expect((await Promise.allSettled([one, next])).map(({ status }) => status)).toEqual([
        "rejected",
        "rejected",
      ]);
    });
  });

  test("is ended when an archive takes too long, and when it dies; the next one gets another", async () => {
    await withDirectory(async (directory) => {
      const entry = join(directory, "worker.ts");
      await writeFile(
        entry,
        `self.onmessage = ({ data }) => {
          if (data.bytes[0] === 1) for (;;);
          if (data.bytes[0] === 2) setTimeout(() => { throw new Error("out of order"); });
          else self.postMessage({ facts: { unreadable: "as told" } });
        };`,
      );
      const thread = archiveThread({ limit: 300, idle: 10_000 }, entry);
      try {
        expect(await thread.read(new Uint8Array([1]))).toEqual({
          unreadable: "reading it failed: it took longer than 300 ms",
        });
        expect(await thread.read(new Uint8Array([0]))).toEqual({ unreadable: "as told" });
        expect(await thread.read(new Uint8Array([2]))).toHaveProperty(
          "unreadable",
          expect.stringContaining("out of order"),
        );
        expect(await thread.read(new Uint8Array([0]))).toEqual({ unreadable: "as told" });
      } finally {
        thread.stop();
      }
    });
  });

  test("that took too long once is asked again: the machine may have slept", async () => {
    await withDirectory(async (directory) => {
      const [entry, asked] = [join(directory, "worker.ts"), join(directory, "asked")];
      await writeFile(
        entry,
        `import { existsSync, writeFileSync } from "node:fs";
        self.onmessage = () => {
          if (existsSync(${JSON.stringify(asked)})) return self.postMessage({ facts: { unreadable: "as told" } });
          writeFileSync(${JSON.stringify(asked)}, "");
          for (;;);
        };`,
      );
      const thread = archiveThread({ limit: 500, idle: 10_000 }, entry);
      expect(await thread.read(new Uint8Array([1]))).toEqual({ unreadable: "as told" });
      thread.stop();
    });
  });
});

/** A database as it was before charts were in it, with one pushed. */
async function olderDatabase(path: string, blobs: MemoryBlobs, archive: Uint8Array): Promise<void> {
  const { metadata } = await openArchive(archive);
  const packed = packForPush({ metadata, archive, provenance: undefined }, "2020-01-02T03:04:05Z");
  const ingest = await blobs.ingest("a");
  await ingest.append(new Blob([archive as Uint8Array<ArrayBuffer>]).stream());
  await ingest.commit(packed.content);
  const sql = new Sql(path);
  upgrade(sql, path, migrations.slice(0, migrations.indexOf(chartTables)));
  const repository = sql.insert("INSERT INTO repository (name) VALUES (?)", name);
  const put = (digest: Digest, body: Uint8Array, type: string, tag: string) => {
    const id = sql.insert("INSERT INTO content (digest) VALUES (?)", packDigest(digest));
    sql.run("INSERT INTO body (content, bytes) VALUES (?, ?)", id, body);
    sql.run(
      "INSERT INTO manifest (repository, content, media_type, pushed) VALUES (?, ?, ?, 5)",
      repository,
      id,
      type,
    );
    sql.run("INSERT INTO tag (repository, name, manifest) VALUES (?, ?, ?)", repository, tag, id);
  };
  const layer = sql.insert("INSERT INTO content (digest) VALUES (?)", packDigest(packed.content));
  sql.run("INSERT INTO blob (repository, content, size, linked) VALUES (?, ?, 1, 5)", repository, layer);
  const { descriptor, bytes } = packed.manifest;
  put(descriptor.digest, bytes, descriptor.mediaType, "1.0.0");
  const odd = new TextEncoder().encode('{"config": 1, "layers": [1, "x", {"digest": 2}]}');
  put(digestOf(odd), odd, "application/x-odd", "odd");
  sql.close();
}
