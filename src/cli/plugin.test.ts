import { expect, test } from "bun:test";
import { withDirectory } from "../testing/charts.ts";
import { play } from "../testing/context.ts";

const asPlugin = { HELM_PLUGIN_NAME: "chart" };
const gone = ["chart", "remove", "localhost:5000/myrepo/mychart:2.7.0"];

/** What a command says on standard error, in an environment. */
const saying = (argv: readonly string[], env: Record<string, string>) =>
  withDirectory(async (cwd) => (await play(argv, { cwd, env })).stderr);

for (const [HELM_DEBUG, traces] of [
  ["true", true],
  ["1", true],
  ["false", false],
  ["", false],
] as const)
  test(`Helm's HELM_DEBUG=${HELM_DEBUG} is ${traces ? "" : "not "}our --debug`, async () => {
    expect(/^ +at /m.test(await saying(gone, { ...asPlugin, HELM_DEBUG }))).toBe(traces);
  });

test("what was set for Helm, or for another plugin, changes nothing", async () => {
  for (const env of [{}, { HELM_PLUGIN_NAME: "diff" }])
    expect(await saying(gone, { ...env, HELM_DEBUG: "true" })).toBe(
      "Error: Chart not found: localhost:5000/myrepo/mychart:2.7.0\nHint: `chartroom chart list` shows what is saved.\n",
    );
});

test("hints and help name the commands that are typed under Helm", async () => {
  expect(await saying(gone, asPlugin)).toContain("Hint: `helm chart list` shows");
  const { stdout } = await withDirectory((cwd) => play(["chart", "save", "--help"], { cwd, env: asPlugin }));
  expect(stdout).toStartWith("Usage: helm chart save ");
  expect(stdout).toContain("$ helm chart save mychart/");
  expect(stdout).not.toContain("chartroom chart");
});
