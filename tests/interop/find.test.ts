import { expect } from "bun:test";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chartArchive, sampleChart, writeChart } from "../../src/testing/charts.ts";
import { samples } from "../../src/testing/samples.ts";
import { chartYaml } from "./charts.ts";
import { type Bench, interop } from "./support.ts";

const parts = ["chart", "values", "readme", "crds", "all"];

/** What both print of one chart's parts, on standard output. */
async function compare(bench: Bench, ours: string, theirs: readonly string[]): Promise<void> {
  for (const part of parts) {
    const [we, helm] = await Promise.all([
      bench.done("chartroom", ["show", part, ours]),
      bench.done("helm4", ["show", part, ...theirs]),
    ]);
    expect(`${part} of ${ours}:\n${we}`).toBe(`${part} of ${ours}:\n${helm}`);
  }
}

/** A chart whose Chart.yaml is easily written otherwise than Go writes it, with definitions of its own and of a subchart. */
async function oddChart() {
  const words = "a description that is folded behind column eighty, ".repeat(5);
  const annotations = {
    changes: "- kind: added\n  description: A list\n\n- b\n",
    "a/b": "it's: 'quoted' # and not a comment",
    "a.b": "1.0",
    k10: " led by a blank",
    k9: "no",
    k1: `${words}\tand a tab \u{1f600}`,
    tail: `${words} `,
    time: "2026-01-02",
    kept: "a\n\n\n",
    inner: "  a\nb",
    colon: "a:",
    empty: "",
    "k:": "*anchor",
  };
  const dependency = {
    name: "sub",
    version: ">=1.0",
    repository: "",
    "import-values": ["data", { child: "a", parent: "b" }],
    tags: ["x"],
  };
  const yaml = {
    ...{
      name: "mychart",
      version: "0.1.0",
      apiVersion: "v2",
      appVersion: "1.20",
      description: `${words}<&>`,
    },
    ...{ keywords: ["yes", "1e3", "~", "<<"], maintainers: [{ name: "A: b", email: "a@b.c" }] },
    ...{
      annotations,
      dependencies: [dependency],
      deprecated: true,
      kubeVersion: ">=1.20.0-0",
      type: "application",
    },
  };
  return sampleChart({
    "Chart.yaml": JSON.stringify(yaml),
    "README.md": "\ufeff# A chart\r\n",
    "crds/b.yaml": "kind: B\n",
    "crds/a.yml": "---\nkind: A\n",
    "crds/README.md": "none",
    "charts/sub-1.0.0.tgz": await chartArchive({
      "Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
      "crds/s.json": "{}",
    }),
  });
}

interop(
  "what we show of a chart is what helm 4 shows, from a directory and a registry",
  ["helm4"],
  async (bench) => {
    const { host } = await bench.chartroom();
    await writeChart(bench.path("odd"), await oddChart());
    await compare(bench, "./odd", ["./odd"]);
    const ref = `${host}/charts/mychart:0.1.0`;
    await bench.done("chartroom", ["chart", "save", "odd", ref]);
    await bench.done("chartroom", ["chart", "push", ref]);
    await compare(bench, ref, [`oci://${ref}`, "--plain-http"]);
    await writeChart(bench.path("bare"), { "Chart.yaml": chartYaml("1.0.0") });
    await compare(bench, "./bare", ["./bare"]);
  },
);

interop("of real charts too", ["helm4", "samples"], async (bench) => {
  const folders = ["keda", "helm-fixtures/archives"].map((folder) => join(samples()!, folder));
  let count = 0;
  for (const folder of folders)
    for (const name of (await readdir(folder)).filter((each, i) => each.endsWith(".tgz") && i % 4 === 0)) {
      const path = join(folder, name);
      const [we, helm] = await Promise.all([
        bench.run("chartroom", ["show", "all", path]),
        bench.run("helm4", ["show", "all", path]),
      ]);
      if (helm.exitCode !== 0) continue; // what is broken for Helm need not be shown
      expect(`${name}\n${we.stdout}`).toBe(`${name}\n${helm.stdout}`);
      count++;
    }
  expect(count).toBeGreaterThan(26);
});

interop("versions stand in the order of helm search repo", ["helm4"], async (bench) => {
  const versions = [
    "1.0.0",
    "1.10.0",
    "1.9.0",
    "v1.2.0",
    "2.0.0-rc.2",
    "2.0.0-rc.10",
    "2.0.0-alpha",
    "1.3",
    "0.9.0+b",
  ];
  const charts = versions.map((version) => ({ name: "mychart", version, urls: ["x.tgz"], apiVersion: "v2" }));
  await mkdir(bench.path("site"));
  await writeFile(
    bench.path("site/index.yaml"),
    JSON.stringify({ apiVersion: "v1", entries: { mychart: charts } }),
  );
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(Bun.file(bench.path("site/index.yaml"))),
  });
  const url = `http://127.0.0.1:${server.port}`;
  await bench.done("helm4", ["repo", "add", "site", url]);
  for (const more of [[], ["--devel"], ["--versions"], ["--versions", "--devel"]]) {
    const helm = JSON.parse(await bench.done("helm4", ["search", "repo", "-o", "json", ...more]));
    const we = JSON.parse(await bench.done("chartroom", ["search", "--in", url, "-o", "json", ...more]));
    expect(we.map(({ version }: { version: string }) => version)).toEqual(
      helm.map(({ version }: { version: string }) => version),
    );
  }
});

interop(
  "what helm 4 pushes to docker-registry is found there",
  ["helm4", "docker-registry"],
  async (bench) => {
    const { host } = await bench.distribution();
    for (const version of ["1.0.0", "1.1.0+b", "2.0.0-rc.1"]) {
      await writeChart(bench.path("mychart"), sampleChart({ "Chart.yaml": chartYaml(version) }));
      await bench.done("helm4", ["package", "mychart"]);
      const archive = `mychart-${version}.tgz`;
      await bench.done("helm4", ["push", archive, `oci://${host}/charts`, "--plain-http"]);
    }
    const repository = `${host}/charts/mychart`;
    const versions = await bench.done("chartroom", ["versions", repository, "-o", "json"]);
    expect(JSON.parse(versions)).toMatchObject([
      { ref: `${repository}:1.1.0_b`, version: "1.1.0+b", created: expect.stringMatching(/^2\d{3}-.*Z$/) },
      { ref: `${repository}:1.0.0`, version: "1.0.0" },
    ]);
    const found = await bench.done("chartroom", ["search", "machines", "--in", host, "--devel", "-q"]);
    expect(found).toBe(`${repository}:2.0.0-rc.1\n`);
  },
);
