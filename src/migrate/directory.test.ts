import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "../files/filesystem.ts";
import { digestOf } from "../oci/digest.ts";
import { codeOf } from "../testing/errors.ts";
import { archiveOf, indexOf, rowOf } from "../testing/migrate.ts";
import { Directory } from "./directory.ts";
import type { IndexRow } from "./indexRow.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-directory-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What is in registries, by the URLs that were asked for. */
const elsewhere = {
  places: ({ urls }: IndexRow) => urls.map((url) => ({ ...nothing, shown: `elsewhere: ${url}` })),
};
const nothing = {
  size: async () => 0,
  archive: async () => new Uint8Array(),
  provenance: async () => undefined,
};
const directory = () => new Directory(nodeFileSystem, join(folder, "charts"), elsewhere);
const put = async (path: string, bytes: string | Uint8Array) => {
  await mkdir(join(folder, path, ".."), { recursive: true });
  await writeFile(join(folder, path), bytes);
};
/** What the places of a URL hold, as text; nothing where there is no file. */
const held = async (url: string): Promise<string[]> => {
  const places = directory().places(rowOf("a", "1.0.0", { urls: [url] }));
  const bytes = await Promise.all(places.map((place) => place.archive().catch(() => undefined)));
  return bytes.flatMap((each) => (each === undefined ? [] : [new TextDecoder().decode(each)]));
};

test("a URL leads to the file of its path, else to that of its last part", async () => {
  await put("charts/a b.tgz", "blank");
  await put("charts/sub/a.tgz", "below");
  await put("charts/a.tgz", "beside");
  expect(await held("https://elsewhere.example.com/x/a%20b.tgz?key=1")).toEqual(["blank"]);
  expect(await held("sub/a.tgz")).toEqual(["below", "beside"]);
  expect(await held("./a.tgz#x")).toEqual(["beside"]);
  expect(await held("/x/a.tgz")).toEqual(["beside"]);
});

test("a URL of a registry leads there, and is no file's", () => {
  const urls = ["a.tgz", "oci://r.example.com/b:1.0.0", "https://e.com/c.tgz"];
  const shown = directory()
    .places(rowOf("a", "1.0.0", { urls }))
    .map((place) => place.shown);
  expect(shown).toEqual([
    join(folder, "charts/a.tgz"),
    "elsewhere: oci://r.example.com/b:1.0.0",
    join(folder, "charts/c.tgz"),
  ]);
});

test.each([
  "../secret.tgz",
  "%2e%2e%2fsecret.tgz",
  "..%2fsecret.tgz",
  "sub/../../secret.tgz",
  "file:///secret.tgz",
  "%ff",
])("%s leads to no file outside of it", async (url) => {
  await put("secret.tgz", "secret");
  await put("charts/index.yaml", "");
  expect(await held(url)).toEqual([]);
});

test("the provenance stands beside the archive, and a size is told", async () => {
  await put("charts/a.tgz", "chart");
  await put("charts/a.tgz.prov", "signed");
  const [place] = directory().places(rowOf("a", "1.0.0", { urls: ["a.tgz"] }));
  expect(await place?.size()).toBe(5);
  expect(await place?.provenance()).toEqual(Buffer.from("signed"));
});

test("its index is read from the file, of any length", async () => {
  const rows = Array.from({ length: 2000 }, (_, i) => rowOf(`chart${i}`, "1.0.0"));
  await put("charts/index.yaml", indexOf(rows));
  const { entries } = await directory().index();
  expect((await Array.fromAsync(entries)).length).toBe(2000);
});

test("archives without an index are read for what they are, chart by chart, and bad ones named", async () => {
  const [old, other, young] = [
    await archiveOf("b", "1.0.0"),
    await archiveOf("a", "3.0.0"),
    await archiveOf("b", "2.0.0"),
  ];
  await put("charts/1.tgz", old);
  await put("charts/2 2.tgz", other);
  await put("charts/3.tgz", young);
  await put("charts/4.tgz", "no archive");
  await put("charts/README.md", "no archive");
  const entries = await Array.fromAsync((await directory().index()).entries);
  expect(
    entries.map((each) => ("row" in each ? `${each.row.name} ${each.row.version}` : each.chart)),
  ).toEqual(["4.tgz", "a 3.0.0", "b 1.0.0", "b 2.0.0"]);
  const row = entries.flatMap((each) => ("row" in each ? [each.row] : []))[0]!;
  expect(row.digest).toBe(digestOf(other));
  const asked: number[] = [];
  const admit = async (size: number) => void asked.push(size);
  expect(await directory().places(row)[0]?.archive(admit)).toEqual(Buffer.from(other));
  expect(asked).toEqual([other.byteLength]);
});

test("a directory of nothing is told", async () => {
  await mkdir(join(folder, "charts"));
  const { entries } = await directory().index();
  expect(await codeOf(Array.fromAsync(entries))).toBe("not_found");
});
