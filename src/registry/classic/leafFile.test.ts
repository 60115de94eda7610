import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryBlobs } from "../../blobs/memory.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { MemoryCatalog } from "../../catalog/memory/memory.ts";
import { tryVersion } from "../../chart/version.ts";
import { type FileSystem, nodeFileSystem } from "../../files/filesystem.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { parseTag } from "../../oci/reference.ts";
import { TestFileSystem } from "../../testing/filesystem.ts";
import { pushChart } from "../../testing/pushChart.ts";
import { Registry } from "../registry.ts";
import { replacing } from "../replacing.ts";
import { Leaf } from "./leaf.ts";
import { leafFilesIn } from "./leafFile.ts";
import type { Choice } from "./shelf.ts";

const everything: Choice = { name: "everything", includes: () => true };
const charts = 64;

let folder = "";
const store = { blobs: new MemoryBlobs(), catalog: new MemoryCatalog(), now: () => 1 };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-leaves-"));
  const registry = new Registry(store);
  for (let i = 0; i < charts; i++) await pushChart(registry, `team/chart-${i}`, {});
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A registry after a start, which keeps leaves in a directory. */
function started(
  directory: string,
  { fs = nodeFileSystem, program = "1" }: { fs?: FileSystem; program?: string } = {},
) {
  const made: Digest[] = [];
  const ended = Promise.withResolvers<void>();
  const watched = replacing<FileSystem>(fs, {
    rename: (from, to) => fs.rename(from, to).finally(ended.resolve),
    rm: (path, options) => fs.rm(path, options).finally(ended.resolve),
  });
  const catalog = replacing<Catalog>(store.catalog, {
    chartEntries: async (contents, form) => {
      made.push(...contents);
      return store.catalog.chartEntries(contents, form);
    },
  });
  const registry = new Registry({ ...store, catalog, leafFiles: leafFilesIn(watched, directory, program) });
  const index = async (choice = everything) => {
    const shelf = await registry.indexes.shelf("team/");
    const document = await shelf.document("yaml", choice, "/charts");
    return Buffer.concat([
      ...document.pieces("gzip"),
      Buffer.from(document.etag("zstd")),
      ...document.pieces("zstd"),
    ]);
  };
  /** `kept`: once a file was written, or could not be. */
  return { registry, index, made, kept: ended.promise };
}

/** A directory where leaves were kept, the file's path there, and the index that they are of. */
async function kept() {
  const directory = await mkdtemp(join(folder, "kept-"));
  const first = started(directory);
  const index = await first.index();
  await first.kept;
  const [name, ...others] = await readdir(directory);
  expect(others).toEqual([]);
  return { directory, path: join(directory, name!), index };
}

test("the first index after a start is read, and is what it was", async () => {
  const { directory, index } = await kept();
  const again = started(directory);
  expect(await again.index()).toEqual(index);
  expect(again.made).toEqual([]);
});

test("what was pushed since is made, and nothing else", async () => {
  const { directory } = await kept();
  const pushed = await pushChart(new Registry(store), "team/chart-7", { version: "0.2.0" });
  const again = started(directory);
  const index = await again.index();
  expect(again.made).toContain(pushed);
  expect(again.made.length).toBeLessThanOrEqual(2);
  expect(index).toEqual(await started(await mkdtemp(join(folder, "none-"))).index());
});

test("a reader that sees a part has that part of it", async () => {
  const { directory } = await kept();
  const again = started(directory);
  const few: Choice = { name: "few", includes: (name) => name === "team/chart-3" };
  const index = await again.index(few);
  expect(again.made).toEqual([]);
  expect(index).toEqual(await started(await mkdtemp(join(folder, "none-"))).index(few));
});

describe("all is made anew, and right", () => {
  const anew = async ({ directory, index }: Awaited<ReturnType<typeof kept>>, program?: string) => {
    const again = started(directory, program === undefined ? {} : { program });
    expect(await again.index()).toEqual(index);
    expect(again.made.length).toBeGreaterThanOrEqual(charts);
    // It writes a file that is right, which must not come after the next damage.
    await again.kept;
  };

  test("where the file is damaged anywhere, cut short, or empty", async () => {
    const before = await kept();
    const { path } = before;
    const whole = await readFile(path);
    const places = [0, 10, whole.indexOf(10) - 3, whole.indexOf(10), whole.length >> 1, whole.length - 1];
    for (const place of places) {
      const damaged = Buffer.from(whole);
      damaged[place]! ^= 1;
      await writeFile(path, damaged);
      await anew(before);
    }
    for (const length of [0, 32, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, length));
      await anew(before);
    }
  });

  test("where another version of the program kept it", async () => {
    await anew(await kept(), "2");
  });
});

test("a disk that fails at any call, and a power loss, cost nothing but the file", async () => {
  const { index } = started(await mkdtemp(join(folder, "none-")));
  const right = await index();
  for (let failing = 0; ; failing++) {
    const root = await mkdtemp(join(folder, "failing-"));
    const fs = await TestFileSystem.over(root);
    fs.fault = (at) => (at === failing ? { code: "ENOSPC", short: true } : undefined);
    const one = started(join(root, "indexes"), { fs });
    expect(await one.index()).toEqual(right);
    await one.kept;
    expect(fs.openFiles).toBe(0);
    const after = join(folder, `after-${failing}`);
    await fs.afterPowerLoss(after, "all");
    for (const directory of [root, after])
      expect(await started(join(directory, "indexes")).index()).toEqual(right);
    if (fs.calls.length <= failing) break;
  }
});

test("a leaf's key says all that it is made of", () => {
  const listed = (text: string, created: number) => ({
    ...{ tag: parseTag("1.0.0"), version: "1.0.0", parsed: tryVersion("1.0.0")! },
    ...{ content: digestOf(new TextEncoder().encode(text)), created },
  });
  const one = [listed("a", 1), listed("b", 2)];
  const keys = [
    new Leaf("app", one, true, true),
    new Leaf("apps", one, true, true),
    new Leaf("app", one, false, true),
    new Leaf("app", one, true, false),
    new Leaf("app", one.slice(0, 1), true, true),
    new Leaf("app", one.toReversed(), true, true),
    new Leaf("app", [listed("a", 1), listed("b", 3)], true, true),
    new Leaf("app", [listed("a", 1), listed("c", 2)], true, true),
  ].map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(new Leaf("app", [...one], true, true).key).toBe(keys[0]!);
});
