import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blobOf, imageOf } from "../../../testing/artifacts.ts";
import { play } from "../../../testing/context.ts";
import { DistributionData, fingerprint } from "../../../testing/distribution.ts";

let cwd = "";
let there: DistributionData;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "chartroom-adopt-run-"));
  there = new DistributionData(join(cwd, "old"));
  await there.push("charts/mychart", imageOf([blobOf("a chart")]), "0.1.0");
});
afterEach(() => rm(cwd, { recursive: true }));

test("nothing is adopted into the old registry's own directory, whatever way leads there", async () => {
  await symlink(there.path(), join(cwd, "link"));
  const before = await fingerprint(there.root);
  for (const data of [
    "old/docker/registry/v2",
    "old/docker/registry/v2/new",
    "old/docker/registry/v2/..new",
    "old/x/../docker/registry/v2/new",
  ])
    expect(await play(["registry", "adopt", "old", "--data", data], { cwd })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("it lies in the old registry's own directory"),
    });
  for (const data of ["link", "link/new"])
    expect((await play(["registry", "adopt", "old", "--data", data], { cwd })).exitCode).not.toBe(0);
  expect(await fingerprint(there.root)).toBe(before);
});

test("beside it is a fine place, and so is one that begins like it", async () => {
  for (const data of ["old/chartroom", "old/docker/registry/v2-new"])
    expect(await play(["registry", "adopt", "old", "--data", data], { cwd })).toMatchObject({
      exitCode: 0,
      stdout: "1 repository: 2 blobs (9 B), 1 manifest, 1 tag adopted\n",
    });
});

test("what was adopted is told to be served with the configuration that it came by", async () => {
  const settings = `version: 0.1\nstorage: {filesystem: {rootdirectory: ${there.root}}}\n`;
  await writeFile(join(cwd, "config.yml"), settings);
  const next = async (...words: string[]) =>
    (await play(["registry", "adopt", ...words, "--data", "new"], { cwd })).stderr;
  expect(await next("old")).toBe(`Next: chartroom registry serve --data ${join(cwd, "new")}\n`);
  expect(await next("config.yml")).toBe(
    `Next: chartroom registry serve config.yml --data ${join(cwd, "new")}\n`,
  );
  expect(await next("old", "--dry-run")).toBe("");
});

test("what REGISTRY_ says of the old registry's data does not say where ours is", async () => {
  const env = { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: there.root, XDG_DATA_HOME: join(cwd, "share") };
  expect(await play(["registry", "adopt", "old"], { cwd, env })).toMatchObject({ exitCode: 0 });
  expect((await stat(join(cwd, "share/chartroom/registry/blobs/sha256"))).isDirectory()).toBe(true);
});

test("an old registry without a repository is nothing to adopt, and no fault", async () => {
  await rm(there.path("repositories/charts"), { recursive: true });
  await mkdir(there.path("repositories"), { recursive: true });
  expect(await play(["registry", "adopt", "old", "--data", "new"], { cwd })).toMatchObject({
    exitCode: 0,
    stdout: "0 repositories: 0 blobs, 0 manifests, 0 tags adopted\n",
  });
});
