import { expect, test } from "bun:test";
import fc from "fast-check";
import { tryRepositoryName } from "../oci/reference.ts";
import { repositoryNameOf, repositoryPathOf } from "./repositoryName.ts";

test.each([
  ["keda", "keda"],
  ["a.b_c__d--e", "a.b_c__d--e"],
  ["MyChart", "mychart"],
  ["my chart", "my-chart"],
  ["-edge.", "edge"],
  ["a._b", "a-b"],
  ["a/../b", "a-b"],
  ["café", "caf"],
])("the repository of %s is %s", (chart, name) =>
  expect<string | undefined>(repositoryNameOf(chart)).toBe(name),
);

test.each(["", "-", "日本"])("%p has none", (chart) => expect(repositoryNameOf(chart)).toBeUndefined());

test("whatever a chart is called, its repository is one part of a name, and keeps a name that is one", () =>
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (chart) => {
      const name = repositoryNameOf(chart);
      if (name !== undefined) expect(name).toMatch(/^[^/]+$/);
      if (!chart.includes("/") && tryRepositoryName(chart) !== undefined)
        expect<string | undefined>(name).toBe(chart);
    }),
  ));

test.each([
  ["team/keda", "team/keda"],
  ["Team/My Chart", "team/my-chart"],
  ["a//b", undefined],
  ["a/日本", undefined],
])("of the path %s it is %s", (path, name) => expect<string | undefined>(repositoryPathOf(path)).toBe(name));
