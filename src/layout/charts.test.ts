import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, readdir, readFile, rm, unlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hexOf } from "../oci/digest.ts";
import { parseTag } from "../oci/reference.ts";
import { blobOf, imageOf, indexOf, pushArtifact } from "../testing/artifacts.ts";
import { TestFileSystem } from "../testing/filesystem.ts";
import { type PackedSample, packSample, saveSample } from "../testing/layouts.ts";
import { type BadEntry, chart, charts, type StoredChart } from "./charts.ts";
import { type Layout, openLayout } from "./layout.ts";
import { removeName, writing } from "./write.ts";

const prefix = "localhost:5000/myrepo/mychart";
let folder = "";
let layout: Layout;
let sample: PackedSample;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-charts-"));
  layout = openLayout(join(folder, "cache"));
  sample = await packSample();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const fileOf = (digest: Parameters<typeof hexOf>[0]) =>
  join(folder, "cache", "blobs", "sha256", hexOf(digest));
const content = () => sample.blobs[1]!.descriptor;
const errorOf = (rows: (StoredChart | BadEntry)[], ref: string) => {
  const row = rows.find((each) => each.ref === ref);
  return row !== undefined && "error" in row ? row.error.message : undefined;
};

test("a store that is not there is empty, and reading does not make it", async () => {
  expect(await charts(layout)).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

test("charts come sorted by name, with what their manifest and config say", async () => {
  for (const tag of ["2.0.0", "10.0.0", "1.0.0"]) await saveSample(layout, `${prefix}:${tag}`, sample);
  const rows = await charts(layout);
  expect(rows.map(({ ref }) => ref)).toEqual(["1.0.0", "10.0.0", "2.0.0"].map((tag) => `${prefix}:${tag}`));
  expect(rows[0]).toMatchObject({
    name: "mychart",
    version: "0.1.0",
    content: content(),
    provenance: undefined,
  });
  expect(await charts(layout, (ref) => ref.endsWith(":10.0.0"))).toHaveLength(1);
});

test("when it came is the time of its content's file, and saving it again does not move it", async () => {
  await saveSample(layout, `${prefix}:1.0.0`, sample);
  const then = new Date("2020-04-14T00:00:00Z");
  await utimes(fileOf(content().digest), then, then);
  await saveSample(layout, `${prefix}:1.0.0`, sample);
  expect((await chart(layout, `${prefix}:1.0.0`))?.created).toBe(then.getTime());
});

test("a chart of Helm 3.0's form is one too, under a name that our grammar refuses", async () => {
  sample = await packSample({}, "helm3.0");
  await saveSample(layout, `${prefix}:1.0.0`, sample);
  await writing(layout, undefined, (writer) => writer.name("mychart:1.5.0", sample.manifest.descriptor));
  expect(await chart(layout, "mychart:1.5.0")).toMatchObject({
    name: "mychart",
    content: { digest: content().digest, mediaType: "application/tar+gzip" },
  });
  expect(await removeName(layout, "mychart:1.5.0")).toBe(true);
  expect(await removeName(layout, "mychart:1.5.0")).toBe(false);
});

describe("one bad entry never hides the rest", () => {
  beforeEach(async () => {
    await saveSample(
      layout,
      `${prefix}:good`,
      await packSample({ "Chart.yaml": "name: good\nversion: 1.0.0\n" }),
    );
    await saveSample(layout, `${prefix}:bad`, sample);
  });
  const bad = async () => {
    const rows = await charts(layout);
    expect(rows).toHaveLength(2);
    expect(errorOf(rows, `${prefix}:good`)).toBeUndefined();
    return errorOf(rows, `${prefix}:bad`);
  };
  const overwrite = async (digest: Parameters<typeof hexOf>[0], text: string) => {
    await chmod(fileOf(digest), 0o644);
    await writeFile(fileOf(digest), text);
  };

  // Twice each: what is remembered of an entry must not hide what became of its files.
  for (const known of [false, true])
    describe(known ? "once it is known" : "when it is new", () => {
      beforeEach(async () => void (known && (await charts(layout))));

      test("its content is missing", async () => {
        await unlink(fileOf(content().digest));
        expect(await bad()).toContain(`its content ${content().digest} is missing`);
      });
      test("its content has another size", async () => {
        await overwrite(content().digest, "short");
        expect(await bad()).toContain("has 5 bytes, expected");
      });
      test("its manifest is missing", async () => {
        await unlink(fileOf(sample.manifest.descriptor.digest));
        expect(await bad()).toContain("its manifest");
      });
      test("its config is missing", async () => {
        await unlink(fileOf(sample.blobs[0]!.descriptor.digest));
        expect(await bad()).toContain("its config");
      });
      test("its config has another size", async () => {
        await overwrite(sample.blobs[0]!.descriptor.digest, "short");
        expect(await bad()).toContain("has 5 bytes, expected");
      });
    });

  test("its manifest is corrupt", async () => {
    await overwrite(sample.manifest.descriptor.digest, "{}");
    expect(await bad()).toContain("is not what its descriptor says");
  });

  test("it is an image, an index, or no descriptor at all", async () => {
    const image = imageOf([blobOf("layer")]);
    await writing(layout, undefined, async (writer) => {
      const repository = writer.repository(prefix);
      await pushArtifact(repository, indexOf([image]), { tags: [parseTag("index")], expect: "any" });
      await pushArtifact(repository, image, { tags: [parseTag("image")], expect: "any" });
    });
    const index = JSON.parse(await readFile(layout.indexPath, "utf8"));
    index.manifests.push({ digest: "md5:1", annotations: { "org.opencontainers.image.ref.name": "odd" } });
    await writeFile(layout.indexPath, JSON.stringify(index));
    const rows = await charts(layout);
    expect(errorOf(rows, `${prefix}:image`)).toContain("its config is");
    expect(errorOf(rows, `${prefix}:index`)).toContain("image index");
    expect(errorOf(rows, "odd")).toContain("no descriptor");
    expect(errorOf(rows, `${prefix}:good`)).toBeUndefined();
  });
});

describe("what is remembered", () => {
  const rowsFile = () => join(folder, "cache.rows");

  test("spares the reading of manifests and configs", async () => {
    await saveSample(layout, `${prefix}:1.0.0`, sample);
    await charts(layout);
    const fs = await TestFileSystem.over(folder);
    await charts(openLayout(join(folder, "cache"), fs));
    expect(fs.calls.filter(({ name, path }) => name === "open" && path.includes("blobs"))).toEqual([]);
  });

  test.each(["", "junk", "chartroom rows 99 -\n", "chartroom rows 3 -\njunk\n", "chartroom rows 3 -\n\xff"])(
    "is disposable: %p in its place changes nothing",
    async (text) => {
      await saveSample(layout, `${prefix}:1.0.0`, sample);
      const before = await charts(layout);
      await writeFile(rowsFile(), text);
      expect(await charts(layout)).toEqual(before);
    },
  );

  test("is dropped with the names that needed it", async () => {
    await saveSample(layout, `${prefix}:1.0.0`, sample);
    await charts(layout);
    await removeName(layout, `${prefix}:1.0.0`);
    await saveSample(layout, `${prefix}:2.0.0`, await packSample({ "values.yaml": "other: 1\n" }));
    await charts(layout);
    const [, ...rows] = (await readFile(rowsFile(), "utf8")).trimEnd().split("\n");
    expect(rows).toEqual([expect.stringContaining(`${prefix}:2.0.0\t`)]);
  });

  test("is of one index.json: a name that moved is seen at once", async () => {
    const name = `${prefix}:1.0.0`;
    await saveSample(layout, name, sample);
    await charts(layout);
    const other = await packSample({ "values.yaml": "other: 1\n" });
    await saveSample(layout, name, other);
    expect(await charts(layout)).toMatchObject([{ ref: name, manifest: other.manifest.descriptor }]);
  });

  test.each(["100%", "a%41", "line\nfeed", "t\tab", "\ud800"])(
    "does not change the name %j that another tool wrote",
    async (name) => {
      await saveSample(layout, `${prefix}:1.0.0`, sample);
      await writing(layout, undefined, (writer) => writer.name(name, sample.manifest.descriptor));
      const before = await charts(layout);
      expect(before.map(({ ref }) => ref)).toContain(name);
      expect(await charts(layout)).toEqual(before);
    },
  );
});

test("by digest it is found while its blobs are there, named or not", async () => {
  await saveSample(layout, `${prefix}:1.0.0`, sample);
  await removeName(layout, `${prefix}:1.0.0`);
  const name = `${prefix}@${sample.manifest.descriptor.digest}`;
  expect(await chart(layout, name)).toMatchObject({ ref: name, name: "mychart" });
  expect(await chart(layout, `${prefix}:1.0.0`)).toBeUndefined();
});
