import { expect } from "bun:test";
import { readFile } from "node:fs/promises";
import { Transport } from "../../src/http/transport.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { openRemote } from "../../src/remote/open.ts";
import { blobOf, imageOf, pushArtifact } from "../../src/testing/artifacts.ts";
import { chartArchive, sampleChart } from "../../src/testing/charts.ts";
import { noise } from "../../src/testing/streams.ts";
import { archiveFile, digestOfFile, ours, treeOf, writtenChart } from "./charts.ts";
import { type Bench, interop, lines, type User } from "./support.ts";

const plain = "--plain-http";
const fromTo = ["--from-plain-http", "--to-plain-http"];

/** What `--format json` of push, attach and discover says, as far as tests ask for it. */
interface OrasJson {
  readonly digest: string;
  readonly artifactType?: string;
  readonly referrers?: readonly OrasJson[];
}

async function orasJson(bench: Bench, ...args: string[]): Promise<OrasJson> {
  return JSON.parse(await bench.done("oras", [...args, plain, "--format", "json"]));
}

/** Push an artifact of two files, one of them large, and give its digest. */
async function pushedArtifact(bench: Bench, ref: string): Promise<string> {
  await Bun.write(bench.path("small.txt"), "hello\n");
  await Bun.write(bench.path("large.bin"), noise(12_000_000));
  const files = ["small.txt:text/plain", "large.bin"];
  const pushed = await orasJson(
    bench,
    "push",
    ref,
    "--artifact-type",
    "application/vnd.test.thing",
    ...files,
  );
  return pushed.digest;
}

/** Attach a signature-like referrer, and give its digest. */
async function attached(bench: Bench, ref: string, type: string): Promise<string> {
  await Bun.write(bench.path("signature"), `signed by ${type}`);
  return (await orasJson(bench, "attach", ref, "--artifact-type", type, "signature")).digest;
}

async function referrersOf(bench: Bench, ref: string, ...args: string[]): Promise<string[]> {
  const { referrers = [] } = await orasJson(bench, "discover", ref, ...args);
  return referrers.map(({ digest }) => digest).toSorted();
}

interop("oras pushes and pulls artifacts, in repositories however deep", ["oras"], async (bench) => {
  const { host } = await bench.chartroom();
  const repository = `${host}/a/b-b/c_c/d.d/e`;
  const digest = await pushedArtifact(bench, `${repository}:v1,latest`);
  for (const [i, name] of [":v1", ":latest", `@${digest}`].entries()) {
    await bench.done("oras", ["pull", `${repository}${name}`, plain, "-o", `pulled${i}`]);
    expect(await treeOf(bench.path(`pulled${i}`))).toEqual({
      "large.bin": digestOf(noise(12_000_000)),
      "small.txt": await digestOfFile(bench.path("small.txt")),
    });
  }
  expect((await bench.done("oras", ["resolve", `${repository}:v1`, plain])).trim()).toBe(digest);
  const missing = await bench.run("oras", ["resolve", `${repository}:v2`, plain]);
  expect(missing.exitCode).not.toBe(0);
  expect(missing.stderr).toContain("not found");
});

interop(
  "oras lists our repositories and tags, from any of them on, and sets tags",
  ["oras"],
  async (bench) => {
    const { host } = await bench.chartroom();
    await Bun.write(bench.path("small.txt"), "hello\n");
    for (const repository of ["b/two", "a", "b/one"])
      await orasJson(bench, "push", `${host}/${repository}:1`, "small.txt");
    expect(lines(await bench.done("oras", ["repo", "ls", host, plain]))).toEqual(["a", "b/one", "b/two"]);
    expect(lines(await bench.done("oras", ["repo", "ls", `${host}/b`, plain]))).toEqual(["one", "two"]);
    expect(lines(await bench.done("oras", ["repo", "ls", host, plain, "--last", "a"]))).toEqual([
      "b/one",
      "b/two",
    ]);

    await bench.done("oras", ["tag", `${host}/a:1`, "3", "2", "B", "a", plain]);
    const tags = ["repo", "tags", `${host}/a`, plain];
    expect(lines(await bench.done("oras", tags))).toEqual(["1", "2", "3", "B", "a"]);
    expect(lines(await bench.done("oras", [...tags, "--last", "3"]))).toEqual(["B", "a"]);
  },
);

interop("oras deletes manifests and blobs, and finds them gone", ["oras"], async (bench) => {
  const { host } = await bench.chartroom();
  const digest = await pushedArtifact(bench, `${host}/things:v1`);
  await bench.done("oras", ["tag", `${host}/things:v1`, "v2", plain]);
  await bench.done("oras", ["manifest", "delete", `${host}/things:v1`, "--force", plain]);
  for (const name of [":v1", ":v2", `@${digest}`])
    expect(
      (await bench.run("oras", ["manifest", "fetch", `${host}/things${name}`, plain])).exitCode,
    ).not.toBe(0);
  expect(lines(await bench.done("oras", ["repo", "tags", `${host}/things`, plain]))).toEqual([]);

  const { descriptor, bytes } = blobOf(noise(100_000));
  await Bun.write(bench.path("blob"), bytes);
  await bench.done("oras", ["blob", "push", `${host}/blobs`, "blob", plain]);
  const ref = `${host}/blobs@${descriptor.digest}`;
  await bench.done("oras", ["blob", "fetch", ref, "--output", "fetched", plain]);
  expect(await digestOfFile(bench.path("fetched"))).toBe(descriptor.digest);
  const said = await bench.done("oras", ["blob", "fetch", ref, "--descriptor", plain]);
  expect(JSON.parse(said)).toMatchObject({ digest: descriptor.digest, size: 100_000 });
  await bench.done("oras", ["blob", "delete", ref, "--force", plain]);
  expect((await bench.run("oras", ["blob", "fetch", ref, "--descriptor", plain])).exitCode).not.toBe(0);
});

interop("oras attaches referrers and discovers them, by type too", ["oras"], async (bench) => {
  const registry = await bench.chartroom();
  const { host } = registry;
  await pushedArtifact(bench, `${host}/things:v1`);
  const signature = await attached(bench, `${host}/things:v1`, "application/vnd.test.signature");
  const sbom = await attached(bench, `${host}/things:v1`, "application/vnd.test.sbom");
  const above = await attached(bench, `${host}/things@${sbom}`, "application/vnd.test.signature");
  expect(await referrersOf(bench, `${host}/things:v1`, "--depth", "1")).toEqual([signature, sbom].toSorted());
  expect(await referrersOf(bench, `${host}/things@${sbom}`)).toEqual([above]);
  const typed = ["--artifact-type", "application/vnd.test.sbom"];
  expect(await referrersOf(bench, `${host}/things:v1`, ...typed)).toEqual([sbom]);
  // Through the referrers API, not through a tag that stands in for it.
  expect(lines(await bench.done("oras", ["repo", "tags", `${host}/things`, plain]))).toEqual(["v1"]);

  await bench.done("oras", ["manifest", "delete", `${host}/things@${sbom}`, "--force", plain]);
  expect(await referrersOf(bench, `${host}/things:v1`, "--depth", "1")).toEqual([signature]);
});

interop("oras follows our pages of referrers to their end", ["oras"], async (bench) => {
  const { host } = await bench.chartroom();
  const repository = openRemote(parseReference(`${host}/things`), {
    transport: new Transport({ userAgent: "test" }),
  });
  const subject = imageOf([]);
  await pushArtifact(repository, subject);
  const digests: string[] = [];
  for (let i = 0; i < 250; i++) {
    const { bytes, descriptor } = imageOf([], {
      subject: subject.descriptor,
      annotations: { number: `${i}` },
    });
    await repository.pushManifest(descriptor, bytes, { tags: [], expect: "any" });
    digests.push(descriptor.digest);
  }
  const { digest } = subject.descriptor;
  expect(await referrersOf(bench, `${host}/things@${digest}`, "--depth", "1")).toEqual(digests.toSorted());
});

interop(
  "oras copies between us and docker-registry both ways, referrers with it",
  ["oras", "docker-registry"],
  async (bench) => {
    const [here, there] = [await bench.chartroom(), await bench.distribution()];
    const digest = await pushedArtifact(bench, `${here.host}/things:v1`);
    const signature = await attached(bench, `${here.host}/things:v1`, "application/vnd.test.signature");
    const hops = [
      [`${here.host}/things:v1`, `${there.host}/far/things:v1`],
      [`${there.host}/far/things:v1`, `${here.host}/back:v1`],
      [`${here.host}/back@${digest}`, `${here.host}/by/digest:v1`],
      [`${there.host}/far/things@${digest}`, `${here.host}/by/far/digest:v1`],
    ] as const;
    for (const [from, to] of hops) {
      await bench.done("oras", ["cp", "-r", ...fromTo, from, to]);
      expect((await bench.done("oras", ["resolve", to, plain])).trim()).toBe(digest);
      expect(await referrersOf(bench, to)).toEqual([signature]);
    }
    await bench.done("oras", ["pull", `${here.host}/by/far/digest:v1`, plain, "-o", "pulled"]);
    expect(await digestOfFile(bench.path("pulled/large.bin"))).toBe(digestOf(noise(12_000_000)));
  },
);

interop("oras makes an index of our charts, and copies it whole", ["oras"], async (bench) => {
  const { host } = await bench.chartroom();
  const digests: string[] = [];
  for (const name of ["one", "two"]) {
    const yaml = `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`;
    const source = await writtenChart(bench, name, sampleChart({ "Chart.yaml": yaml }));
    const saved = await ours(bench, "chart", "save", source, `${host}/charts:${name}`);
    await ours(bench, "chart", "push", saved.ref);
    digests.push(saved.manifest.digest);
  }
  await bench.done("oras", ["manifest", "index", "create", `${host}/charts:all`, "one", "two", plain]);
  await bench.done("oras", ["cp", ...fromTo, `${host}/charts:all`, `${host}/copied:all`]);
  const index = JSON.parse(await bench.done("oras", ["manifest", "fetch", `${host}/copied:all`, plain]));
  expect(index.manifests.map(({ digest }: OrasJson) => digest)).toEqual(digests);

  const both = await bench.run("chartroom", ["chart", "pull", `${host}/copied:all`]);
  expect(both).toMatchObject({ exitCode: 1 });
  expect(both.stderr).toContain("2 charts");
  await bench.done("oras", ["manifest", "index", "create", `${host}/charts:only`, "two", plain]);
  expect(await ours(bench, "chart", "pull", `${host}/charts:only`)).toMatchObject({
    name: "two",
    manifest: { digest: digests[1]! },
  });
});

interop("oras reads the charts that we push", ["oras"], async (bench) => {
  const { host } = await bench.chartroom();
  const source = await writtenChart(bench, "mychart", sampleChart());
  const saved = await ours(bench, "chart", "save", source, `${host}/charts/mychart`);
  await ours(bench, "chart", "push", saved.ref);
  const manifest = JSON.parse(await bench.done("oras", ["manifest", "fetch", saved.ref, plain]));
  expect(manifest.layers).toMatchObject([{ digest: saved.digest, mediaType: saved.mediaType }]);
  const config = JSON.parse(await bench.done("oras", ["manifest", "fetch-config", saved.ref, plain]));
  expect(config).toMatchObject({ name: "mychart", version: "0.1.0" });
  const layer = `${host}/charts/mychart@${saved.digest}`;
  await bench.done("oras", ["blob", "fetch", layer, "--output", "fetched.tgz", plain]);
  expect(await digestOfFile(bench.path("fetched.tgz"))).toBe(saved.digest);
});

interop("we pull the charts that oras pushes with Helm's media types", ["oras"], async (bench) => {
  const { host } = await bench.chartroom();
  const archive = await chartArchive();
  const file = await archiveFile(bench, "mychart-0.1.0.tgz", archive);
  await Bun.write(bench.path("config.json"), '{"name":"mychart","version":"0.1.0","apiVersion":"v2"}');
  await Bun.write(bench.path("notes.txt"), "no part of the chart");
  const config = "config.json:application/vnd.cncf.helm.config.v1+json";
  for (const type of ["application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip"]) {
    const ref = `${host}/charts/mychart:${type.length}`;
    const { digest } = await orasJson(bench, "push", ref, "--config", config, `mychart-0.1.0.tgz:${type}`);
    expect(await ours(bench, "chart", "pull", ref)).toMatchObject({
      version: "0.1.0",
      mediaType: type,
      digest: await digestOfFile(file),
      manifest: { digest },
    });
    await ours(bench, "chart", "export", ref, "--archive", "-d", `out${type.length}`);
    expect(await readFile(bench.path(`out${type.length}`, "mychart-0.1.0.tgz"))).toEqual(
      Buffer.from(archive),
    );
  }

  await orasJson(bench, "push", `${host}/notes:1`, "notes.txt");
  const noChart = await bench.run("chartroom", ["chart", "pull", `${host}/notes:1`]);
  expect(noChart).toMatchObject({ exitCode: 1 });
  expect(JSON.parse(await bench.done("chartroom", ["chart", "list", "-o", "json"]))).toHaveLength(2);
});

const user: User = { name: "myuser", password: "mypass" };

interop("we push with the login that oras keeps in Docker's file", ["oras"], async (bench) => {
  const { host } = await bench.chartroom([user]);
  const source = await writtenChart(bench, "mychart", sampleChart());
  const { ref, manifest } = await ours(bench, "chart", "save", source, `${host}/charts/mychart`);
  expect((await bench.run("chartroom", ["chart", "push", ref])).exitCode).toBe(4);
  expect((await bench.run("oras", ["resolve", ref, plain])).exitCode).not.toBe(0);
  const login = ["login", host, "-u", user.name, "--password-stdin", plain];
  await bench.done("oras", login, { stdin: user.password });
  await ours(bench, "chart", "push", ref);
  expect((await bench.done("oras", ["resolve", ref, plain])).trim()).toBe(manifest.digest);
});
