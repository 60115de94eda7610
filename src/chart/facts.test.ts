import { expect, test } from "bun:test";
import { digestOf, hexOf } from "../oci/digest.ts";
import { hostileArchive, rawEntry } from "../testing/archives.ts";
import { chartArchive, sampleChart } from "../testing/charts.ts";
import { type ChartFacts, readFacts, textLimit } from "./facts.ts";
import { parseGoYaml } from "./go/yaml.ts";
import { imagesOf } from "./images.ts";

/** The facts of an archive that has some. */
async function factsOf(archive: Uint8Array): Promise<ChartFacts> {
  const facts = await readFacts(archive);
  if ("unreadable" in facts) throw new Error(facts.unreadable);
  return facts;
}

const described = sampleChart({
  "Chart.yaml": `apiVersion: v2
name: mychart
version: 1.2.0+build.7
appVersion: "1.10"
description: "A sample: with a colon"
deprecated: true
keywords: [one, "two words"]
maintainers: [{name: Ann, email: ann@example.com}]
dependencies: [{name: db, version: ">=1", repository: "https://example.com/"}]
annotations: {licence: "Apache-2.0", changes: "- one\\n- two\\n"}
`,
  "README.md": "# mychart\n",
  "values.schema.json": '{"type": "object"}',
  "values.yaml": "image: {repository: ghcr.io/team/app}\n",
});

test("a chart's facts are those of its files", async () => {
  const { entry, ...facts } = await factsOf(await chartArchive(described));
  expect(facts).toEqual({
    name: "mychart",
    version: "1.2.0+build.7",
    images: ["ghcr.io/team/app:1.10"],
    readme: "# mychart\n",
    values: "image: {repository: ghcr.io/team/app}\n",
    schema: '{"type": "object"}',
  });
});

test("its entry has all of Chart.yaml, the archive's digest and name, in JSON and the same in YAML", async () => {
  const archive = await chartArchive(described);
  const { entry } = await factsOf(archive);
  const json = JSON.parse(`{${entry.json}}`);
  expect(json).toEqual({
    name: "mychart",
    version: "1.2.0+build.7",
    description: "A sample: with a colon",
    keywords: ["one", "two words"],
    maintainers: [{ name: "Ann", email: "ann@example.com" }],
    apiVersion: "v2",
    appVersion: "1.10",
    deprecated: true,
    annotations: { licence: "Apache-2.0", changes: "- one\n- two\n" },
    dependencies: [{ name: "db", version: ">=1", repository: "https://example.com/" }],
    urls: ["mychart-1.2.0+build.7.tgz"],
    digest: hexOf(digestOf(archive)),
  });
  const yaml = `mychart:\n  - created: now\n${entry.yaml}`;
  const lines = yaml.split("\n").slice(2, -1);
  expect(lines.filter((line) => line !== "" && !line.startsWith("    "))).toEqual([]);
  expect(Bun.YAML.parse(yaml)).toEqual({ mychart: [{ created: "now", ...json }] });
});

test("texts are kept up to a limit, a schema whole or not at all", async () => {
  const long = "x".repeat(textLimit + 1);
  const facts = await factsOf(
    await chartArchive(
      sampleChart({ "README.md": long, "values.yaml": `# ${long}`, "values.schema.json": long }),
    ),
  );
  expect([facts.readme?.length, facts.values?.length, facts.schema]).toEqual([
    textLimit,
    textLimit,
    undefined,
  ]);
  expect(facts.images).toEqual([]);
});

test("an archive that is refused says why", async () => {
  expect(await readFacts(new Uint8Array([1, 2, 3]))).toEqual({ unreadable: "it is not gzip" });
  expect(await readFacts(hostileArchive(rawEntry({ name: "c/../../etc/passwd" })))).toEqual({
    unreadable: '"c/../../etc/passwd" leads out of its directory',
  });
  expect(await readFacts(await chartArchive(sampleChart({ "values.yaml": "a: [" })))).toHaveProperty(
    "name",
    "mychart",
  );
});

const values = (yaml: string) => parseGoYaml(new TextEncoder().encode(yaml), "values.yaml");

for (const [yaml, found] of [
  ["image: nginx:1.25", ["nginx:1.25"]],
  ["image: {repository: nginx, tag: '1.25'}", ["nginx:1.25"]],
  ["image: {registry: quay.io, repository: a/b, tag: v1}", ["quay.io/a/b:v1"]],
  ["image: {repository: nginx}", ["nginx:2.0"]],
  [`image: {repository: nginx, digest: "sha256:${"0".repeat(64)}"}`, [`nginx@sha256:${"0".repeat(64)}`]],
  ["sidecars: [{initImage: busybox}, {image: alpine:3}]", ["alpine:3", "busybox"]],
  ["proxy: {repository: envoy, tag: v1}", ["envoy:v1"]],
  ["git: {repository: 'https://example.com/x', tag: v1}", []],
  ["git: {repository: team/app}", []],
  ["image: 'a sentence about it'", []],
  ["image: '{{ .Values.x }}'", []],
] as const)
  test(`${yaml} names ${found.join(", ") || "no image"}`, () => {
    expect(imagesOf(values(yaml), "2.0", [])).toEqual([...found]);
  });

test("a template names an image where no value is put in", () => {
  const template = 'a:\n  - image: "redis:7"\n    image: {{ .Values.image }}\n    image: nginx:{{ 1 }}\n';
  expect(imagesOf(null, "", [template, "image: quay.io/x/y # why\n"])).toEqual(["quay.io/x/y", "redis:7"]);
});
