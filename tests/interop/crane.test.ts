import { expect } from "bun:test";
import { join } from "node:path";
import { noise } from "../../src/testing/streams.ts";
import { listed, ours, savedCharts, storeOf } from "./charts.ts";
import { content, pushedImage } from "./images.ts";
import { type Bench, interop, lines, type User } from "./support.ts";

const crane = async (bench: Bench, ...args: string[]): Promise<string> =>
  (await bench.done("crane", args)).trimEnd();

interop(
  "crane pushes an image to us from a layout and from a tarball, and pulls it back",
  ["crane"],
  async (bench) => {
    const { host } = await bench.chartroom();
    const digest = await pushedImage(bench, `${host}/images/a:v1`, noise(3_000_000));
    await crane(bench, "validate", "--remote", `${host}/images/a:v1`);
    await crane(bench, "pull", "--format=oci", `${host}/images/a:v1`, "layout");
    await crane(bench, "push", "layout", `${host}/images/b:v1`);
    expect(await crane(bench, "digest", `${host}/images/b:v1`)).toBe(digest);

    await crane(bench, "pull", `${host}/images/b:v1`, "image.tar");
    await crane(bench, "push", "image.tar", `${host}/images/c:v1`);
    await crane(bench, "validate", "--remote", `${host}/images/c:v1`);
    const exported = await crane(bench, "export", `${host}/images/c:v1`, "-");
    expect(exported).toContain(content);
    expect(await crane(bench, "config", `${host}/images/c:v1`)).toBe(
      await crane(bench, "config", `${host}/images/a:v1`),
    );
  },
);

interop("crane lists, tags and deletes in our registry", ["crane"], async (bench) => {
  const { host } = await bench.chartroom();
  const repository = `${host}/images/a`;
  const digest = await pushedImage(bench, `${repository}:v1`);
  await pushedImage(bench, `${host}/other:v1`, noise(10));
  expect(lines(await crane(bench, "catalog", host))).toEqual(["images/a", "other"]);
  await crane(bench, "tag", `${repository}:v1`, "latest");
  await crane(bench, "tag", `${repository}:v1`, "Edge");
  expect(lines(await crane(bench, "ls", repository))).toEqual(["Edge", "latest", "v1"]);
  expect(JSON.parse(await crane(bench, "manifest", `${repository}:latest`)).layers).toHaveLength(1);

  await crane(bench, "delete", `${repository}@${digest}`);
  expect(lines(await crane(bench, "ls", repository))).toEqual([]);
  const gone = await bench.run("crane", ["manifest", `${repository}:v1`]);
  expect(gone.exitCode).not.toBe(0);
  expect(gone.stderr).toContain("MANIFEST_UNKNOWN");
  expect(lines(await crane(bench, "ls", `${host}/other`))).toEqual(["v1"]);
});

interop(
  "crane copies images, indexes and charts between us and docker-registry",
  ["crane", "docker-registry"],
  async (bench) => {
    const [here, there] = [await bench.chartroom(), await bench.distribution()];
    const one = await pushedImage(bench, `${here.host}/images/a:one`);
    const two = await pushedImage(bench, `${here.host}/images/a:two`, noise(100_000));
    const members = ["one", "two"].flatMap((tag) => ["-m", `${here.host}/images/a:${tag}`]);
    await crane(bench, "index", "append", ...members, "-t", `${here.host}/images/all:v1`);
    const index = await crane(bench, "digest", `${here.host}/images/all:v1`);

    await crane(bench, "copy", `${here.host}/images/all:v1`, `${there.host}/far:v1`);
    expect(await crane(bench, "digest", `${there.host}/far:v1`)).toBe(index);
    await crane(bench, "copy", `${there.host}/far:v1`, `${here.host}/back:v1`);
    await crane(bench, "validate", "--remote", `${here.host}/back:v1`);
    expect(await crane(bench, "digest", `${here.host}/back:v1`)).toBe(index);
    for (const digest of [one, two])
      expect(await crane(bench, "manifest", `${here.host}/back@${digest}`)).toContain('"layers"');

    await crane(bench, "copy", "--all-tags", `${here.host}/images/a`, `${here.host}/mounted/a`);
    expect(lines(await crane(bench, "ls", `${here.host}/mounted/a`))).toEqual(["one", "two"]);
    const held = await bench.run("crane", [
      "copy",
      "--no-clobber",
      `${here.host}/images/a:two`,
      `${here.host}/back:v1`,
    ]);
    expect(held.stderr).toContain("refusing to clobber");

    const [chart] = await savedCharts(bench, `${here.host}/charts/mychart`, "0.1.0");
    await ours(bench, "chart", "push", chart.ref);
    const [far, again] = [`${there.host}/charts/mychart:0.1.0`, `${here.host}/again/mychart:0.1.0`];
    await crane(bench, "copy", chart.ref, far);
    await crane(bench, "copy", far, again);
    for (const ref of [far, again])
      expect(await ours(bench, "chart", "pull", ref)).toMatchObject({
        status: "downloaded",
        digest: chart.digest,
        manifest: chart.manifest,
      });
  },
);

interop(
  "crane pushes our whole store as an index, and its layout of that is one that we read",
  ["crane"],
  async (bench) => {
    const { host } = await bench.chartroom();
    const charts = await savedCharts(bench, `${host}/charts/mychart`, "0.1.0", "0.2.0");
    await crane(bench, "push", "--index", storeOf(bench), `${host}/all:v1`);
    const index = JSON.parse(await crane(bench, "manifest", `${host}/all:v1`));
    expect(index.manifests.map(({ digest }: { digest: string }) => digest)).toEqual(
      charts.map(({ manifest }) => manifest.digest),
    );
    await crane(bench, "validate", "--remote", `${host}/all:v1`);

    const layout = bench.path("layout");
    for (const { manifest } of charts) {
      const pulled = `${host}/all@${manifest.digest}`;
      await crane(bench, "pull", "--format=oci", "--annotate-ref", pulled, layout);
    }
    expect(await listed(bench, layout)).toEqual(
      charts.map(({ manifest }) => `${host}/all@${manifest.digest}`).toSorted(),
    );
    await bench.done("chartroom", ["chart", "check", "--store", layout]);
    const name = `${host}/all@${charts[1].manifest.digest}`;
    const exported = await ours(bench, "chart", "export", name, "--store", layout, "-d", "exported");
    expect(exported).toMatchObject({ version: "0.2.0", digest: charts[1].digest });
    expect(await Bun.file(join(bench.path("exported"), "mychart/Chart.yaml")).text()).toContain(
      "version: 0.2.0\n",
    );
  },
);

const user: User = { name: "myuser", password: "mypass" };

interop("crane logs in to us, and without a login is refused", ["crane"], async (bench) => {
  const { host } = await bench.chartroom([user]);
  expect((await bench.run("crane", ["catalog", host])).stderr).toContain("UNAUTHORIZED");
  const login = ["auth", "login", host, "-u", user.name, "--password-stdin"];
  await bench.done("crane", login, { stdin: user.password });
  await pushedImage(bench, `${host}/images/a:v1`);
  expect(await crane(bench, "catalog", host)).toBe("images/a");
});
