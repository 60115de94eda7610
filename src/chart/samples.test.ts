import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { samples } from "../testing/samples.ts";
import { openArchive } from "./archive/archive.ts";
import { loadChart } from "./archive/load.ts";
import { packChart } from "./archive/pack.ts";

const folder = samples() ?? "";
const list = (name: string, ending = ""): string[] =>
  folder === ""
    ? []
    : readdirSync(join(folder, name))
        .filter((file) => file.endsWith(ending) && file !== "LICENSE")
        .map((file) => join(folder, name, file));
const sources = [...list("sources"), ...list("helm-fixtures/sources")];

describe.if(folder !== "")("real charts", () => {
  test("every archive of a published repository opens", async () => {
    const archives = list("keda", ".tgz");
    expect(archives).toHaveLength(106);
    for (const archive of archives) {
      const { metadata, files } = await openArchive(readFileSync(archive));
      expect(basename(archive)).toStartWith(`${metadata.name}-`);
      expect(files.length).toBeGreaterThan(5);
    }
  });

  test("of Helm's odd archives those are refused that Helm refuses", async () => {
    const refused: string[] = [];
    for (const archive of [
      ...list("helm-fixtures/archives", ".tgz"),
      ...list("helm-fixtures/signed", ".tgz"),
    ])
      await openArchive(readFileSync(archive)).catch(() => refused.push(basename(archive)));
    expect(refused).toEqual(["corrupted-compressed-chart.tgz", "empty-0.0.1.tgz"]);
  });

  test.each(sources.map((source) => [basename(source), source]))(
    "%s packs and reads back the same",
    async (_, source) => {
      const packed = await packChart(source);
      const read = await openArchive(packed.archive);
      expect(read.metadata).toEqual(packed.metadata);
      expect(read.files.map(({ path }) => path)).toEqual(packed.files.map(({ path }) => path));
      for (const [i, { path, bytes }] of read.files.entries()) {
        expect(Buffer.compare(bytes, packed.files[i]!.bytes)).toBe(0);
        expect(Buffer.compare(bytes, readFileSync(join(source, path)))).toBe(0);
      }
    },
  );

  test("dependencies that are not vendored are warned of, and no others", async () => {
    const warned = await Promise.all(
      sources.map(async (source) => [basename(source), (await loadChart(source)).warnings.length]),
    );
    expect(Object.fromEntries(warned)).toMatchObject({
      "kube-prometheus-stack": 4,
      alertmanager: 0,
      frobnitz: 0,
      "frobnitz.v1": 0,
    });
  });

  test("a signed chart comes with its provenance", async () => {
    const archive = join(folder, "helm-fixtures/signed/signtest-0.1.0.tgz");
    const chart = await loadChart(archive);
    expect(Buffer.compare(chart.archive, readFileSync(archive))).toBe(0);
    expect(Buffer.compare(chart.provenance!, readFileSync(`${archive}.prov`))).toBe(0);
  });
});
