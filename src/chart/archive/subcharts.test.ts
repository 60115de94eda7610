import { describe, expect, test } from "bun:test";
import { sampleChart, withDirectory, writeChart } from "../../testing/charts.ts";
import { codeOf } from "../../testing/errors.ts";
import { packChart } from "./pack.ts";
import { strayInCharts } from "./subcharts.ts";

const strayOf = (...files: string[]) => strayInCharts(new Set(["Chart.yaml", "values.yaml", ...files]));
const sub = "charts/sub/Chart.yaml";

// Each as `helm package` of Helm 4.3.1 takes or refuses it.
describe("a file below charts/", () => {
  test.each<[string, ...string[]]>([
    ["charts/README.md"],
    ["charts/d/f"],
    ["charts/x.tgz/f"],
    ["charts/sub/charts/README.md", sub],
    ["charts/sub/charts/x/values.yaml", sub],
  ])("%s belongs to no subchart", (stray, ...others) => {
    expect(strayOf(stray, ...others)).toBe(stray);
  });

  test.each<[string, ...string[]]>([
    [sub, "charts/sub/values.yaml"],
    ["charts/x-1.0.0.tgz"],
    ["charts/x-1.0.0.tgz.prov"],
    ["charts/d/x.prov"],
    ["charts/.gitkeep"],
    ["charts/.d/f"],
    ["charts/_d/f"],
    [sub, "charts/sub/charts/y.tgz", "charts/sub/charts/_x"],
    [sub, "charts/sub/templates/charts/f"],
    ["files/charts/f"],
  ])("%s belongs to one, or is passed over", (...files) => {
    expect(strayOf(...files)).toBeUndefined();
  });
});

test("a chart with a stray is not packed, unless .helmignore names it", () =>
  withDirectory(async (directory) => {
    await writeChart(directory, sampleChart({ "charts/README.md": "read me" }));
    expect(await codeOf(packChart(directory))).toBe("invalid");
    await writeChart(directory, { ".helmignore": "charts/*.md\n" });
    expect((await packChart(directory)).files.map(({ path }) => path as string)).not.toContain(
      "charts/README.md",
    );
  }));
