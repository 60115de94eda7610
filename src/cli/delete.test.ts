import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseTag, type Tag } from "../oci/reference.ts";
import { blobOf, imageOf, pushArtifact } from "../testing/artifacts.ts";
import { type Played, play, type TestWorld } from "../testing/context.ts";
import { refuse, type Spoil, type TestRegistry, testRegistry } from "../testing/registry.ts";

const image = imageOf([blobOf("content")]);
const { digest } = image.descriptor;
let folder = "";
let registry: TestRegistry;
let name = "";
const spoiled: { by: Spoil } = { by: () => undefined };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-delete-"));
  spoiled.by = () => undefined;
  registry = testRegistry((request, url) => spoiled.by(request, url));
  name = `${registry.host}/a/b`;
  await pushArtifact(registry.repository, image, { tags: ["1", "2"].map(parseTag), expect: "any" });
});
afterEach(async () => {
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (argv: string[], world: Partial<TestWorld> = {}): Promise<Played> =>
  play([...argv, "--no-progress"], { cwd: folder, ...world });
const tags = async () => (await Array.fromAsync(registry.repository.tags())) as string[];
const deleted = () => registry.requests.filter((line) => line.startsWith("DELETE"));

test("a tag goes alone, by digest the manifest goes with every tag", async () => {
  expect(await run(["delete", `${name}:1`, "--yes"])).toMatchObject({
    exitCode: 0,
    stdout: `${name}:1: untagged\n`,
  });
  expect(await tags()).toEqual(["2"]);
  expect(await registry.repository.resolve(digest)).toBeDefined();
  const { exitCode, stdout } = await run(["delete", `${name}@${digest}`, "--yes", "-o", "json"]);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    ref: `${name}@${digest}`,
    status: "deleted",
    manifest: { digest },
  });
  expect(await tags()).toEqual([]);
  expect(await registry.repository.resolve(digest)).toBeUndefined();
  expect(await run(["delete", `${name}@${digest}`, "--yes"])).toMatchObject({ exitCode: 3 });
});

test("on a terminal it is asked for, and only yes does it", async () => {
  for (const keys of ["\r", "n\r", "no\r"]) {
    const said = await run(["delete", `${name}:1`], { keys });
    expect(said).toMatchObject({ exitCode: 130, stdout: "" });
    expect(said.stderr).toContain(`Untag ${name}:1, which is ${digest}? [y/N]: `);
  }
  expect(deleted()).toEqual([]);
  expect(await run(["delete", `${name}:1`], { keys: "y\r" })).toMatchObject({ exitCode: 0 });
  expect(await tags()).toEqual(["2"]);
  const all = await run(["delete", `${name}@${digest}`], { keys: "yes\r" });
  expect(all.stderr).toContain(`Delete ${name}@${digest}, and every tag of it? [y/N]: `);
  expect(await tags()).toEqual([]);
});

test("elsewhere, without --yes, nothing is deleted and it says what to do", async () => {
  for (const argv of [[], ["-o", "json"], ["--no-input"]]) {
    const said = await run(["delete", `${name}:1`, ...argv], argv.length > 0 ? { keys: "y\r" } : {});
    expect(said).toMatchObject({ exitCode: 2, stdout: "" });
    expect(said.stderr).toContain("--yes does it without asking");
  }
  expect(await run(["delete", `${name}:1`, "--dry-run"])).toMatchObject({
    exitCode: 0,
    stdout: `${name}:1: would be untagged\n`,
  });
  expect(deleted()).toEqual([]);
});

test("a registry that cannot untag is told so, and the manifest is not deleted instead", async () => {
  spoiled.by = (request) => (request.method === "DELETE" ? refuse(400, "DIGEST_INVALID") : undefined);
  const said = await run(["delete", `${name}:1`, "--yes"]);
  expect(said).toMatchObject({ exitCode: 4, stdout: "" });
  expect(said.stderr).toContain("the registry takes no tag away (HTTP 400). Nothing was deleted");
  expect(deleted()).toEqual(["DELETE /v2/a/b/manifests/1"]);
});

test("what names both, neither, or many is a usage error", async () => {
  for (const ref of [`${name}:1@${digest}`, name, `${registry.host}/`, "store:", "x"])
    expect(await run(["delete", ref, "--yes"])).toMatchObject({ exitCode: 2, stdout: "" });
  expect(registry.requests).toEqual([]);
});

test("in a layout a name goes, by digest every name of the repository", async () => {
  for (const target of ["layout:dir:h/a:1", "layout:dir:h/a:2", "layout:dir:h/b:1"])
    expect(await run(["copy", `${name}:1`, target])).toMatchObject({ exitCode: 0 });
  expect(await run(["delete", "layout:dir:h/a:1", "--yes"])).toMatchObject({ exitCode: 0 });
  expect(await run(["tags", "layout:dir:h/a"])).toMatchObject({ stdout: "2\n" });
  expect(await run(["delete", `layout:dir:h/a@${digest}`, "--yes"])).toMatchObject({ exitCode: 0 });
  expect(await run(["tags", "layout:dir:h/a"])).toMatchObject({ exitCode: 3 });
  expect(await run(["tags", "layout:dir:h/b"])).toMatchObject({ stdout: "1\n" });
});

test("tags lists them all, in three ways", async () => {
  const many = Array.from({ length: 30 }, (_, i) => `v${i}` as Tag);
  await registry.repository.pushManifest(image.descriptor, image.bytes, { tags: many, expect: "any" });
  const sorted = ["1", "2", ...many].toSorted();
  for (const argv of [[], ["-q"]])
    expect(await run(["tags", name, ...argv])).toMatchObject({
      exitCode: 0,
      stdout: `${sorted.join("\n")}\n`,
    });
  const { stdout } = await run(["tags", `oci://${name}`, "-o", "json"]);
  expect(JSON.parse(stdout)).toEqual({ repository: name, tags: sorted });
  for (const [ref, exitCode] of [
    [`${name}:1`, 2],
    [`${registry.host}/`, 2],
    ["store:", 3],
  ] as const)
    expect(await run(["tags", ref])).toMatchObject({ exitCode, stdout: "" });
});
