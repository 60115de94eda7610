import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { chartMediaTypes } from "../../chart/mediaTypes.ts";
import { parseTag } from "../../oci/reference.ts";
import { rawEntry, rawTar } from "../../testing/archives.ts";
import { blobOf, imageOf, pushArtifact } from "../../testing/artifacts.ts";
import { sampleChart, writeChart } from "../../testing/charts.ts";
import { play } from "../../testing/context.ts";
import { type TestRegistry, testRegistry } from "../../testing/registry.ts";

let folder = "";
let registry: TestRegistry;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-trade-"));
  registry = testRegistry();
});
afterEach(async () => {
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

const chart = (...argv: string[]) => play(["chart", ...argv, "--store", "store"], { cwd: folder });

/** Put what says that it is a chart into the registry, and give its name. */
async function pushed(archive: string | Uint8Array): Promise<string> {
  const config = blobOf('{"name":"mychart","version":"1.0.0","apiVersion":"v2"}', chartMediaTypes.config);
  const artifact = imageOf([blobOf(archive, chartMediaTypes.content)], {}, config);
  await pushArtifact(registry.repository, artifact, { tags: [parseTag("1.0.0")], expect: "any" });
  return `${registry.host}/a/mychart:1.0.0`;
}

const archiveOf = (path: string, content: string) =>
  gzipSync(rawTar([rawEntry({ name: `mychart/${path}`, content })]));

test.each([
  ["is no archive", "no archive"],
  ["has no Chart.yaml", archiveOf("values.yaml", "")],
])("what is pulled and %s is not named", async (_what, archive) => {
  expect(await chart("pull", await pushed(archive))).toMatchObject({ exitCode: 1 });
  expect((await chart("list", "-q")).stdout).toBe("");
});

test("what a chart is its config says; a broken Chart.yaml is refused where it is read", async () => {
  const name = await pushed(archiveOf("Chart.yaml", "name: ["));
  expect(await chart("pull", name)).toMatchObject({ exitCode: 0 });
  expect(await chart("export", name)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("Cannot parse Chart.yaml"),
  });
});

test("a tag that holds another chart is left alone unless forced", async () => {
  const name = `${registry.host}/a/mychart:1.0.0`;
  const held = async () => (await registry.repository.resolve(parseTag("1.0.0")))?.digest;
  await writeChart(join(folder, "mychart"));
  await chart("save", "mychart", name);
  expect(await chart("push", name)).toMatchObject({ exitCode: 0 });
  const first = await held();
  await writeChart(join(folder, "mychart"), sampleChart({ "values.yaml": "replicas: 2\n" }));
  await chart("save", "mychart", name);
  expect(await chart("push", name)).toMatchObject({
    exitCode: 5,
    stderr: expect.stringContaining("holds another"),
  });
  expect(await held()).toBe(first!);
  expect(await chart("push", name, "--force")).toMatchObject({ exitCode: 0 });
  expect(await held()).not.toBe(first!);
});
