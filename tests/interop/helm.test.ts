import { expect } from "bun:test";
import { basename } from "node:path";
import { chartArchive, sampleChart } from "../../src/testing/charts.ts";
import { archiveFile, awkwardChart, chartYaml, digestOfFile, ours, treeOf, writtenChart } from "./charts.ts";
import { type Helm, helmDigest, helms, logIn, user } from "./helm.ts";
import { type Bench, interop, type Registry, type User } from "./support.ts";

const registries = [
  { title: "our registry", needs: [], start: (bench: Bench, users: User[]) => bench.chartroom(users) },
  {
    title: "docker-registry",
    needs: ["docker-registry"],
    start: (bench: Bench, users: User[]) => bench.distribution(users),
  },
] as const;

/** What Helm pushes is what we pull: the same bytes, and the tree that Helm itself unpacks. */
async function fromHelm(bench: Bench, helm: Helm, { host }: Registry): Promise<void> {
  const source = await writtenChart(bench, "theirs", await awkwardChart("0.1.0"));
  await bench.done(helm, ["package", source]);
  const archive = bench.path("mychart-0.1.0.tgz");
  const digest = await helmDigest(bench, helm, ["push", archive, `oci://${host}/theirs`]);

  const ref = `${host}/theirs/mychart:0.1.0`;
  const pulled = await ours(bench, "chart", "pull", ref);
  expect(pulled).toMatchObject({
    status: "downloaded",
    version: "0.1.0",
    digest: await digestOfFile(archive),
    manifest: { digest },
  });

  await ours(bench, "chart", "export", ref, "-d", "exported");
  await helmDigest(bench, helm, ["pull", `oci://${ref}`, "--untar", "--untardir", "untarred"]);
  const tree = await treeOf(bench.path("untarred"));
  expect(Object.keys(tree)).toContain("mychart/charts/beta/Chart.yaml");
  expect(await treeOf(bench.path("exported"))).toEqual(tree);
}

/** What we push is what Helm pulls: the same bytes, the tree that we export, a chart that it shows and renders. */
async function toHelm(bench: Bench, helm: Helm, { host }: Registry): Promise<void> {
  const source = await writtenChart(bench, "ours/mychart", await awkwardChart("0.2.0"));
  const ref = `${host}/our/deep/path/mychart:0.2.0`;
  const saved = await ours(bench, "chart", "save", source, ref);
  expect(await ours(bench, "chart", "push", ref)).toMatchObject({ status: "pushed" });

  const [, , shown, rendered] = await Promise.all([
    helmDigest(bench, helm, ["pull", `oci://${host}/our/deep/path/mychart`, "--version", "0.2.0"]).then(
      (digest) => expect(digest).toBe(saved.manifest.digest),
    ),
    helmDigest(bench, helm, ["pull", `oci://${ref}`, "--untar", "--untardir", "ours-untarred"]),
    bench.done(helm, ["show", "chart", `oci://${ref}`, "--plain-http"]),
    bench.done(helm, ["template", "release", `oci://${ref}`, "--plain-http"]),
  ]);
  expect(await digestOfFile(bench.path("mychart-0.2.0.tgz"))).toBe(saved.digest);
  await ours(bench, "chart", "export", ref, "-d", "ours-exported");
  const tree = await treeOf(bench.path("ours-exported/mychart"));
  expect(await treeOf(bench.path("ours-untarred/mychart"))).toEqual(tree);
  expect(Object.keys(tree)).toEqual(Object.keys(await treeOf(source)));
  expect(shown).toContain("version: 0.2.0\n");
  expect(rendered).toContain("kind: Deployment\nreplicas: 1\n");
}

for (const helm of helms)
  for (const { title, needs, start } of registries) {
    interop(`${helm} and we trade charts through ${title}, open`, [helm, ...needs], async (bench) => {
      const registry = await start(bench, []);
      await fromHelm(bench, helm, registry);
      await toHelm(bench, helm, registry);
    });
    for (const program of [helm, "chartroom"] as const)
      interop(
        `${helm} and we trade charts through ${title}, both with ${program}'s login`,
        [helm, ...needs],
        async (bench) => {
          const registry = await start(bench, [user]);
          const archive = await archiveFile(bench, "mychart-0.1.0.tgz", await chartArchive());
          const refused = await bench.run(helm, [
            "push",
            archive,
            `oci://${registry.host}/x`,
            "--plain-http",
          ]);
          expect(refused.exitCode).not.toBe(0);
          expect((await bench.run("chartroom", ["chart", "pull", `${registry.host}/x/y:1`])).exitCode).toBe(
            4,
          );

          await logIn(bench, program, registry);
          await fromHelm(bench, helm, registry);
          await toHelm(bench, helm, registry);
        },
      );
  }

for (const helm of helms) {
  interop(`${helm} and we agree on versions with build metadata`, [helm], async (bench) => {
    const { host } = await bench.chartroom();
    const version = "1.0.0-rc.1+build.5";
    const files = sampleChart({ "Chart.yaml": chartYaml(version) });
    const archive = await archiveFile(bench, `mychart-${version}.tgz`, await chartArchive(files));
    await bench.done(helm, ["push", archive, `oci://${host}/theirs`, "--plain-http"]);
    for (const tag of ["1.0.0-rc.1+build.5", "1.0.0-rc.1_build.5"])
      expect(await ours(bench, "chart", "pull", `${host}/theirs/mychart:${tag}`)).toMatchObject({
        ref: `${host}/theirs/mychart:1.0.0-rc.1_build.5`,
        version,
      });

    const source = await writtenChart(bench, "mychart", files);
    const { ref, digest } = await ours(bench, "chart", "save", source, `${host}/ours/mychart`);
    expect(ref).toBe(`${host}/ours/mychart:1.0.0-rc.1_build.5`);
    await ours(bench, "chart", "push", ref);
    await bench.done(helm, [
      "pull",
      `oci://${host}/ours/mychart`,
      "--version",
      version,
      "--plain-http",
      "-d",
      ".",
    ]);
    expect(await digestOfFile(bench.path(basename(archive)))).toBe(digest);
    const shown = await bench.done(helm, [
      "show",
      "chart",
      `oci://${host}/ours/mychart`,
      "--devel",
      "--plain-http",
    ]);
    expect(shown).toContain(`version: ${version}\n`);
  });

  interop(`${helm} pulls what we write for Helm 3.0 to 3.6`, [helm], async (bench) => {
    const { host } = await bench.chartroom();
    const source = await writtenChart(bench, "mychart", sampleChart());
    const ref = `${host}/old/mychart:0.1.0`;
    const saved = await ours(bench, "chart", "save", source, ref, "--media-type", "helm3.0");
    expect(saved.mediaType).toBe("application/tar+gzip");
    await ours(bench, "chart", "push", ref);
    expect(await helmDigest(bench, helm, ["pull", `oci://${ref}`])).toBe(saved.manifest.digest);
    expect(await digestOfFile(bench.path("mychart-0.1.0.tgz"))).toBe(saved.digest);
    await bench.done("chartroom", ["chart", "remove", ref]);
    expect(await ours(bench, "chart", "pull", ref)).toMatchObject({
      digest: saved.digest,
      mediaType: saved.mediaType,
    });
  });

  interop(
    `${helm} finds the newest version in a range among our tags, for pull and for dependencies`,
    [helm],
    async (bench) => {
      const registry = await bench.chartroom();
      const { host } = registry;
      for (const version of ["0.1.0", "0.1.10", "0.1.9", "0.2.0", "1.0.0-rc.1"]) {
        const source = await writtenChart(bench, version, sampleChart({ "Chart.yaml": chartYaml(version) }));
        await ours(bench, "chart", "save", source, `${host}/charts/mychart`);
        await ours(bench, "chart", "push", `${host}/charts/mychart:${version}`);
      }
      const versionOf = async (...args: string[]) => {
        const shown = await bench.done(helm, [
          "show",
          "chart",
          `oci://${host}/charts/mychart`,
          "--plain-http",
          ...args,
        ]);
        return /^version: (.*)$/m.exec(shown)?.[1];
      };
      expect(await versionOf("--version", "^0.1")).toBe("0.1.10");
      expect(await versionOf()).toBe("0.2.0");
      expect(await versionOf("--devel")).toBe("1.0.0-rc.1");

      const needs = `dependencies:\n- name: mychart\n  version: ~0.1.1\n  repository: oci://${host}/charts\n`;
      const yaml = { "Chart.yaml": `apiVersion: v2\nname: parent\nversion: 1.0.0\n${needs}` };
      const parent = await writtenChart(bench, "parent", yaml);
      await bench.done(helm, ["dependency", "update", parent, "--plain-http"]);
      expect(Object.keys(await treeOf(parent))).toContain("charts/mychart-0.1.10.tgz");
      const ref = `${host}/charts/parent:1.0.0`;
      await ours(bench, "chart", "save", parent, ref);
      await ours(bench, "chart", "export", ref, "-d", "exported");
      expect(await treeOf(bench.path("exported/parent"))).toEqual(await treeOf(parent));

      await registry.stop(); // its last lines are logged then
      expect(await registry.log()).toContain("/v2/charts/mychart/tags/list");
    },
  );

  interop(`${helm} pulls our charts by digest, and we pull its`, [helm], async (bench) => {
    const { host } = await bench.chartroom();
    const archive = await archiveFile(bench, "mychart-0.1.0.tgz", await chartArchive());
    const theirs = await helmDigest(bench, helm, ["push", archive, `oci://${host}/charts`]);
    const pinned = `${host}/charts/mychart@${theirs}`;
    expect(await ours(bench, "chart", "pull", pinned)).toMatchObject({
      ref: pinned,
      manifest: { digest: theirs },
    });

    const source = await writtenChart(bench, "mychart", sampleChart({ "Chart.yaml": chartYaml("0.2.0") }));
    const saved = await ours(bench, "chart", "save", source, `${host}/charts/mychart`);
    await ours(bench, "chart", "push", saved.ref);
    const tagged = `oci://${host}/charts/mychart:0.2.0@${saved.manifest.digest}`;
    expect(await helmDigest(bench, helm, ["pull", tagged, "--untar", "--untardir", "untarred"])).toBe(
      saved.manifest.digest,
    );
    expect(await treeOf(bench.path("untarred/mychart"))).toEqual(await treeOf(source));
  });

  interop(`our push does not replace a tag that ${helm} pushed, unless forced`, [helm], async (bench) => {
    const { host } = await bench.chartroom();
    const archive = await archiveFile(bench, "mychart-0.1.0.tgz", await chartArchive());
    const theirs = await helmDigest(bench, helm, ["push", archive, `oci://${host}/charts`]);
    const source = await writtenChart(bench, "mychart", await awkwardChart());
    const saved = await ours(bench, "chart", "save", source, `${host}/charts/mychart:0.1.0`);
    const refused = await bench.run("chartroom", ["chart", "push", saved.ref]);
    expect(refused).toMatchObject({ exitCode: 5 });
    expect(refused.stderr).toContain(theirs.slice(7, 14));
    expect(await helmDigest(bench, helm, ["pull", `oci://${saved.ref}`, "-d", "."])).toBe(theirs);
    await ours(bench, "chart", "push", saved.ref, "--force");
    expect(await helmDigest(bench, helm, ["pull", `oci://${saved.ref}`, "-d", "."])).toBe(
      saved.manifest.digest,
    );
  });
}
