import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFile, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { nodeFileSystem } from "../files/filesystem.ts";
import { parseDigest } from "../oci/digest.ts";
import { parseTag } from "../oci/reference.ts";
import { rowOf, stepOf } from "../testing/migrate.ts";
import { Journal, Learnings } from "./journal.ts";
import type { Outcome } from "./outcome.ts";
import { rememberedIndex, rememberIndex } from "./remembered.ts";

let path = "";
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), "chartroom-journal-")), "state", "journal.jsonl");
});
afterEach(() => rm(join(path, "../.."), { recursive: true, force: true }));

const digest = (digit: string) => parseDigest(`sha256:${digit.repeat(64)}`);
const moved = (version: string, more: Partial<Outcome> = {}): Outcome => {
  const step = stepOf(rowOf("a", version, { digest: digest("a") }));
  const done = { archive: digest("a"), manifest: digest("b"), notes: [] };
  return { step, tag: step.tag, status: "moved", ...done, ...more };
};
async function write(...outcomes: Outcome[]): Promise<void> {
  const journal = await Journal.open(nodeFileSystem, path);
  for (const each of outcomes) journal.write(each, 0);
  await journal.close();
}
const find = async (version: string) =>
  (await Learnings.read(nodeFileSystem, path)).find(moved(version).step);

test("keeps each outcome as a line, for its owner alone, behind those of earlier runs", async () => {
  await write(moved("1.0.0"));
  await write(
    moved("2.0.0", { status: "failed", error: { code: "network", message: "no way" }, manifest: undefined }),
  );
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      time: "1970-01-01T00:00:00.000Z",
      chart: "a",
      version: "1.0.0",
      status: "moved",
      manifest: digest("b"),
    },
    { version: "2.0.0", status: "failed", error: "no way" },
  ]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("tells of rows that the index does not say right, and of no others", async () => {
  expect(await find("1.0.0")).toBeUndefined();
  await write(
    moved("1.0.0"),
    moved("2.0.0", { archive: digest("c") }),
    moved("v3.0.0", { tag: parseTag("3.0.0") }),
    moved("4.0.0", { archive: digest("c"), manifest: undefined, status: "failed" }),
  );
  expect(await find("1.0.0")).toBeUndefined();
  expect(await find("2.0.0")).toEqual({ tag: parseTag("2.0.0"), manifest: digest("b") });
  expect(await find("v3.0.0")).toEqual({ tag: parseTag("3.0.0"), manifest: digest("b") });
  expect(await find("4.0.0")).toBeUndefined();
});

test("tells what was brought or found there, as long as its source is not met with it", async () => {
  await write(
    moved("1.0.0"),
    moved("1.1.0", { status: "exists" }),
    moved("v1.2.0", { tag: parseTag("1.2.0") }),
    moved("1.3.0", { status: "failed", manifest: undefined }),
  );
  const learnings = await Learnings.read(nodeFileSystem, path);
  learnings.met(rowOf("a", "1.0.0"));
  learnings.met(rowOf("a", "9.0.0"));
  expect([...learnings.unmet()]).toEqual([
    { chart: "a", version: "1.1.0", place: "a:1.1.0" },
    { chart: "a", version: "v1.2.0", place: "a:1.2.0" },
  ]);
  const known = ["1.0.0", "1.1.0", "1.3.0", "9.0.0"].filter((each) => learnings.hasBrought(rowOf("a", each)));
  expect(known).toEqual(["1.0.0", "1.1.0"]);
});

test("is read whole where it is larger than what is read at once", async () => {
  const versions = Array.from({ length: 400 }, (_, minor) => `1.${minor}.0`);
  await write(...versions.map((version) => moved(version, { notes: ["é".repeat(199)] })));
  const learnings = await Learnings.read(nodeFileSystem, path);
  expect([...learnings.unmet()].map(({ version }) => version)).toEqual(versions);
});

test("that a crash has cut is gone on with, and read as far as it is whole", async () => {
  await write(moved("1.0.0", { archive: digest("c") }));
  await appendFile(path, '{"chart":"a","vers');
  await write(moved("2.0.0", { archive: digest("c") }));
  expect(await find("1.0.0")).toBeDefined();
  expect(await find("2.0.0")).toBeDefined();
});

test("an index is remembered for the very same migration", async () => {
  const version = { etag: '"1"', lastModified: "Thu, 01 Jan 1970 00:00:00 GMT" };
  expect(await rememberedIndex(nodeFileSystem, path, "this")).toBeUndefined();
  await rememberIndex(nodeFileSystem, path, "this", version);
  expect(await rememberedIndex(nodeFileSystem, path, "this")).toEqual(version);
  expect(await rememberedIndex(nodeFileSystem, path, "that")).toBeUndefined();
});

test("two migrations that end at once both remember their index, and leave nothing else", async () => {
  const kept = Array.from({ length: 4 }, (_, at) =>
    rememberIndex(nodeFileSystem, path, "this", { etag: `"${at}"` }),
  );
  await Promise.all(kept);
  expect((await rememberedIndex(nodeFileSystem, path, "this"))?.etag).toMatch(/^"[0-3]"$/);
  expect(await readdir(dirname(path))).toEqual([basename(path)]);
});
