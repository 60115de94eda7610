import { expect } from "bun:test";
import { jsonOf, onBench, ref, save } from "./cli.ts";

const digest = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
const shape = (status: string, name: string) => ({
  ref: name,
  name: "mychart",
  version: "0.1.0",
  status,
  digest,
  size: expect.any(Number),
  mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
  manifest: { digest, size: expect.any(Number), mediaType: "application/vnd.oci.image.manifest.v1+json" },
  provenance: null,
  created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
});

onBench("every command prints one object of one shape with -o json, and says what it did", async (bench) => {
  const { host } = await bench.chartroom();
  const name = `${host}/myrepo/mychart:2.7.0`;
  const does = (...args: string[]) => jsonOf(bench, ["chart", ...args]);
  expect(await does("save", "mychart", name)).toEqual(shape("saved", name));
  expect(await does("save", "mychart", name)).toEqual(shape("unchanged", name));
  expect(await does("list")).toEqual([shape("saved", name)] as never);
  expect(await does("push", name)).toEqual(shape("pushed", name));
  expect(await does("push", name)).toEqual(shape("exists", name));
  expect(await does("pull", name)).toEqual(shape("current", name));
  expect(await does("export", name)).toEqual({ ...shape("exported", name), path: "mychart/" });
  expect(await does("tag", name, `${host}/myrepo/mychart:stable`)).toEqual(
    shape("tagged", `${host}/myrepo/mychart:stable`),
  );
  expect(await does("remove", name)).toEqual(shape("removed", name));
  expect(await does("pull", name)).toEqual(shape("downloaded", name));
  expect(await does("prune")).toEqual({ status: "pruned", blobs: [], freed: 0 });
  expect(await does("check")).toMatchObject({ status: "whole", references: 2, findings: [] });
  expect(await jsonOf(bench, ["version"])).toMatchObject({
    version: expect.any(String),
    os: process.platform,
  });
});

onBench("-q prints the one line that matters", async (bench) => {
  const { host } = await bench.chartroom();
  const name = `${host}/myrepo/mychart:2.7.0`;
  const quiet = (...args: string[]) => bench.done("chartroom", ["chart", ...args, "-q"]);
  const byDigest = expect.stringMatching(new RegExp(`^${host}/myrepo/mychart@sha256:[0-9a-f]{64}\n$`));
  const saved = await quiet("save", "mychart", name);
  expect(saved).toEqual(byDigest);
  expect(await quiet("push", name)).toBe(saved);
  expect(await quiet("pull", name)).toBe(saved);
  expect(await quiet("list")).toBe(`${name}\n`);
  expect(await quiet("export", name, "-d", "out")).toBe("out/mychart/\n");
  expect(await quiet("remove", name)).toBe("");
  expect(await quiet("list")).toBe("");
});

onBench("an error with -o json is one object on standard error", async (bench) => {
  await save(bench);
  for (const [args, code, exit] of [
    [["chart", "export", "localhost:5000/myrepo/mychart:9.9.9"], "not_found", 3],
    [["chart", "export", "localhost:5000/myrepo/mychart"], "usage", 2],
    [["chart", "push", ref, "--bogus"], "usage", 2],
    [["chart", "pull", "localhost:1/a/b:1"], "network", 7],
  ] as const) {
    const { stdout, stderr, exitCode } = await bench.run("chartroom", [...args, "-o", "json"]);
    expect([stdout, exitCode]).toEqual(["", exit]);
    expect(JSON.parse(stderr)).toEqual({
      error: { code, message: expect.any(String), hint: expect.any(String) },
    });
  }
});
