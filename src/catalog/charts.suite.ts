import { describe, expect } from "bun:test";
import type { Digest } from "../oci/digest.ts";
import { parseTag, type RepositoryName } from "../oci/reference.ts";
import { blobOf, imageOf } from "../testing/artifacts.ts";
import { applyAll, linkBlob, nameOf, putManifest } from "../testing/commands.ts";
import type { Catalog } from "./catalog.ts";
import type { ChartTag } from "./charts.ts";
import type { PutManifest } from "./command.ts";
import type { On } from "./on.suite.ts";
import { paged } from "./paged.suite.ts";

const [archive, other] = [blobOf("an archive"), blobOf("another")];
const one = imageOf([archive]);
const two = imageOf([archive], { annotations: { is: "another manifest of the same archive" } });
const three = imageOf([other]);
const content = archive.descriptor.digest;
const name = nameOf("team/mychart");
const facts = {
  name: "mychart",
  version: "1.0.0",
  entry: { json: '"name":"mychart"', yaml: "    name: mychart\n" },
  images: ["nginx:1"],
  readme: "# Read me",
  values: "a: 1\n",
  schema: undefined,
};

/** The command that pushes a chart's manifest. */
const putChart = (
  repository: RepositoryName,
  chart: typeof one,
  tags: readonly string[],
  of: Digest = content,
): PutManifest => ({ ...putManifest(repository, chart, tags), chart: { content: of, created: 7000 } });

const links = (repository: RepositoryName, chart: typeof one) =>
  chart.blobs.map((each) => linkBlob(repository, each));

const allTags = (catalog: Catalog, prefix: string): Promise<ChartTag[]> =>
  paged<ChartTag, number>(
    (page) => catalog.chartTags(prefix, page),
    ({ change }) => change,
    2,
  );

/** Tags with what they name, in the order of their last changes. */
const told = async (catalog: Catalog, prefix: string) =>
  (await allTags(catalog, prefix)).map(({ repository, tag, chart }) => {
    const state = chart === undefined ? "gone" : !chart.present ? "sparse" : "there";
    const read = chart?.read;
    const what = read === undefined ? "" : "unreadable" in read ? ` ${read.unreadable}` : ` ${read.name}`;
    return `${repository}:${tag} ${state}${what}`;
  });

/** Charts: what was read of them, and their tags as an index follows them. */
export function chartTests(on: On): void {
  describe("charts", () => {
    on("an archive is to be read once, whoever names it, until it was", async (catalog) => {
      await applyAll(catalog, [...links(name, one), putChart(name, one, ["1.0.0"])]);
      expect(await catalog.unreadCharts(9)).toEqual([content]);
      expect(await catalog.chartFacts(content)).toBeUndefined();
      expect(await catalog.apply({ kind: "begin-facts", content })).toEqual({ done: true, attempts: 1 });
      expect(await catalog.apply({ kind: "begin-facts", content })).toEqual({ done: true, attempts: 2 });
      await catalog.apply({ kind: "put-facts", content, facts });
      expect(await catalog.chartFacts(content)).toEqual(facts);
      expect(await catalog.unreadCharts(9)).toEqual([]);
      await applyAll(catalog, [...links(nameOf("b"), two), putChart(nameOf("b"), two, ["1.0.0"])]);
      expect(await catalog.unreadCharts(9)).toEqual([]);
      expect(await catalog.chartEntries([other.descriptor.digest, content], "json")).toEqual([
        "",
        '"name":"mychart"',
      ]);
      expect(await catalog.chartEntries([content], "yaml")).toEqual(["    name: mychart\n"]);
    });

    on("one that cannot be read says why, and is not read again", async (catalog) => {
      await applyAll(catalog, [
        ...links(name, one),
        putChart(name, one, ["1.0.0"]),
        { kind: "put-facts", content, facts: { unreadable: "it is not gzip" } },
        putChart(name, two, ["2"]),
      ]);
      expect(await catalog.unreadCharts(9)).toEqual([]);
      expect(await catalog.chartFacts(content)).toEqual({ unreadable: "it is not gzip" });
      expect(await told(catalog, "team/")).toEqual([
        "team/mychart:1.0.0 there it is not gzip",
        "team/mychart:2 there it is not gzip",
      ]);
    });

    on("facts go with the last chart that has them", async (catalog) => {
      const remove = (repository: RepositoryName, { descriptor }: typeof one) =>
        ({ kind: "delete-manifest", repository, digest: descriptor.digest, at: 1 }) as const;
      await applyAll(catalog, [
        ...links(name, one),
        putChart(name, one, ["1.0.0"]),
        putChart(name, two, ["2"]),
        { kind: "put-facts", content, facts },
        remove(name, one),
      ]);
      expect(await catalog.chartFacts(content)).toEqual(facts);
      await catalog.apply(remove(name, two));
      expect(await catalog.chartFacts(content)).toBeUndefined();
      await catalog.apply({ kind: "put-facts", content, facts });
      expect(await catalog.chartFacts(content)).toBeUndefined();
    });

    on("every change of a chart's tag is told once, with the newest last", async (catalog) => {
      await applyAll(catalog, [...links(name, one), ...links(name, three)]);
      expect(await catalog.chartChange("team/")).toBe(0);
      await applyAll(catalog, [
        putChart(name, one, ["1.0.0", "latest"]),
        putManifest(name, imageOf([], {}, one.blobs[0])),
      ]);
      const seen = await catalog.chartChange("team/");
      expect(await told(catalog, "team/")).toEqual(["team/mychart:1.0.0 there", "team/mychart:latest there"]);
      const digest = three.descriptor.digest;
      await catalog.apply(putChart(name, three, ["latest"], other.descriptor.digest));
      const moved = await catalog.chartTags("team/", { after: seen, limit: 9 });
      expect(moved.items.map(({ tag, chart }) => [tag, chart?.manifest])).toEqual([
        [parseTag("latest"), digest],
      ]);
      await catalog.apply({ kind: "put-facts", content, facts });
      expect(await told(catalog, "team/")).toEqual([
        "team/mychart:latest there",
        "team/mychart:1.0.0 there mychart",
      ]);
      await catalog.apply({ kind: "delete-manifest", repository: name, digest, at: 1 });
      await catalog.apply({ kind: "untag", repository: name, tag: parseTag("1.0.0"), at: 1 });
      expect(await told(catalog, "team/")).toEqual(["team/mychart:latest gone", "team/mychart:1.0.0 gone"]);
      const last = await catalog.chartChange("team/");
      expect(last).toBeGreaterThan(seen);
      expect((await catalog.chartTags("team/", { after: last, limit: 9 })).items).toEqual([]);
    });

    on("a tag that comes to name something else is a chart's no more", async (catalog) => {
      await applyAll(catalog, [...links(name, one), ...links(name, three), putChart(name, one, ["1.0.0"])]);
      await catalog.apply(putManifest(name, two, ["1.0.0"]));
      expect(await told(catalog, "team/")).toEqual(["team/mychart:1.0.0 gone"]);
      await catalog.apply(putChart(name, three, ["2"], other.descriptor.digest));
      const before = await catalog.chartChange("team/");
      await catalog.apply({ kind: "forget-changes", prefix: "", before });
      expect(await told(catalog, "team/")).toEqual(["team/mychart:1.0.0 gone", "team/mychart:2 there"]);
      await catalog.apply({ kind: "forget-changes", prefix: "team/", before });
      expect(await told(catalog, "team/")).toEqual(["team/mychart:2 there"]);
    });

    on(
      "an archive that comes after its manifest is read then, and there only where it came",
      async (catalog) => {
        const sparse = {
          ...putChart(name, one, ["1.0.0"]),
          blobs: [],
          optional: one.blobs.map((b) => b.descriptor),
        };
        const away = nameOf("elsewhere/mychart");
        await applyAll(catalog, [sparse, { kind: "drop-unread", content }]);
        expect(await catalog.unreadCharts(9)).toEqual([]);
        expect(await told(catalog, "team/")).toEqual(["team/mychart:1.0.0 sparse"]);
        await applyAll(catalog, [linkBlob(away, archive), { kind: "put-facts", content, facts }]);
        expect(await told(catalog, "team/")).toEqual(["team/mychart:1.0.0 sparse mychart"]);
        await catalog.apply(linkBlob(name, archive));
        expect(await told(catalog, "team/")).toEqual(["team/mychart:1.0.0 there mychart"]);
      },
    );

    on("bytes that come for a chart that was given up put it on the list again", async (catalog) => {
      const sparse = {
        ...putChart(name, one, ["1"]),
        blobs: [],
        optional: one.blobs.map((b) => b.descriptor),
      };
      await applyAll(catalog, [sparse, { kind: "drop-unread", content }, linkBlob(name, archive)]);
      expect(await catalog.unreadCharts(9)).toEqual([content]);
    });

    on("prefixes are what stands in front of the last part of a name", async (catalog) => {
      for (const each of ["top", "a/b/c", "a/b/d", "a/b/d/e"].map(nameOf))
        await applyAll(catalog, [...links(each, one), putChart(each, one, ["1.0.0"])]);
      expect(
        await paged<string, string>(
          (page) => catalog.chartPrefixes(page),
          (prefix) => prefix,
          2,
        ),
      ).toEqual(["", "a/b/", "a/b/d/"]);
      expect(await told(catalog, "a/b/")).toEqual(["a/b/c:1.0.0 there", "a/b/d:1.0.0 there"]);
      expect(await told(catalog, "")).toEqual(["top:1.0.0 there"]);
      expect(await told(catalog, "a/")).toEqual([]);
    });

    on("a chart is found by its tag", async (catalog) => {
      await applyAll(catalog, [...links(name, one), putChart(name, one, ["1.0.0"])]);
      const found = await catalog.taggedChart(name, parseTag("1.0.0"));
      const manifest = one.descriptor.digest;
      expect(found).toEqual({ manifest, content, present: true, created: 7000, read: undefined });
      expect(await catalog.taggedChart(name, parseTag("2"))).toBeUndefined();
      expect(await catalog.taggedChart(nameOf("nobody"), parseTag("1.0.0"))).toBeUndefined();
    });
  });
}
