import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packSample, saveSample } from "../testing/layouts.ts";
import { openLayout } from "./layout.ts";
import { removeName, writing } from "./write.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-write-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("many names set at once are all there", async () => {
  const store = join(folder, "cache");
  const { blobs, manifest } = await packSample();
  await saveSample(openLayout(store), "localhost:5000/a/b:first", { blobs, manifest });
  const names = Array.from({ length: 20 }, (_, i) => `localhost:5000/a/b:${i}`);
  // Each with a layout of its own, as processes have.
  await Promise.all(
    names.map((name) =>
      writing(openLayout(store), undefined, (writer) => writer.name(name, manifest.descriptor)),
    ),
  );
  const { entries } = await openLayout(store).index();
  expect(entries.map(({ name }) => name).sort()).toEqual([...names, "localhost:5000/a/b:first"].sort());
  const removed = await Promise.all(names.map((name) => removeName(openLayout(store), name)));
  expect(removed).toEqual(names.map(() => true));
  expect((await openLayout(store).index()).entries).toHaveLength(1);
});

test("a layout of another tool, which has no ingest directory, takes a name", async () => {
  const layout = openLayout(join(folder, "cache"));
  const sample = await packSample();
  await saveSample(layout, "localhost:5000/a/b:1", sample);
  await rm(layout.ingestPath, { recursive: true });
  await writing(layout, undefined, (writer) =>
    writer.name("localhost:5000/a/b:2", sample.manifest.descriptor),
  );
  expect((await layout.index()).get("localhost:5000/a/b:2")).toBeDefined();
});
