import { describe, expect } from "bun:test";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { matches, tableIsPadded } from "../page/play.ts";
import { jsonOf, onBench, ref, refusalOf, save } from "./cli.ts";

type Row = { ref: string; digest: string; manifest: { digest: string } };

describe("by digest", () => {
  onBench("what a moved name pointed to stays, until it is pruned", async (bench) => {
    await save(bench);
    const [old] = await jsonOf<Row[]>(bench, ["chart", "list"]);
    await writeFile(bench.path("mychart", "values.yaml"), "other: true\n");
    await save(bench);
    const byDigest = `localhost:5000/myrepo/mychart@${old!.manifest.digest}`;
    const exported = await bench.done("chartroom", ["chart", "export", byDigest, "-d", "old"]);
    expect(exported).toContain(`ref:     ${byDigest}\ndigest:  ${old!.digest.slice("sha256:".length)}\n`);
    await bench.done("chartroom", ["chart", "prune"]);
    expect(refusalOf(await bench.run("chartroom", ["chart", "export", byDigest, "-d", "old"]))).toMatchObject(
      {
        exitCode: 3,
      },
    );
    await bench.done("chartroom", ["chart", "export", ref, "-d", "now"]);
  });

  onBench(
    "lines begin with sha256 and seven digits, and the list shows the whole reference",
    async (bench) => {
      const { host } = await bench.chartroom();
      await save(bench, `${host}/a/b:1`);
      const { manifest } = await jsonOf<Row>(bench, ["chart", "push", `${host}/a/b:1`]);
      const byDigest = `${host}/a/b@${manifest.digest}`;
      const label = manifest.digest.slice(0, "sha256:".length + 7);
      await bench.done("chartroom", ["chart", "remove", `${host}/a/b:1`]);
      await bench.done("chartroom", ["chart", "prune"]);

      const summary = `ref:     ${byDigest}
digest:  <HEX64>
size:    <SIZE>
name:    mychart
version: <VERSION>
`;
      for (const [args, golden] of [
        [
          ["pull", byDigest],
          `${label}: Pulling from ${host}/a/b\n${summary}Status: Downloaded newer chart for ${byDigest}\n`,
        ],
        [
          ["pull", byDigest],
          `${label}: Pulling from ${host}/a/b\n${summary}Status: Chart is up to date for ${byDigest}\n`,
        ],
        [
          ["list"],
          `REF\tNAME\tVERSION\tDIGEST\tSIZE\tCREATED\n${byDigest}\tmychart\t<VERSION>\t<HEX7>\t<SIZE>\t<AGE>\n`,
        ],
        [["export", byDigest, "-d", "out"], `${summary}Exported chart to out/mychart/\n`],
        [
          ["push", byDigest],
          `The push refers to repository [${host}/a/b]\n${summary}${label}: pushed to remote (1 layer, <TOTAL> total)\n`,
        ],
        [["remove", byDigest], `${label}: removed\n`],
      ] as const) {
        const out = await bench.done("chartroom", ["chart", ...args]);
        if (!matches(out, golden)) expect(out).toBe(golden);
        if (args[0] === "list") expect(tableIsPadded(out)).toBe(true);
      }
    },
  );

  onBench("a tag pinned to a digest is refused once it has moved on", async (bench) => {
    const { host } = await bench.chartroom();
    const name = `${host}/a/b:1`;
    await save(bench, name);
    const { manifest } = await jsonOf<Row>(bench, ["chart", "push", name]);
    await bench.done("chartroom", ["chart", "pull", `${name}@${manifest.digest}`]);
    await writeFile(bench.path("mychart", "values.yaml"), "other: true\n");
    await save(bench, name);
    await bench.done("chartroom", ["chart", "push", "--force", name]);
    const said = refusalOf(await bench.run("chartroom", ["chart", "pull", `${name}@${manifest.digest}`]));
    expect(said.exitCode).toBe(5);
  });
});

describe("pull", () => {
  onBench("says what became of the reference, not of the bytes", async (bench) => {
    const { host } = await bench.chartroom();
    const name = `${host}/a/b:1`;
    const pull = async () => (await bench.done("chartroom", ["chart", "pull", name])).split("\n").at(-2);
    await save(bench, name);
    await bench.done("chartroom", ["chart", "push", name]);
    expect(await pull()).toBe(`Status: Chart is up to date for ${name}`);
    await writeFile(bench.path("mychart", "values.yaml"), "other: true\n");
    await save(bench, name);
    expect(await pull()).toBe(`Status: Downloaded newer chart for ${name}`);
    await bench.done("chartroom", ["chart", "remove", name]);
    expect(await pull()).toBe(`Status: Downloaded newer chart for ${name}`);
  });
});

describe("push", () => {
  onBench("of what is there already says the same, and sends nothing", async (bench) => {
    const { host } = await bench.chartroom();
    const name = `${host}/a/b:1`;
    await save(bench, name);
    const push = () => bench.run("chartroom", ["chart", "push", name]);
    const first = await push();
    expect(first.stderr).toContain(": pushed ");
    expect(await push()).toEqual({ ...first, stderr: "" });
  });

  onBench(
    "tells on standard error what became of each object, and on standard output only the page",
    async (bench) => {
      const { host } = await bench.chartroom();
      const name = `${host}/a/b:1`;
      await save(bench, name);
      const { stdout, stderr } = await bench.run("chartroom", ["chart", "push", name]);
      expect(stdout.split("\n")).toHaveLength(8);
      expect(stderr.trim().split("\n").sort()).toEqual(
        Array(3).fill(expect.stringMatching(/^[0-9a-f]{7}: pushed /)),
      );
      const silent = await bench.run("chartroom", [
        "chart",
        "pull",
        name,
        "--no-progress",
        "--store",
        "other",
      ]);
      expect(silent.stderr).toBe("");
    },
  );
});

describe("save", () => {
  onBench("without a tag takes the chart's version, + written as _", async (bench) => {
    await writeFile(
      bench.path("mychart", "Chart.yaml"),
      "apiVersion: v2\nname: mychart\nversion: 1.2.3+build.5\n",
    );
    const out = await save(bench, "localhost:5000/myrepo/mychart");
    expect(out).toContain("ref:     localhost:5000/myrepo/mychart:1.2.3_build.5\n");
    expect(out).toEndWith("version: 1.2.3+build.5\n1.2.3_build.5: saved\n");
  });

  onBench("of an archive keeps its bytes, and the .prov beside it", async (bench) => {
    await save(bench);
    await bench.done("chartroom", ["chart", "export", ref, "--archive", "-d", "out"]);
    const archive = bench.path("out", "mychart-0.1.0.tgz");
    await writeFile(`${archive}.prov`, "-----BEGIN PGP SIGNED MESSAGE-----\nnot checked here\n");
    const { host } = await bench.chartroom();
    const name = `${host}/signed/mychart:1`;
    const saved = await jsonOf<Row & { provenance: object }>(bench, [
      "chart",
      "save",
      "out/mychart-0.1.0.tgz",
      name,
    ]);
    expect(saved.digest).toBe(
      `sha256:${new Bun.CryptoHasher("sha256").update(await readFile(archive)).digest("hex")}`,
    );
    expect(saved.provenance).toMatchObject({
      mediaType: "application/vnd.cncf.helm.chart.provenance.v1.prov",
    });
    expect(
      matches(
        await bench.done("chartroom", ["chart", "push", name]),
        `The push refers to repository [${host}/signed/mychart]
ref:     ${name}
digest:  <HEX64>
size:    <SIZE>
name:    mychart
version: <VERSION>
1: pushed to remote (2 layers, <TOTAL> total)
`,
      ),
    ).toBe(true);
    await bench.done("chartroom", ["chart", "remove", name]);
    await bench.done("chartroom", ["chart", "prune"]);
    await bench.done("chartroom", ["chart", "pull", name]);
    await bench.done("chartroom", ["chart", "export", name, "--archive", "-d", "back"]);
    for (const file of ["mychart-0.1.0.tgz", "mychart-0.1.0.tgz.prov"])
      expect(await readFile(bench.path("back", file))).toEqual(await readFile(bench.path("out", file)));
  });

  onBench("in Helm 3.0's form writes what Helm 3.0 wrote", async (bench) => {
    const saved = await jsonOf<Row & { mediaType: string }>(bench, [
      "chart",
      "save",
      "mychart",
      ref,
      "--media-type",
      "helm3.0",
    ]);
    expect(saved.mediaType).toBe("application/tar+gzip");
    const blobs = bench.path("home/.cache/helm/registry/cache/blobs/sha256");
    const manifest = await readFile(`${blobs}/${saved.manifest.digest.slice("sha256:".length)}`, "utf8");
    expect(Object.keys(JSON.parse(manifest))).toEqual(["schemaVersion", "config", "layers"]);
    expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe(`${ref}\n`);
  });

  onBench("names a dependency that is not vendored, and saves all the same", async (bench) => {
    const dependencies =
      "dependencies:\n  - name: redis\n    version: 1.x.x\n    repository: https://charts.example\n";
    await writeFile(
      bench.path("mychart", "Chart.yaml"),
      `apiVersion: v2\nname: mychart\nversion: 0.1.0\n${dependencies}`,
    );
    const { stderr, exitCode } = await bench.run("chartroom", ["chart", "save", "mychart", ref]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^Warning: .*redis/m);
  });

  onBench("HELM_EXPERIMENTAL_OCI changes nothing, whatever it says", async (bench) => {
    const outputs = [];
    for (const env of [{}, { HELM_EXPERIMENTAL_OCI: "1" }, { HELM_EXPERIMENTAL_OCI: "0" }])
      outputs.push(await bench.done("chartroom", ["chart", "save", "mychart", ref], { env }));
    expect(new Set(outputs).size).toBe(1);
  });
});

describe("list", () => {
  onBench("is sorted by reference, byte by byte, and filtered by a glob", async (bench) => {
    const names = [
      "localhost:5000/b/a:1",
      "localhost:5000/a/b:2",
      "localhost:5000/a/b:10",
      "localhost:5000/a/b:A",
    ];
    for (const name of names) await save(bench, name);
    const list = async (...more: string[]) =>
      (await bench.done("chartroom", ["chart", "ls", "-q", ...more])).trim().split("\n");
    expect(await list()).toEqual([...names].sort());
    expect(await list("--filter", "*/a/b:?")).toEqual(["localhost:5000/a/b:2", "localhost:5000/a/b:A"]);
    expect(await list("--filter", "a.b")).toEqual([""]);
  });
});

onBench("what lies in the working directory is neither run nor read", async (bench) => {
  await writeFile(bench.path("bunfig.toml"), 'preload = ["./evil.ts"]\n');
  await writeFile(bench.path("evil.ts"), 'console.log("run");\n');
  await writeFile(bench.path(".env"), `CHARTROOM_STORE=${bench.path("elsewhere")}\n`);
  await writeFile(bench.path("package.json"), "{ broken");
  await writeFile(bench.path("tsconfig.json"), "{ broken");
  expect(await save(bench)).not.toContain("run");
  expect(await readdir(bench.folder)).not.toContain("elsewhere");
});
