import { describe, expect } from "bun:test";
import { readdir, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { hostileArchive, rawEntry } from "../../src/testing/archives.ts";
import type { Bench } from "../bench.ts";
import { jsonOf, onBench, ref, refused, save } from "./cli.ts";

describe("what cannot be saved", () => {
  const chartYaml = (text: string) => (bench: Bench) => writeFile(bench.path("mychart", "Chart.yaml"), text);
  const cases: [string, (bench: Bench) => Promise<unknown>, RegExp][] = [
    ["no Chart.yaml", (bench) => unlink(bench.path("mychart", "Chart.yaml")), /Chart\.yaml/],
    ["no version", chartYaml("apiVersion: v2\nname: mychart\n"), /version/],
    [
      "a version that is none",
      chartYaml("apiVersion: v2\nname: mychart\nversion: latest\n"),
      /version "latest"/,
    ],
    ["no name", chartYaml("apiVersion: v2\nversion: 1.0.0\n"), /name/],
    ["a name that is a path", chartYaml("apiVersion: v2\nname: ../evil\nversion: 1.0.0\n"), /\.\.\/evil/],
    ["broken YAML", chartYaml("name: [\n"), /Chart\.yaml/],
    [
      "no such directory",
      (bench) => rm(bench.path("mychart"), { recursive: true }),
      /no such file or directory/,
    ],
    [
      "a link out of the chart",
      (bench) => symlink("/etc/hostname", bench.path("mychart", "values.link")),
      /values\.link/,
    ],
  ];
  for (const [what, spoil, says] of cases)
    onBench(`${what}: a sentence, a hint, exit 1, and the store as it was`, async (bench) => {
      await save(bench);
      const before = await bench.done("chartroom", ["chart", "list", "-q"]);
      await spoil(bench);
      const { exitCode, message, hint } = await refused(bench, "chart", "save", "mychart", `${ref}-new`);
      expect(message).toMatch(says);
      expect(hint).not.toBe("");
      expect(exitCode).toBe(1);
      expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe(before);
      await bench.done("chartroom", ["chart", "check"]);
    });

  onBench("a hostile archive, by name, and nothing is written", async (bench) => {
    await writeFile(bench.path("evil.tgz"), hostileArchive(rawEntry({ name: "../evil.txt", content: "x" })));
    const { exitCode, message, hint } = await refused(bench, "chart", "save", "evil.tgz", ref);
    expect(message).toContain("evil.txt");
    expect(hint).toContain("helm package");
    expect(exitCode).toBe(1);
    expect(await readdir(bench.path(".."))).not.toContain("evil.txt");
    expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe("");
  });
});

onBench("an empty path is not the working directory", async (bench) => {
  const chart = { cwd: bench.path("mychart") };
  const { exitCode, stderr } = await bench.run("chartroom", ["chart", "save", "", ref], chart);
  expect([exitCode, stderr]).toEqual([2, "Error: Cannot save a chart: the path is empty\n"]);
});

describe("references that do not parse", () => {
  for (const [text, says] of [
    ["mychart:1.0.0", "the registry is missing"],
    ["", "it is empty"],
    ["localhost:5000/", "the repository is empty"],
    ["localhost:5000/MyRepo/mychart:1", "upper-case"],
    ["localhost:5000/a:", "the tag is empty"],
    ["localhost:5000/a:b:c", "tag"],
    ["localhost:99999/a:1", "registry"],
    ["localhost:5000/a@sha256:abc", "digest"],
    ["http://localhost:5000/a:1", "URL"],
  ] as const)
    onBench(`"${text}"`, async (bench) => {
      for (const command of ["push", "pull", "export", "remove"]) {
        const { exitCode, message, hint } = await refused(bench, "chart", command, text);
        expect([command, exitCode]).toEqual([command, 2]);
        expect(message).toContain(says);
        expect(hint).not.toBe("");
      }
    });

  onBench("oci:// in front is taken off, and + in a tag becomes _", async (bench) => {
    const saved = await jsonOf(bench, [
      "chart",
      "save",
      "mychart",
      "oci://localhost:5000/myrepo/mychart:1.0.0+b1",
    ]);
    expect(saved.ref).toBe("localhost:5000/myrepo/mychart:1.0.0_b1");
  });
});

describe("command lines that are off", () => {
  for (const [args, message, hint] of [
    [["chart", "lst"], 'unknown command "lst"', "Did you mean list?"],
    [["chart", "push", ref, "--forc"], 'unknown option "--forc"', "Did you mean --force?"],
    [["chart", "save", "mychart"], 'missing required argument "ref"', "Add --help"],
    [["chart", "push", ref, "extra"], "too many arguments", "Add --help"],
    [["chart", "list", "-o", "xml"], "xml", "Add --help"],
    [["chart", "pull", ref, "--plain-http=maybe"], "true or false", "Add --help"],
    [["chart", "list", "extra"], "too many arguments", "Add --help"],
    [["chart", "tag", ref], 'missing required argument "newref"', "Add --help"],
    [["registry", "login"], 'missing required argument "host[/path]"', "Add --help"],
    [["registry", "serve", "a.yml", "b.yml"], "too many arguments", "Add --help"],
    [["registry", "serve", "--addr", "5000"], "expected HOST:PORT", "localhost:5000"],
    [["registry", "login", "http://localhost:5000"], "expected HOST or HOST:PORT", "--plain-http"],
    [["registry", "logn"], 'unknown command "logn"', "Did you mean login?"],
    [["chrt"], 'unknown command "chrt"', "Did you mean chart?"],
    [["--bogus"], 'unknown option "--bogus"', "Add --help"],
  ] as const)
    onBench(args.join(" "), async (bench) => {
      const said = await refused(bench, ...args);
      expect(said.exitCode).toBe(2);
      expect(said.message).toContain(message);
      expect(said.hint).toContain(hint);
    });

  onBench("a reference without tag or digest names the tags there are", async (bench) => {
    await save(bench);
    for (const command of ["push", "export", "remove"]) {
      const said = await refused(bench, "chart", command, "localhost:5000/myrepo/mychart");
      expect(said).toMatchObject({ exitCode: 2, hint: "Tags in the store: 2.7.0" });
    }
    const { host } = await bench.chartroom();
    await save(bench, `${host}/myrepo/mychart:1.2.3`);
    await bench.done("chartroom", ["chart", "push", `${host}/myrepo/mychart:1.2.3`]);
    const said = await refused(bench, "chart", "pull", `${host}/myrepo/mychart`);
    expect(said).toMatchObject({ exitCode: 2, hint: "Tags in the registry: 1.2.3" });
  });
});

describe("what is not there", () => {
  onBench("a chart that is not in the store, with the name that was probably meant", async (bench) => {
    await save(bench);
    for (const command of ["push", "export", "remove"]) {
      const said = await refused(bench, "chart", command, "localhost:5000/myrepo/mychart:2.7.1");
      expect(said).toEqual({
        exitCode: 3,
        message: "Chart not found: localhost:5000/myrepo/mychart:2.7.1",
        hint: `Did you mean ${ref}?`,
      });
    }
  });

  onBench("a chart that is not in the registry, and a login that was never made", async (bench) => {
    const { host } = await bench.chartroom();
    expect(await refused(bench, "chart", "pull", `${host}/a/b:1`)).toMatchObject({
      exitCode: 3,
      message: `Chart not found: ${host}/a/b:1`,
    });
    expect(await refused(bench, "registry", "logout", host)).toMatchObject({
      exitCode: 3,
      message: `not logged in to ${host}`,
    });
  });
});
