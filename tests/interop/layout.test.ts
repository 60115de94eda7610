import { expect } from "bun:test";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sampleChart } from "../../src/testing/charts.ts";
import { chartYaml, listed, ours, savedCharts, storeOf, treeOf, writtenChart } from "./charts.ts";
import { content, pushedImage } from "./images.ts";
import { type Bench, interop } from "./support.ts";

/** One entry of index.json, as tests read it. */
interface Entry {
  readonly digest: string;
  readonly annotations?: Record<string, string>;
  readonly [member: string]: unknown;
}

async function indexOf(layout: string): Promise<{ manifests: Entry[]; [member: string]: unknown }> {
  return JSON.parse(await readFile(join(layout, "index.json"), "utf8"));
}

const skopeo = (bench: Bench, ...args: string[]): Promise<string> =>
  bench.done("skopeo", ["--insecure-policy", ...args]);

/** Copy with skopeo, to or from a registry that speaks plain http. */
const skopeoCopy = (bench: Bench, from: string, to: string): Promise<string> =>
  skopeo(bench, "copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false", from, to);

/** The store is whole, and what it names exports as the tree of the chart saved as 0.1.0. */
async function readable(bench: Bench, store: string, name: string): Promise<void> {
  expect(await bench.done("chartroom", ["chart", "check", "--store", store])).toEndWith(": whole\n");
  const folder = `exported-${name.replace(/\W/g, "-")}`;
  await ours(bench, "chart", "export", name, "--store", store, "-d", folder);
  const source = await treeOf(bench.path("sources/0.1.0/mychart"));
  const { "README.md": _, ...same } = source; // its byte order mark is left out, as Helm leaves it out
  expect(await treeOf(bench.path(folder, "mychart"))).toMatchObject(same);
}

interop("skopeo reads our store by reference, and copies out of it and back", ["skopeo"], async (bench) => {
  const { host } = await bench.chartroom();
  const [chart] = await savedCharts(bench, `${host}/charts/mychart`, "0.1.0", "0.2.0");
  const source = `oci:${storeOf(bench)}:${chart.ref}`;
  const manifest = await skopeo(bench, "inspect", "--raw", source);
  expect(JSON.parse(manifest).layers[0].digest).toBe(chart.digest);

  await skopeoCopy(bench, source, `docker://${host}/copied:v1`);
  const remote = await skopeo(bench, "inspect", "--raw", "--tls-verify=false", `docker://${host}/copied:v1`);
  expect(remote).toBe(manifest);
  await skopeoCopy(bench, `docker://${host}/copied:v1`, `oci:${bench.path("back")}:v1`);
  expect(await listed(bench, bench.path("back"))).toEqual(["v1"]);
  await readable(bench, bench.path("back"), "v1");
});

interop("oras reads our store by digest, and copies out of it and back", ["oras"], async (bench) => {
  const { host } = await bench.chartroom();
  const [chart] = await savedCharts(bench, `${host}/charts/mychart`, "0.1.0", "0.2.0");
  const source = `${storeOf(bench)}@${chart.manifest.digest}`;
  const manifest = await bench.done("oras", ["manifest", "fetch", "--oci-layout", source]);
  expect(JSON.parse(manifest).layers[0].digest).toBe(chart.digest);
  expect((await bench.done("oras", ["repo", "tags", "--oci-layout", storeOf(bench)])).split("\n")).toContain(
    chart.ref,
  );

  await bench.done("oras", ["cp", "--from-oci-layout", "--to-plain-http", source, `${host}/copied:v1`]);
  await bench.done("oras", ["cp", "--from-plain-http", "--to-oci-layout", `${host}/copied:v1`, "back:v1"]);
  expect(await listed(bench, bench.path("back"))).toEqual(["v1"]);
  await readable(bench, bench.path("back"), "v1");
});

interop("umoci lists our store, and what it rewrites is still ours", ["umoci"], async (bench) => {
  const charts = await savedCharts(bench, "registry.example/charts/mychart", "0.1.0", "0.2.0");
  const refs = charts.map(({ ref }) => ref);
  const copy = bench.path("copy");
  await cp(storeOf(bench), copy, { recursive: true });
  expect((await bench.done("umoci", ["ls", "--layout", copy])).trim().split("\n").toSorted()).toEqual(refs);

  await bench.done("umoci", ["tag", "--image", `${copy}:${refs[0]}`, "other"]);
  expect(await listed(bench, copy)).toEqual(["other", ...refs].toSorted());
  await bench.done("umoci", ["rm", "--image", `${copy}:${refs[1]}`]);
  await bench.done("umoci", ["gc", "--layout", copy]);
  expect(await listed(bench, copy)).toEqual(["other", refs[0]!].toSorted());
  await readable(bench, copy, "other");
  await bench.done("chartroom", ["chart", "remove", refs[0]!, "--store", copy]);
  await bench.done("chartroom", ["chart", "prune", "--store", copy]);
  await readable(bench, copy, "other");
});

interop(
  "foreign tools write into our store beside our charts, and all live through our saves, removes and prunes",
  ["skopeo", "oras", "crane", "umoci"],
  async (bench) => {
    const { host } = await bench.chartroom();
    const store = storeOf(bench);
    const [first, second] = await savedCharts(bench, `${host}/charts/mychart`, "0.1.0", "0.2.0");
    await pushedImage(bench, `${host}/image:v1`);
    await skopeoCopy(bench, `docker://${host}/image:v1`, `oci:${store}:image`);
    await Bun.write(bench.path("signature"), "signed");
    const attach = ["attach", "--oci-layout", "--artifact-type", "application/vnd.test.signature"];
    await bench.done("oras", [...attach, `${store}@${first.manifest.digest}`, "signature"]);
    await bench.done("crane", ["pull", "--format=oci", `${host}/image:v1`, store]);
    const names = (await listed(bench)).map((row) => row.split(": Cannot")[0]);
    expect(names).toEqual([first.ref, second.ref, "image"]);

    // What no tool here writes: members that nobody knows, and an entry of a kind that nobody knows.
    const index = await indexOf(store);
    const isFirst = ({ digest }: Entry) => digest === first.manifest.digest;
    const unknown = {
      mediaType: "application/vnd.test",
      digest: `sha256:${"a".repeat(64)}`,
      size: 3,
      "x-deep": { a: [1] },
    };
    const manifests = [
      ...index.manifests.map((entry) => (isFirst(entry) ? { ...entry, "x-note": 7 } : entry)),
      unknown,
    ];
    const members = { ...index, "x-of-another": true, annotations: { of: "another" } };
    await writeFile(join(store, "index.json"), JSON.stringify({ ...members, manifests }));

    const source = await writtenChart(bench, "third", sampleChart({ "Chart.yaml": chartYaml("0.3.0") }));
    const third = await ours(bench, "chart", "save", source, `${host}/charts/mychart`);
    await bench.done("chartroom", ["chart", "tag", third.ref, `${host}/charts/mychart:stable`]);
    await bench.done("chartroom", ["chart", "remove", second.ref]);

    const after = await indexOf(store);
    expect({ ...after, manifests: [] }).toEqual({ ...members, manifests: [] });
    const removed = manifests.find(({ digest }) => digest === second.manifest.digest);
    for (const entry of manifests.filter((each) => each !== removed))
      expect(after.manifests).toContainEqual(entry);
    expect(after.manifests).toHaveLength(manifests.length - 1 + 2);

    // No prune frees what foreign entries need. (The unknown entry has nothing behind it and would stop any prune.)
    const real = after.manifests.filter(({ digest }) => digest !== unknown.digest);
    await writeFile(join(store, "index.json"), JSON.stringify({ ...members, manifests: real }));
    await bench.done("chartroom", ["chart", "prune"]);
    expect(await bench.done("chartroom", ["chart", "check"])).toEndWith(": whole\n");
    await bench.done("umoci", ["stat", "--image", `${store}:image`]);
    await bench.done("umoci", ["raw", "unpack", "--rootless", "--image", `${store}:image`, "unpacked"]);
    expect(await readFile(bench.path("unpacked/content.txt"), "utf8")).toBe(content);
    const discover = ["discover", "--oci-layout", `${store}@${first.manifest.digest}`, "--format", "json"];
    expect(JSON.parse(await bench.done("oras", discover)).referrers).toHaveLength(1);
    await readable(bench, store, first.ref);
  },
);

interop(
  "a layout that skopeo, oras and crane wrote, under tags alone, is a store to list, export, tag, push and remove from",
  ["skopeo", "oras", "crane"],
  async (bench) => {
    const { host } = await bench.chartroom();
    const [chart] = await savedCharts(bench, `${host}/charts/mychart`, "0.1.0", "0.2.0");
    await ours(bench, "chart", "push", chart.ref);
    const store = bench.path("layout");
    await skopeoCopy(bench, `docker://${chart.ref}`, `oci:${store}:0.1.0`);
    await skopeoCopy(bench, `docker://${chart.ref}`, `oci:${store}:mychart:0.1.0`);
    await bench.done("oras", ["cp", "--from-plain-http", "--to-oci-layout", chart.ref, "layout:v1"]);
    await bench.done("crane", ["pull", "--format=oci", "--annotate-ref", chart.ref, store]);
    const names = ["0.1.0", chart.ref, "mychart:0.1.0", "v1"];
    expect(await listed(bench, store)).toEqual(names);
    for (const name of names) await readable(bench, store, name);

    const full = `${host}/moved/mychart:0.1.0`;
    await bench.done("chartroom", ["chart", "tag", "v1", full, "--store", store]);
    expect(await ours(bench, "chart", "push", full, "--store", store)).toMatchObject({
      status: "pushed",
      digest: chart.digest,
      manifest: chart.manifest,
    });
    for (const name of names.slice(0, 3))
      await bench.done("chartroom", ["chart", "remove", name, "--store", store]);
    await bench.done("chartroom", ["chart", "prune", "--store", store]);
    expect(await listed(bench, store)).toEqual([full, "v1"]);
    await readable(bench, store, "v1");
    await bench.done("oras", ["manifest", "fetch", "--oci-layout", "layout:v1"]);
  },
);

interop(
  "a layout that oras emptied, whose list of manifests is null, is an empty store to save into",
  ["oras"],
  async (bench) => {
    await Bun.write(bench.path("small.txt"), "hello\n");
    const push = ["push", "--oci-layout", "layout:v1", "small.txt", "--format", "json"];
    const { digest } = JSON.parse(await bench.done("oras", push));
    await bench.done("oras", ["manifest", "delete", "--oci-layout", "--force", `layout@${digest}`]);
    expect((await indexOf(bench.path("layout"))).manifests).toBeNull();
    expect(await listed(bench, bench.path("layout"))).toEqual([]);
    const source = await writtenChart(bench, "mychart", sampleChart());
    const { ref } = await ours(
      bench,
      "chart",
      "save",
      source,
      "registry.example/mychart",
      "--store",
      "layout",
    );
    expect(await listed(bench, bench.path("layout"))).toEqual([ref]);
    expect(await bench.done("chartroom", ["chart", "check", "--store", "layout"])).toEndWith(": whole\n");
  },
);
