import { beforeEach, describe, expect, test } from "bun:test";
import { chmod, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type FileSystem, nodeFileSystem } from "../files/filesystem.ts";
import { hexOf } from "../oci/digest.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import { blobOf, imageOf, indexOf } from "../testing/artifacts.ts";
import { nameOf } from "../testing/commands.ts";
import { fingerprint } from "../testing/distribution.ts";
import { failureOf } from "../testing/errors.ts";
import { noCounts } from "./adoption.ts";
import { chart, places } from "./place.suite.ts";

const at = places();

test("all that was pushed comes over, with its digests", async () => {
  const nested = indexOf([indexOf([chart]), imageOf([blobOf("arm")])]);
  const signature = imageOf([blobOf("signature")], {
    artifactType: "application/vnd.example.signature",
    subject: chart.descriptor,
  });
  await at().there.push("charts/mychart", chart, "1.0.0", "latest");
  await at().there.push("charts/mychart", signature);
  await at().there.push("charts/mychart", indexOf([signature]), `sha256-${hexOf(chart.descriptor.digest)}`);
  await at().there.push("charts", nested, "multi");
  await at().there.push("other/charts", chart, "1.0.0");
  const { counts, findings } = await at().adopted();
  expect(findings).toEqual([]);
  expect(counts).toMatchObject({ repositories: 3, tags: { adopted: 5, present: 0 }, stale: 0 });
  for (const [repository, artifact] of [
    ["charts/mychart", chart],
    ["charts/mychart", signature],
    ["charts", nested],
    ["other/charts", chart],
  ] as const)
    await at().expectHere(repository, artifact);
  expect(await at().tag("charts/mychart", "latest")).toBe(chart.descriptor.digest);
  expect(await at().tag("charts/mychart", `sha256-${hexOf(chart.descriptor.digest)}`)).toBe(
    indexOf([signature]).descriptor.digest,
  );
  expect(await at().tag("charts", "multi")).toBe(nested.descriptor.digest);
  const { items } = await at().catalog.referrers(
    nameOf("charts/mychart"),
    chart.descriptor.digest,
    "application/vnd.example.signature",
    { limit: 10 },
  );
  expect(items.map(({ digest }) => digest)).toEqual([signature.descriptor.digest]);
});

test("indexes in indexes come over whole, however deep they are", async () => {
  let root = indexOf([chart]);
  for (let depth = 0; depth < 8; depth++) root = indexOf([root], { annotations: { depth: `${depth}` } });
  await at().there.push("a", root, "1");
  expect((await at().adopted()).findings).toEqual([]);
  await at().expectHere("a", root);
});

test("the same again moves nothing, and what came since comes over", async () => {
  await at().there.push("a", chart, "1");
  const first = await at().adopted();
  await rm(at().there.path("blobs"), { recursive: true });
  const second = await at().adopted();
  expect(second.findings).toEqual([]);
  expect(second.counts).toEqual({
    ...noCounts(),
    repositories: 1,
    blobs: { adopted: 0, present: first.counts.blobs.adopted },
    manifests: { adopted: 0, present: 1 },
    tags: { adopted: 0, present: 1 },
  });
  const later = imageOf([blobOf("later")]);
  await at().there.push("a", later, "2");
  expect((await at().adopted()).counts).toMatchObject({ manifests: { adopted: 1, present: 1 }, bytes: 5 });
  await at().expectHere("a", later);
});

describe("the old directory", () => {
  for (const how of ["link", "copy", "either"] as const)
    test(`is left as it was by ${how}`, async () => {
      await at().there.push("a", chart, "1");
      const file = at().there.data(chart.blobs[1]!.descriptor.digest);
      await chmod(file, 0o640);
      const before = await fingerprint(at().there.root);
      await at().adopted({ how });
      expect(await fingerprint(at().there.root)).toBe(before);
      const ours = await stat(join(at().data, "blobs/sha256", hexOf(chart.blobs[1]!.descriptor.digest)));
      expect(ours.ino === (await stat(file)).ino).toBe(how !== "copy");
      expect(ours.nlink).toBe(how === "copy" ? 1 : 2);
      // A file with two names has one mode, and it is the old registry's.
      expect(ours.mode & 0o777).toBe(how === "copy" ? 0o444 : 0o640);
    });

  test("may go afterwards", async () => {
    await at().there.push("a", chart, "1");
    await at().adopted();
    await rm(at().there.root, { recursive: true });
    await at().expectHere("a", chart);
  });

  test("on a disk of its own is copied, unless links alone will do", async () => {
    await at().there.push("a", chart, "1");
    const link = () => Promise.reject(Object.assign(new Error("other disk"), { code: "EXDEV" }));
    const fs: FileSystem = {
      ...nodeFileSystem,
      link: (from, to) => (from.startsWith(at().there.root) ? link() : nodeFileSystem.link(from, to)),
    };
    const { findings } = await at().adopted({ how: "link", fs });
    expect(findings.filter((each) => each.startsWith("failed a blob"))).toHaveLength(3);
    expect(findings.filter((each) => each.startsWith("incomplete"))).toHaveLength(1);
    expect((await at().adopted({ fs })).findings).toEqual([]);
    await at().expectHere("a", chart);
  });
});

test("leftovers are no findings: uploads, links to collected blobs, deleted things", async () => {
  await at().there.push("a", chart, "1");
  await at().there.blob("a", blobOf("collected"));
  await rm(at().there.data(blobOf("collected").descriptor.digest));
  await at().there.blob("a", blobOf("deleted"));
  await at().there.delete("a", "_layers", blobOf("deleted").descriptor.digest);
  await at().there.write(at().there.path("repositories/a/_uploads/1/data"), "half");
  await at().there.write(at().there.path("repositories/only/_uploads/1/data"), "half");
  const { counts, findings } = await at().adopted();
  expect(findings).toEqual([]);
  expect(counts).toMatchObject({ repositories: 1, stale: 1 });
  expect(await at().catalog.hasRepository(nameOf("only"))).toBe(false);
});

test("a blob by sha512 is kept there under its sha256, and found here under its own digest", async () => {
  const long = blobOf("long", undefined, "sha512");
  const image = imageOf([long]);
  await at().there.push("a", image, "1");
  await at().there.blob("a", long, blobOf("long").descriptor.digest);
  await rm(dirname(at().there.data(long.descriptor.digest)), { recursive: true });
  expect((await at().adopted()).findings).toEqual([]);
  await at().expectHere("a", image);
});

test("manifests that do not say their media type get the one that Distribution answers", async () => {
  const bare = (members: object) => ({
    ...blobOf(JSON.stringify({ schemaVersion: 2, ...members })),
    blobs: [],
    children: [],
  });
  const image = bare({ config: chart.blobs[0]!.descriptor, layers: [] });
  const index = bare({ manifests: [] });
  await at().there.blob("a", chart.blobs[0]!);
  await at().there.push("a", image, "1");
  await at().there.push("a", index, "2");
  expect((await at().adopted()).findings).toEqual([]);
  for (const [{ descriptor }, mediaType] of [
    [image, mediaTypes.manifest],
    [index, mediaTypes.index],
  ] as const)
    expect((await at().catalog.manifest(nameOf("a"), descriptor.digest))?.descriptor.mediaType).toBe(
      mediaType,
    );
});

describe("a tag that holds something else here", () => {
  const other = imageOf([blobOf("ours")]);
  beforeEach(async () => {
    await at().there.push("a", other, "1");
    await at().adopted();
    await at().there.push("a", chart, "1", "2");
  });
  test("stays, and that is told", async () => {
    const { findings } = await at().adopted();
    expect(findings).toEqual([
      `conflict a tag 1: it names ${chart.descriptor.digest} there, and ${other.descriptor.digest} here`,
    ]);
    expect(await at().tag("a", "1")).toBe(other.descriptor.digest);
    expect(await at().tag("a", "2")).toBe(chart.descriptor.digest);
  });
  test("moves when forced", async () => {
    expect((await at().adopted({ force: true })).findings).toEqual([]);
    expect(await at().tag("a", "1")).toBe(chart.descriptor.digest);
  });
});

test("a manifest is as old as its link, and blobs are as new as their adoption", async () => {
  await at().there.push("a", chart, "1");
  const pushed = new Date("2020-05-06T07:08:09Z");
  await utimes(at().there.link("a", "_manifests/revisions", chart.descriptor.digest), pushed, pushed);
  const commands: { kind: string; at?: number; pushed?: number | undefined }[] = [];
  const { apply } = at().catalog;
  at().catalog.apply = (command) => {
    commands.push(command);
    return apply.call(at().catalog, command) as never;
  };
  await at().adopted();
  const times = (kind: string) => commands.filter((each) => each.kind === kind).map((each) => each.at);
  expect(commands.find(({ kind }) => kind === "put-manifest")?.pushed).toBe(pushed.getTime());
  expect(new Set(times("link-blob"))).toEqual(new Set([1]));
});

test("a manifest that nothing holds waits for its collection from its adoption on, however old it is", async () => {
  await at().there.push("a", chart);
  await at().adopted();
  const { items } = await at().catalog.loose(1, { limit: 9 });
  expect(items.map(({ digest, since }) => [digest, since])).toEqual([[chart.descriptor.digest, 1]]);
});

test("the same blob of many repositories is read once", async () => {
  const repositories = Array.from({ length: 20 }, (_, i) => `r${i}`);
  for (const repository of repositories) await at().there.push(repository, chart, "1");
  const opened: string[] = [];
  const fs = {
    ...nodeFileSystem,
    link: (from: string, to: string) => {
      if (from.startsWith(at().there.root)) opened.push(from);
      return nodeFileSystem.link(from, to);
    },
  };
  const { counts, findings } = await at().adopted({ fs });
  expect(findings).toEqual([]);
  expect(opened.length).toBe(chart.blobs.length);
  expect(counts.blobs.adopted).toBe(20 * chart.blobs.length);
  for (const repository of repositories) await at().expectHere(repository, chart);
});

test("a full disk ends it at once, and a repeat goes on", async () => {
  await at().there.push("a", chart, "1");
  const full = () => Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
  const fs = { ...nodeFileSystem, link: full };
  expect(await failureOf(at().adopted({ fs }))).toMatchObject({ message: "full" });
  expect((await at().adopted()).findings).toEqual([]);
  await at().expectHere("a", chart);
});

test("stops when it is told to", async () => {
  await at().there.push("a", chart, "1");
  const signal = AbortSignal.abort(new Error("stopped"));
  expect(await failureOf(at().adopted({ signal }))).toMatchObject({ message: "stopped" });
});
