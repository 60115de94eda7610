import { expect, test } from "bun:test";
import { chartArchive, sampleChart } from "../testing/charts.ts";
import { openArchive } from "./archive/archive.ts";
import { chartYamlOf, crdsOf, readmeOf, valuesOf } from "./show.ts";

const yamlOf = (name: string) => `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`;
const opened = async (files: Record<string, string | Uint8Array>) =>
  openArchive(await chartArchive(sampleChart(files)));

test("Chart.yaml is what was understood of it, its keys in order", async () => {
  const { metadata } = await opened({
    "Chart.yaml": "version: 1.0.0\nunknown: x\nname: mychart\nkeywords: [b, a]\nappVersion: 1.10\n",
  });
  expect(chartYamlOf(metadata)).toBe(
    'apiVersion: v1\nappVersion: "1.1"\nkeywords:\n- b\n- a\nname: mychart\nversion: 1.0.0\n',
  );
});

test("values and README come without a byte order mark, and undefined where there are none", async () => {
  const chart = await opened({
    "values.yaml": "\ufeffa: 1 # kept\n",
    "ReadMe.TXT": "hello\r\n",
    "docs/README.md": "no",
  });
  expect(valuesOf(chart)).toBe("a: 1 # kept\n");
  expect(readmeOf(chart)).toBe("hello\r\n");
  const bare = await openArchive(await chartArchive({ "Chart.yaml": yamlOf("bare") }));
  expect([valuesOf(bare), readmeOf(bare)]).toEqual([undefined, undefined]);
});

test("definitions of the charts below follow the chart's own, out of directories and archives", async () => {
  const dependency = (name: string) => `- name: ${name}\n  version: 1.0.0\n  repository: ""\n`;
  const chart = await opened({
    "Chart.yaml": `${yamlOf("mychart")}dependencies:\n${dependency("a")}${dependency("b")}`,
    "crds/own.yaml": "own",
    "crds/README.md": "no",
    "templates/crd.yaml": "no",
    "charts/b/Chart.yaml": yamlOf("b"),
    "charts/b/crds/deep/b.YML": "b",
    "charts/a-1.0.0.tgz": await chartArchive({ "Chart.yaml": yamlOf("a"), "crds/a.json": "{}" }),
    "charts/_left/out/crds/x.yaml": "no",
  });
  expect(await crdsOf(chart)).toEqual(["own", "{}", "b"]);
});
