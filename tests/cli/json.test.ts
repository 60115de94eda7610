import { expect } from "bun:test";
import { chmod, unlink, writeFile } from "node:fs/promises";
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

onBench("a chart by digest, one with a .prov, and an entry that is broken", async (bench) => {
  const { host } = await bench.chartroom();
  const name = `${host}/myrepo/mychart:2.7.0`;
  const does = (...args: string[]) => jsonOf<Record<string, { digest: string }>>(bench, ["chart", ...args]);
  await save(bench, name);
  await bench.done("chartroom", ["chart", "export", name, "--archive"]);
  await writeFile(bench.path("mychart-0.1.0.tgz.prov"), "signed\n");
  const signed = {
    ...shape("saved", name),
    provenance: { digest, size: 7, mediaType: "application/vnd.cncf.helm.chart.provenance.v1.prov" },
  };
  const saved = await does("save", "mychart-0.1.0.tgz", name);
  expect(saved).toEqual(signed as never);
  expect(await does("push", name)).toEqual({ ...signed, status: "pushed" } as never);
  expect(await does("export", name, "--archive", "-d", "out")).toEqual({
    ...signed,
    status: "exported",
    path: "out/mychart-0.1.0.tgz",
  } as never);
  const byDigest = `${host}/myrepo/mychart@${saved.manifest!.digest}`;
  expect(await does("pull", byDigest)).toEqual({ ...signed, ref: byDigest, status: "downloaded" } as never);

  await does("remove", byDigest);
  const hex = saved.provenance!.digest.slice("sha256:".length);
  await unlink(bench.path("home/.cache/helm/registry/cache/blobs/sha256", hex));
  const broken = { ref: name, error: { code: "not_verified", message: expect.stringContaining(hex) } };
  expect(await does("list")).toEqual([broken] as never);
  expect(await does("remove", name)).toEqual({ ref: name, status: "removed" } as never);
});

onBench("prune tells what it frees or would free, and check what it finds", async (bench) => {
  await save(bench);
  const [chart] = await jsonOf<{ digest: string }[]>(bench, ["chart", "list"]);
  const blob = bench.path(
    "home/.cache/helm/registry/cache/blobs/sha256",
    chart!.digest.slice("sha256:".length),
  );
  await chmod(blob, 0o644);
  await writeFile(blob, "other");
  const { stdout, stderr, exitCode } = await bench.run("chartroom", ["chart", "check", "-o", "json"]);
  expect(JSON.parse(stdout)).toEqual({
    status: "faulty",
    references: 1,
    blobs: 3,
    bytes: expect.any(Number),
    findings: [{ level: "fault", where: ref, message: expect.stringContaining(chart!.digest) }],
  });
  expect([exitCode, JSON.parse(stderr).error.code]).toEqual([6, "not_verified"]);

  await bench.done("chartroom", ["chart", "remove", ref]);
  const freed = {
    blobs: Array(3).fill({ digest, size: expect.any(Number) }),
    freed: expect.any(Number),
  };
  expect(await jsonOf(bench, ["chart", "prune", "--dry-run"])).toEqual({ status: "dry-run", ...freed });
  expect(await jsonOf(bench, ["chart", "prune"])).toEqual({ status: "pruned", ...freed });
  expect(await jsonOf(bench, ["chart", "prune"])).toEqual({ status: "pruned", blobs: [], freed: 0 });
});

onBench("logins and users", async (bench) => {
  const password = { stdin: "mypass" };
  const printed = async (args: string[]) =>
    JSON.parse(await bench.done("chartroom", ["registry", ...args, "-o", "json"], password));
  const htpasswd = bench.path("users");
  const add = ["user", "add", "myuser", "--password-stdin", "--htpasswd", htpasswd];
  expect(await printed(add)).toEqual({ user: "myuser", status: "added", htpasswd });
  expect(await printed(add)).toEqual({ user: "myuser", status: "changed", htpasswd });
  expect(await printed(["user", "list", "--htpasswd", htpasswd])).toEqual([
    { user: "myuser", canLogIn: true },
  ]);

  const { host: registry } = await bench.chartroom([], { CHARTROOM_HTPASSWD: htpasswd });
  const login = ["login", "-u", "myuser", "--password-stdin", registry];
  expect(await printed(login)).toEqual({ registry, username: "myuser", status: "succeeded" });
  expect(await printed(["logout", registry])).toEqual({ registry, status: "removed" });
  expect(await printed(["user", "remove", "myuser", "--htpasswd", htpasswd])).toEqual({
    user: "myuser",
    status: "removed",
    htpasswd,
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
  expect(await quiet("tag", name, `${name}-2`)).toBe(`${name}-2\n`);
  expect(await quiet("check")).toBe("");
  expect(await quiet("remove", name)).toBe("");
  expect(await quiet("list")).toBe(`${name}-2\n`);
  await quiet("remove", `${name}-2`);
  expect(await quiet("list")).toBe("");
  expect((await quiet("prune")).trim().split("\n")).toEqual(Array(3).fill(digest));
});

onBench(
  "an error with -o json is one object on standard error, with the exit code of its word",
  async (bench) => {
    const { host } = await bench.chartroom([{ name: "myuser", password: "mypass" }]);
    const open = await bench.chartroom();
    const taken = `${open.host}/myrepo/mychart:1`;
    await save(bench);
    await save(bench, `${host}/myrepo/mychart:1`);
    await save(bench, taken);
    await bench.done("chartroom", ["chart", "push", taken]);
    await writeFile(bench.path("mychart", "values.yaml"), "other: true\n");
    await save(bench, taken);
    for (const [args, code, exit] of [
      [["chart", "save", "home", ref], "invalid", 1],
      [["chart", "export", "localhost:5000/myrepo/mychart"], "usage", 2],
      [["chart", "push", ref, "--bogus"], "usage", 2],
      [["chart", "lst"], "usage", 2],
      [["registry", "login", host], "usage", 2],
      [["chart", "export", "localhost:5000/myrepo/mychart:9.9.9"], "not_found", 3],
      [["registry", "logout", host], "not_found", 3],
      [["chart", "push", `${host}/myrepo/mychart:1`], "not_allowed", 4],
      [["chart", "push", taken], "conflict", 5],
      [["chart", "pull", "localhost:1/a/b:1"], "network", 7],
    ] as const) {
      const { stdout, stderr, exitCode } = await bench.run("chartroom", [...args, "-o", "json"]);
      expect([args.join(" "), stdout, exitCode]).toEqual([args.join(" "), "", exit]);
      const { error, ...rest } = JSON.parse(stderr);
      expect(rest).toEqual({});
      expect(error).toEqual({ code, message: expect.any(String), hint: error.hint && expect.any(String) });
    }
  },
);
