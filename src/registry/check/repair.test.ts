import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Blobs } from "../../blobs/blobs.ts";
import { FilesystemBlobs } from "../../blobs/filesystem.ts";
import { nodeFileSystem as fs } from "../../files/filesystem.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { parseTag } from "../../oci/reference.ts";
import { blobOf, imageOf, pushContent } from "../../testing/artifacts.ts";
import { checkedData } from "../../testing/checked.ts";
import { here, there } from "../../testing/commands.ts";
import { type TestData, testData } from "../../testing/dataDirectory.ts";
import { failureOf } from "../../testing/errors.ts";
import { noise, streamOf } from "../../testing/streams.ts";
import { replacing } from "../replacing.ts";
import { type Repaired, repair } from "./repair.ts";

const layer = blobOf(noise(5000));
const image = imageOf([layer]);
const signature = imageOf([], { subject: image.descriptor, annotations: { by: "ann" } });
const { digest } = layer.descriptor;
const never = new AbortController().signal;

const on = (it: TestData, files = fs) => ({
  ...{ fs: files, paths: it.data, registry: it.registry },
  store: { blobs: it.blobs, catalog: it.catalog, now: Date.now },
  aside: new FilesystemBlobs(fs, { blobs: it.data.quarantine, ingest: it.data.ingest }),
});

/** Check, and mend each thing; gives what was done. */
async function repaired(it: TestData): Promise<Repaired[]> {
  const done: Repaired[] = [];
  for (const finding of (await checkedData(it)).found) {
    const each = await repair(finding, on(it), never);
    if (each !== undefined) done.push(each);
  }
  return done;
}

async function filled(): Promise<TestData> {
  const it = await testData();
  await it.push(here, image, "v1");
  await it.push(here, signature);
  await it.push(there, image);
  return it;
}

async function rot(it: TestData, which: Digest): Promise<void> {
  await chmod(it.blobPath(which), 0o644);
  const bytes = await readFile(it.blobPath(which));
  bytes[0]! ^= 1;
  await writeFile(it.blobPath(which), bytes);
}

test("a blob whose bytes are wrong is put aside and taken out of its repositories; a push brings it again", async () => {
  await using it = await filled();
  await rot(it, digest);
  const rotten = await readFile(it.blobPath(digest));
  const aside = join("quarantine", digest.replace(":", "/"));
  expect(await repaired(it)).toEqual([
    {
      where: digest,
      lost: true,
      message: `its bytes are not what its name says; it was put aside as ${aside}, and it is taken out of ${here}, ${there}: push it there again`,
    },
  ]);
  expect(await readFile(join(it.data.root, aside))).toEqual(rotten);
  for (const name of [here, there])
    expect(await it.registry.repository(name).stat({ digest })).toBeUndefined();
  const { findings } = await checkedData(it);
  expect(findings.filter(({ level }) => level === "fault")).toEqual([]);
  const message = `its repository lacks blob ${digest}`;
  for (const name of [here, there])
    expect(findings).toContainEqual({
      ...{ level: "warning", where: `${name}@${image.descriptor.digest}`, message },
    });
  for (const name of [here, there]) await pushContent(it.registry.repository(name), layer);
  expect((await checkedData(it)).findings.filter(({ level }) => level !== "waste")).toEqual([]);
  expect(await it.catalog.tag(here, parseTag("v1"))).toBe(image.descriptor.digest);
});

test("a blob whose bytes are missing is taken out of its repositories, and nothing is put aside", async () => {
  await using it = await filled();
  await rm(it.blobPath(digest));
  const message = `its bytes are missing; it is taken out of ${here}, ${there}: push it there again`;
  expect(await repaired(it)).toEqual([{ where: digest, lost: true, message }]);
  expect(await readdir(it.data.root)).not.toContain("quarantine/sha256");
  expect(await repaired(it)).toEqual([]);
});

test("a blob that cannot be put aside is told all the same, is no longer served, and a push mends it", async () => {
  await using it = await filled();
  await rot(it, digest);
  const files = { ...fs, rename: () => Promise.reject(new Error("EIO: i/o error, rename")) };
  const { found } = await checkedData(it);
  expect(await repair(found[0]!, on(it, files), never)).toMatchObject({
    lost: true,
    message: expect.stringContaining(
      "it could not be put aside (EIO: i/o error, rename), and it is taken out of",
    ),
  });
  expect(await it.registry.repository(here).stat({ digest })).toBeUndefined();
  for (const name of [here, there]) await pushContent(it.registry.repository(name), layer);
  expect((await checkedData(it)).findings).toEqual([]);
});

test("a blob of which nobody can tell stays: it may not be read, no file can be opened, or the repair is ended", async () => {
  await using it = await filled();
  await rot(it, digest);
  const { found } = await checkedData(it);
  const refused = (code: string) => ({
    ...on(it),
    store: {
      ...on(it).store,
      blobs: replacing<Blobs>(it.blobs, {
        read: () => Promise.reject(Object.assign(new Error(`${code}: open`), { code })),
      }),
    },
  });
  for (const code of ["EACCES", "EPERM", "EMFILE", "ENFILE", "ENOMEM"])
    expect(await repair(found[0]!, refused(code), never)).toBeUndefined();
  const reason = new Error("Ctrl-C");
  expect(await failureOf(repair(found[0]!, on(it), AbortSignal.abort(reason)))).toBe(reason);
  for (const name of [here, there]) expect(await it.registry.repository(name).stat({ digest })).toBe(5000);
  expect(await repair(found[0]!, refused("EIO"), never)).toMatchObject({ lost: true });
});

test("what is no longer so is left alone", async () => {
  await using it = await filled();
  await rm(it.blobPath(digest));
  const { found } = await checkedData(it);
  await pushContent(it.registry.repository(here), layer);
  await writeFile(it.blobPath(digest), layer.bytes);
  for (const finding of found) expect(await repair(finding, on(it), never)).toBeUndefined();
  for (const name of [here, there]) expect(await it.registry.repository(name).stat({ digest })).toBe(5000);
});

test("a push that puts a blob anew just before it would be put aside loses nothing", async () => {
  await using it = await filled();
  await rot(it, digest);
  const { found } = await checkedData(it);
  let pushed = false;
  const files = {
    ...fs,
    async rename(from: string, to: string) {
      if (from === it.blobPath(digest) && !pushed) {
        pushed = true;
        // Another push's bytes, published before the rows went: its answer came from a row that was there.
        await using ingest = await it.blobs.ingest("other");
        await ingest.append(streamOf(layer.bytes));
        await ingest.commit(digest);
        await ingest.discard();
      }
      await fs.rename(from, to);
    },
  };
  for (const finding of found) expect(await repair(finding, on(it, files), never)).toBeUndefined();
  expect(pushed).toBe(true);
  for (const name of [here, there]) expect(await it.registry.repository(name).stat({ digest })).toBe(5000);
  expect((await checkedData(it)).findings).toEqual([]);
});

test("a push that comes while a blob is put aside is answered when its own bytes are there", async () => {
  await using it = await filled();
  await rot(it, digest);
  const { found } = await checkedData(it);
  const pushes: Promise<void>[] = [];
  const files = {
    ...fs,
    async rename(from: string, to: string) {
      if (from === it.blobPath(digest)) {
        pushes.push(pushContent(it.registry.repository(here), layer));
        while (digestOf(await readFile(from)) !== digest) await Bun.sleep(1);
      }
      await fs.rename(from, to);
    },
  };
  // What is put aside are the bytes of the push, so nothing is lost any more.
  for (const finding of found) expect(await repair(finding, on(it, files), never)).toBeUndefined();
  await Promise.all(pushes);
  expect(pushes).toHaveLength(1);
  for (const name of [here, there]) expect(await it.registry.repository(name).stat({ digest })).toBe(5000);
  const faults = (await checkedData(it)).findings.filter(({ level }) => level === "fault");
  expect(faults).toEqual([]);
});

test("rows that are not what a manifest's bytes say are written anew, tags stay", async () => {
  await using it = await filled();
  const spoil = new Database(it.data.catalog);
  spoil.run("DELETE FROM edge");
  spoil.run("UPDATE referrer SET annotations = '{}'");
  spoil.close();
  const done = await repaired(it);
  expect(done.map(({ where, lost }) => ({ where, lost }))).toEqual(
    expect.arrayContaining([
      { where: `${here}@${image.descriptor.digest}`, lost: false },
      { where: `${here}@${signature.descriptor.digest}`, lost: false },
      { where: `${there}@${image.descriptor.digest}`, lost: false },
    ]),
  );
  expect((await checkedData(it)).findings).toEqual([]);
  expect(await it.catalog.tag(here, parseTag("v1"))).toBe(image.descriptor.digest);
  const { items } = await it.catalog.referrers(here, image.descriptor.digest, undefined, { limit: 9 });
  expect(items[0]?.annotations).toEqual({ by: "ann" });
  expect(await failureOf(it.registry.repository(here).deleteBlob(digest))).toMatchObject({
    code: "conflict",
  });
});

test("a blob that nobody has is removed, unless somebody has it by then; not while a backup is under way", async () => {
  await using it = await filled();
  const [orphan, taken] = [blobOf("an orphan"), blobOf("taken")];
  for (const each of [orphan, taken]) {
    await using ingest = await it.blobs.ingest("x");
    await ingest.append(streamOf(each.bytes));
    await ingest.commit(each.descriptor.digest);
    await ingest.discard();
  }
  const { found } = await checkedData(it);
  expect(found).toHaveLength(2);
  await pushContent(it.registry.repository(here), taken);
  const hold = await it.registry.collector.hold();
  expect(await failureOf(repair(found[0]!, on(it), never))).toMatchObject({ code: "busy" });
  hold[Symbol.dispose]();
  const done = [];
  for (const finding of found) done.push(await repair(finding, on(it), never));
  expect(done.filter((each) => each !== undefined)).toEqual([
    {
      where: orphan.descriptor.digest,
      lost: false,
      message: "no repository has it: 9 bytes; it was removed",
    },
  ]);
  expect((await checkedData(it)).findings).toEqual([]);
});
