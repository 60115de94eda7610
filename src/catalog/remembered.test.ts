import { expect, test } from "bun:test";
import { parseTag } from "../oci/reference.ts";
import { here, linkBlob, one, pushCommands, putManifest, there, two } from "../testing/commands.ts";
import type { Command } from "./command.ts";
import { freshCatalogs } from "./fresh.suite.ts";
import { Remembered } from "./remembered.ts";
import { openSqliteCatalog, openSqliteReader } from "./sqlite/sqlite.ts";

const fresh = freshCatalogs();
const [tag, other] = [parseTag("1.0.0"), parseTag("2.0.0")];
const layer = one.blobs[1]!;
const { digest } = layer.descriptor;

/** Put again under another media type, the last one holds. */
const retyped = {
  ...putManifest(here, one),
  descriptor: { ...one.descriptor, mediaType: "application/vnd.example" },
};

/** Every command that changes what a pull is told, after what makes it possible. */
const commands: readonly Command[] = [
  ...pushCommands(here, one, ["1.0.0"]),
  ...two.blobs.map((blob) => linkBlob(here, blob)),
  putManifest(here, two, ["1.0.0", "2.0.0"]),
  retyped,
  { ...putManifest(here, two, ["1.0.0"]), chart: { content: two.blobs[1]!.descriptor.digest, created: 1 } },
  { kind: "mount-blob", repository: there, from: here, digest, at: 2 },
  { kind: "unlink-blob", repository: there, digest },
  { kind: "mount-blob", repository: there, from: here, digest, at: 2 },
  { kind: "untag", repository: here, tag, at: 2 },
  { kind: "delete-manifest", repository: here, digest: two.descriptor.digest, at: 3 },
  { kind: "lose-blob", digest },
  ...pushCommands(there, two, ["1.0.0"]),
  { kind: "delete-manifest", repository: there, digest: two.descriptor.digest, at: 3 },
  { kind: "collect-blob", repository: there, digest: two.blobs[1]!.descriptor.digest, before: 9 },
];

test("after each command every question is answered as the database answers it", async () => {
  const path = await fresh();
  const catalog = await openSqliteCatalog(path);
  const reader = openSqliteReader(path);
  const answers = async (from: Pick<typeof catalog, "tag" | "manifest" | "blob" | "chartChange">) => {
    const all: unknown[] = [await from.chartChange("charts/")];
    for (const repository of [here, there]) {
      for (const name of [tag, other]) all.push(await from.tag(repository, name));
      for (const { descriptor, blobs } of [one, two]) {
        all.push(await from.manifest(repository, descriptor.digest));
        for (const blob of blobs) all.push(await from.blob(repository, blob.descriptor.digest));
      }
    }
    return all;
  };
  const changed = new Set<Command["kind"]>();
  let before = JSON.stringify(await answers(catalog));
  for (const command of commands) {
    await catalog.apply(command);
    const now = await answers(catalog);
    expect(now).toEqual(await answers(reader));
    if (JSON.stringify(now) !== before) changed.add(command.kind);
    before = JSON.stringify(now);
  }
  expect([...changed].toSorted()).toEqual([...new Set(commands.map(({ kind }) => kind))].toSorted());
  reader.close();
  await catalog.close();
});

/** Over a question that counts how often it is asked. */
function counting(room?: { entries: number; bytes: number }) {
  let asked = 0;
  const blob = () => ++asked;
  const remembered = new Remembered(
    {
      tag: () => undefined,
      manifest: () => {
        asked++;
        return one;
      },
      blob,
      chartChange: () => 0,
    },
    room,
  );
  return { remembered, asked: () => asked };
}

test("what was found is asked for once, until a command of its repository", () => {
  const { remembered, asked } = counting();
  const ask = () => [here, there].map((repository) => remembered.blob(repository, digest));
  expect([ask(), ask()]).toEqual([
    [1, 2],
    [1, 2],
  ]);
  remembered.forget({ kind: "untag", repository: here, tag, at: 2 });
  expect(ask()).toEqual([3, 2]);
  remembered.forget({ kind: "close-upload", id: "1" });
  expect(ask()).toEqual([3, 2]);
  remembered.forget({ kind: "lose-blob", digest });
  expect(ask()).toEqual([4, 5]);
  expect(asked()).toBe(5);
});

test("no more is remembered than there is room for", () => {
  const few = counting({ entries: 2, bytes: 1e6 });
  for (const each of [one, two, one, two]) few.remembered.blob(here, each.descriptor.digest);
  expect(few.asked()).toBe(2);
  few.remembered.blob(there, digest);
  few.remembered.blob(here, one.descriptor.digest);
  expect(few.asked()).toBe(4);
  const small = counting({ entries: 9, bytes: one.bytes.byteLength });
  for (const each of [one, one, two, one]) small.remembered.manifest(here, each.descriptor.digest);
  expect(small.asked()).toBe(3);
});
