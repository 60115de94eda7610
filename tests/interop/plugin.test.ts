import { expect, test } from "bun:test";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../../package.json";
import { example } from "../cli/cli.ts";
import { matches, readSession, tableIsPadded } from "../page/play.ts";
import { type Helm, helms, logIn, user } from "./helm.ts";
import { type Bench, interop, lines } from "./support.ts";

const root = join(import.meta.dir, "../..");
const ref = "localhost:5000/myrepo/mychart:2.7.0";

/** Helm with the plugin installed from this folder, as the README has it, and blanks in the paths on the way. */
async function installed(bench: Bench, helm: Helm) {
  const env = { HELM_DATA_HOME: bench.path("helm data") };
  await bench.done(helm, ["plugin", "install", root], { env });
  await cp(example, bench.path("my chart"), { recursive: true });
  return (args: readonly string[], more: Record<string, string> = {}) =>
    bench.run(helm, args, { env: { ...env, ...more } });
}

for (const helm of helms) {
  interop(`the founding page, typed as ${helm} chart, with ${helm}'s own login`, [helm], async (bench) => {
    const run = await installed(bench, helm);
    const registry = await bench.chartroom([user]);
    await logIn(bench, helm, registry);
    await cp(example, bench.path("mychart"), { recursive: true });
    const steps = readSession(registry.host).filter(({ args }) => args[0] === "chart");
    expect(steps.length).toBe(7);
    for (const { args, golden } of steps) {
      const { exitCode, stdout, stderr } = await run(args);
      const said = { step: args.join(" "), exitCode, stderr: exitCode === 0 ? "" : stderr };
      expect(said).toEqual({ step: args.join(" "), exitCode: 0, stderr: "" });
      expect(stdout).toSatisfy((text) => matches(text, golden));
      if (golden.includes("\t")) expect(stdout).toSatisfy(tableIsPadded);
    }
  });

  interop(`exit codes, options and blanks pass through ${helm}`, [helm], async (bench) => {
    const run = await installed(bench, helm);
    const { host } = await bench.chartroom();
    const name = `${host}/myrepo/mychart:2.7.0`;
    expect(await run(["chart", "save", "my chart", name, "-q"])).toMatchObject({ exitCode: 0 });
    const pushed = await run(["chart", "push", name, "-o", "json"]);
    expect(JSON.parse(pushed.stdout)).toMatchObject({ ref: name, status: "pushed" });

    await Bun.write(bench.path("my chart/values.yaml"), "changed: true\n");
    await run(["chart", "save", "my chart", name]);
    const conflict = await run(["chart", "push", name]);
    expect(conflict).toMatchObject({ exitCode: 5 });
    expect(conflict.stderr).toContain(`${name} holds another manifest`);

    const exported = await run(["chart", "export", name, "-d", bench.path("some where")]);
    expect(exported).toMatchObject({ exitCode: 0 });
    expect(await readFile(bench.path("some where/mychart/values.yaml"), "utf8")).toBe("changed: true\n");

    const missing = await run(["chart", "remove", ref, "-o", "json"]);
    expect(missing).toMatchObject({ exitCode: 3, stdout: "" });
    expect(JSON.parse(lines(missing.stderr)[0] ?? "")).toMatchObject({ error: { code: "not_found" } });
    expect(await run(["chart", "save"])).toMatchObject({ exitCode: 2, stdout: "" });
  });

  interop(`what ${helm} keeps of a command line arrives`, [helm], async (bench) => {
    const run = await installed(bench, helm);
    const registry = await bench.chartroom([user]);
    const elsewhere = bench.path("logins elsewhere.json");
    await logIn(bench, "chartroom", registry, { HELM_REGISTRY_CONFIG: elsewhere });
    const name = `${registry.host}/myrepo/mychart:2.7.0`;
    await run(["chart", "save", "my chart", name]);
    expect(await run(["chart", "push", name])).toMatchObject({ exitCode: 4 });

    const traced = await run(["chart", "push", name, "--debug", "--registry-config", elsewhere, "-n", "x"]);
    expect(traced).toMatchObject({ exitCode: 0 });
    expect(traced.stderr).toMatch(/^.*PUT .*\/v2\/myrepo\/mychart\/manifests\/2\.7\.0/m);
    const quiet = await run(["chart", "push", name, "--registry-config", elsewhere]);
    expect(quiet.stderr).not.toContain("PUT");
  });

  interop(`${helm} completes helm chart`, [helm], async (bench) => {
    const run = await installed(bench, helm);
    await run(["chart", "save", "my chart", ref]);
    const offered = async (...words: string[]) =>
      lines((await run(["__complete", "chart", ...words])).stdout).map((line) => line.split("\t")[0]);
    expect(await offered("pu")).toEqual(["push", "pull", ":4"]);
    expect(await offered("list", "--o")).toEqual(["--output", ":4"]);
    expect(await offered("list", "-o", "")).toEqual(["table", "json", ":4"]);
    expect(await offered("push", "local")).toEqual([ref, ":4"]);
    expect(await offered("push", "--debug", "--registry-config", "x", "local")).toEqual([ref, ":4"]);
    expect(await offered("save", "")).toEqual([":0"]);
  });
}

test("the plugin has the program's version", async () => {
  expect(await readFile(join(root, "plugin.yaml"), "utf8")).toContain(`\nversion: ${version}\n`);
});
