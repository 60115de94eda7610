import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Blobs } from "../../blobs/blobs.ts";
import { FilesystemBlobs } from "../../blobs/filesystem.ts";
import { absentDigest, blobOf, imageOf, indexOf } from "../../testing/artifacts.ts";
import { checkedData } from "../../testing/checked.ts";
import { here, linkBlob } from "../../testing/commands.ts";
import { type TestData, testData } from "../../testing/dataDirectory.ts";
import { pushChart } from "../../testing/pushChart.ts";
import { noise, streamOf } from "../../testing/streams.ts";
import { plainFiles } from "../plainFiles.ts";
import { replacing } from "../replacing.ts";

const layer = blobOf(noise(5000));
const image = imageOf([layer]);
const signature = imageOf([], { subject: image.descriptor, annotations: { by: "ann" } });
const index = indexOf([image]);

async function filled(): Promise<TestData> {
  const it = await testData();
  await it.push("charts/here", index, "1.0.0");
  await it.push("charts/here", signature);
  await it.push("charts/there", image, "1.0.0");
  return it;
}

/** Change the catalog behind its back, as a broken disk would. */
function spoil({ data }: TestData, ...statements: string[]): void {
  const database = new Database(data.catalog);
  database.run("PRAGMA foreign_keys = OFF");
  for (const statement of statements) database.run(statement);
  database.close();
}

const { digest } = layer.descriptor;

test("a registry that is well has no findings, and all of it was looked at", async () => {
  await using it = await filled();
  await it.registry.uploads.open(here, undefined);
  const { looked, findings } = await checkedData(it);
  expect(findings).toEqual([]);
  const sizes = [image, index, signature, layer].map(({ descriptor }) => descriptor.size);
  const bytes = sizes.reduce((sum, size) => sum + size, "{}".length);
  expect(looked).toEqual({ blobs: 2, manifests: 3, bytes });
});

describe("a blob is a fault", () => {
  const faultOf = async (it: TestData, shallow = false) => (await checkedData(it, { shallow })).findings;

  test("when its bytes are gone", async () => {
    await using it = await filled();
    await rm(it.blobPath(digest));
    expect(await faultOf(it, true)).toEqual([
      { level: "fault", where: digest, message: "its bytes are missing" },
    ]);
  });

  test("when it was cut", async () => {
    await using it = await filled();
    await rm(it.blobPath(digest));
    await writeFile(it.blobPath(digest), layer.bytes.subarray(1));
    const message = "it has 4999 bytes, its row says 5000";
    expect(await faultOf(it, true)).toEqual([{ level: "fault", where: digest, message }]);
  });

  test("when one bit of it turned, which takes reading it", async () => {
    await using it = await filled();
    const bytes = Buffer.concat([layer.bytes]);
    bytes[2500]! ^= 1;
    await chmod(it.blobPath(digest), 0o644);
    await writeFile(it.blobPath(digest), bytes);
    expect(await faultOf(it, true)).toEqual([]);
    const message = "its bytes are not what its name says";
    expect(await faultOf(it)).toEqual([{ level: "fault", where: digest, message }]);
  });

  test("when a link stands in its place, wherever it leads", async () => {
    await using it = await filled();
    await rename(it.blobPath(digest), join(it.data.root, "elsewhere"));
    await symlink(join(it.data.root, "elsewhere"), it.blobPath(digest));
    const { findings } = await checkedData({ ...it, blobs: new FilesystemBlobs(plainFiles, it.data) });
    expect(findings).toContainEqual({
      ...{ level: "fault", where: digest, message: expect.stringContaining("it is a link") },
    });
    const where = `blobs/${digest.replace(":", "/")}`;
    expect(findings).toContainEqual({ level: "warning", where, message: "is none of a registry's files" });
  });

  test("when the disk does not give it, and the others are looked at all the same", async () => {
    await using it = await filled();
    const blobs = replacing<Blobs>(it.blobs, {
      read: async (each) => {
        if (each === digest) throw new Error("EIO: i/o error, read");
        return it.blobs.read(each);
      },
    });
    const { looked, findings } = await checkedData({ ...it, blobs });
    const message = "its bytes cannot be read: EIO: i/o error, read";
    expect(findings).toEqual([{ level: "fault", where: digest, message }]);
    expect(looked).toMatchObject({ blobs: 2, manifests: 3 });
  });
});

describe("a manifest is a fault", () => {
  const where = `charts/here@${signature.descriptor.digest}`;
  const hex = signature.descriptor.digest.slice("sha256:".length).toUpperCase();
  const id = `(SELECT id FROM content WHERE digest = X'01${hex}')`;

  for (const [what, statement, message] of [
    [
      "when its bytes are others",
      `UPDATE body SET bytes = X'7b7d' WHERE content = ${id}`,
      "its bytes in the catalog are not what its name says",
    ],
    [
      "when its media type is not its own",
      `UPDATE manifest SET media_type = 'application/x' WHERE content = ${id}`,
      "Cannot parse manifest: it says mediaType",
    ],
    [
      "when a blob that it names is not among its rows",
      `DELETE FROM edge WHERE manifest = ${id}`,
      "its rows name other content than its bytes",
    ],
    [
      "when it is not among the referrers",
      `DELETE FROM referrer WHERE manifest = ${id}`,
      "its row among the referrers is not what its bytes say",
    ],
    [
      "when it is another among the referrers",
      `UPDATE referrer SET annotations = '{}' WHERE manifest = ${id}`,
      "its row among the referrers is not what its bytes say",
    ],
  ] as const)
    test(what, async () => {
      await using it = await filled();
      spoil(it, statement);
      const { findings } = await checkedData(it);
      expect(findings).toEqual([{ level: "fault", where, message: expect.stringContaining(message) }]);
    });
});

test("rows that refer to none are a fault, and a broken database ends no check", async () => {
  await using it = await filled();
  spoil(it, "DELETE FROM manifest WHERE repository = 2");
  expect((await checkedData(it)).findings).toContainEqual({
    level: "fault",
    where: "catalog",
    message: "a row of tag refers to a row of manifest that is not there",
  });
  const catalog = replacing(it.catalog, { manifests: () => Promise.reject(new Error("malformed")) });
  await rm(it.blobPath(digest));
  const { findings } = await checkedData({ ...it, catalog });
  expect(findings).toContainEqual({ level: "fault", where: "catalog", message: "malformed" });
  expect(findings).toContainEqual({ level: "fault", where: digest, message: "its bytes are missing" });
});

test("what a manifest names and its repository lacks is a warning", async () => {
  await using it = await testData();
  const sparse = indexOf([], {}, [image.descriptor]);
  const registry = it.registry.repository(here);
  await it.catalog.apply({
    ...{ kind: "put-manifest", repository: here, descriptor: sparse.descriptor, bytes: sparse.bytes },
    ...{
      tags: [],
      expect: "any",
      blobs: [],
      optional: [image.descriptor],
      manifests: [],
      subject: undefined,
    },
    ...{ artifactType: undefined, annotations: {}, at: 1 },
  });
  expect(await registry.manifest(sparse.descriptor.digest)).toBeDefined();
  expect((await checkedData(it)).findings).toEqual([
    {
      level: "warning",
      where: `${here}@${sparse.descriptor.digest}`,
      message: `its repository lacks manifest ${image.descriptor.digest}`,
    },
  ]);
});

test("a chart that no index lists is noted with the reason", async () => {
  await using it = await filled();
  await pushChart(it.registry, "charts/other", { name: "mychart" });
  await pushChart(it.registry, "charts/mychart", {});
  await it.registry.indexes.shelf("charts/");
  expect((await checkedData(it)).findings).toEqual([
    {
      level: "note",
      where: "charts/other:0.1.0",
      message:
        'no index.yaml lists it: it is the chart "mychart", and the repository\'s name ends with other',
    },
  ]);
});

describe("uploads", () => {
  test("of which less is there than was acknowledged are a fault", async () => {
    await using it = await testData();
    const upload = await it.registry.uploads.open(here, undefined);
    const key = { ...upload };
    await it.registry.uploads.append(key, { body: streamOf(layer.bytes) });
    expect((await checkedData(it)).findings).toEqual([]);
    await rm(join(it.data.ingest, upload.id));
    const message = "it has 0 bytes, and 5000 were acknowledged";
    const where = `upload ${upload.id} of ${here}`;
    expect((await checkedData(it)).findings).toEqual([{ level: "fault", where, message }]);
  });

  test("that have ended leave waste", async () => {
    await using it = await testData();
    await mkdir(it.data.ingest);
    await writeFile(join(it.data.ingest, "left"), "four");
    const message = "no upload goes on with it: 4 bytes";
    const waste = [{ level: "waste", where: "ingest/left", message }];
    expect((await checkedData(it)).findings).toEqual(waste as never);
    // While it serves, a push in one request may be at it, which has no session.
    expect((await checkedData(it, { alone: false })).findings).toEqual([]);
    const later = () => Date.now() + 3_700_000;
    expect((await checkedData(it, { alone: false, now: later })).findings).toEqual(waste as never);
  });
});

test("blobs that no repository has are waste", async () => {
  await using it = await filled();
  const orphan = blobOf("an orphan");
  await using ingest = await it.blobs.ingest("x");
  await ingest.append(streamOf(orphan.bytes));
  await ingest.commit(orphan.descriptor.digest);
  await ingest.discard();
  const message = "no repository has it: 9 bytes";
  expect((await checkedData(it)).findings).toEqual([
    { level: "waste", where: orphan.descriptor.digest, message },
  ]);
});

test("what is none of a registry's is named, links too, and what was put aside is told", async () => {
  await using it = await filled();
  const at = (...parts: string[]) => join(it.data.root, ...parts);
  await mkdir(at("quarantine", "sha256"), { recursive: true });
  for (const path of [
    ["notes.txt"],
    ["blobs", "sha256", "README"],
    ["ingest", "Not.Ours"],
    ["quarantine", "sha256", "x"],
  ])
    await writeFile(at(...path), "");
  await mkdir(at("blobs", "md5"));
  await rename(at("blobs", "sha512"), at("sha512-elsewhere")).catch(() => mkdir(at("sha512-elsewhere")));
  await symlink(at("sha512-elsewhere"), at("blobs", "sha512"));
  await symlink("/", at("blobs", "sha256", absentDigest().slice("sha256:".length)));
  const { findings } = await checkedData(it);
  expect(
    findings
      .filter(({ level }) => level === "warning")
      .map(({ where }) => where)
      .sort(),
  ).toEqual(
    [
      "blobs/md5",
      "blobs/sha256/README",
      `blobs/${absentDigest().replace(":", "/")}`,
      "ingest/Not.Ours",
      "notes.txt",
      "sha512-elsewhere",
    ].sort(),
  );
  expect(findings.filter(({ level }) => level !== "warning")).toEqual([
    { level: "waste", where: "quarantine", message: expect.stringContaining("1 in number") },
  ]);
});

describe("what changes meanwhile is not told:", () => {
  test("a blob that is deleted while it is read", async () => {
    await using it = await filled();
    const bare = blobOf("nobody names it");
    await it.catalog.apply(linkBlob(here, bare));
    const blobs = replacing<Blobs>(it.blobs, {
      stat: async (each) => {
        const size = await it.blobs.stat(each);
        if (each === bare.descriptor.digest)
          await it.catalog.apply({ kind: "unlink-blob", repository: here, digest: each });
        return size;
      },
    });
    expect((await checkedData({ ...it, blobs })).findings).toEqual([]);
  });

  test("a blob that is put anew while it is read", async () => {
    await using it = await filled();
    const { bytes } = layer;
    await rm(it.blobPath(digest));
    let asked = 0;
    const blobs = replacing<Blobs>(it.blobs, {
      stat: async (each) => {
        if (each === digest && asked++ === 1) await writeFile(it.blobPath(digest), bytes);
        return it.blobs.stat(each);
      },
    });
    expect((await checkedData({ ...it, blobs })).findings).toEqual([]);
    expect(asked).toBe(2);
  });

  test("a blob whose bytes are there and whose row is on its way", async () => {
    await using it = await filled();
    const coming = blobOf("on its way");
    await using ingest = await it.blobs.ingest("coming");
    await ingest.append(streamOf(coming.bytes));
    await ingest.commit(coming.descriptor.digest);
    await it.catalog.apply({ kind: "open-upload", id: "coming", repository: here, user: undefined, at: 1 });
    expect((await checkedData(it)).findings).toEqual([]);
  });

  test("a manifest that is deleted with what it names", async () => {
    await using it = await filled();
    const gone = imageOf([blobOf("goes too")]);
    await it.push("charts/here", gone);
    let deleted = false;
    const catalog = replacing(it.catalog, {
      blob: async (repository, each) => {
        if (each === gone.blobs[1]?.descriptor.digest && !deleted) {
          deleted = true;
          await it.registry.repository(here).delete(gone.descriptor.digest);
          await it.registry.repository(here).deleteBlob(each);
        }
        return it.catalog.blob(repository, each);
      },
    });
    const { findings } = await checkedData({ ...it, catalog });
    expect(deleted).toBe(true);
    expect(findings.filter(({ level }) => level !== "waste")).toEqual([]);
  });
});

test("it ends with the signal's reason when it is told to", async () => {
  await using it = await filled();
  const stop = new AbortController();
  const work = checkedData(it, { signal: stop.signal, progress: () => stop.abort(new Error("enough")) });
  await expect(work).rejects.toThrow("enough");
});
