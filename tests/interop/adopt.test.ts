// What CNCF Distribution 2.8 and 3 wrote is adopted, and served where it lies: to a client nothing has changed.
import { expect } from "bun:test";
import { join } from "node:path";
import { fingerprint } from "../../src/testing/distribution.ts";
import { freePort } from "../bench.ts";
import { jsonOf } from "../cli/cli.ts";
import { started } from "../cli/serving.ts";
import { ours, savedCharts, signedCharts } from "./charts.ts";
import { helmDigest } from "./helm.ts";
import { pushedImage } from "./images.ts";
import { type Bench, interop, type Registry } from "./support.ts";
import { survey } from "./survey.ts";

const plain = "--plain-http";

/** A Distribution with deletes on; `root` is its data, `config` its file. */
async function distribution(bench: Bench, program: "docker-registry" | "distribution3") {
  let folder = "";
  const registry = await bench.configured(
    program,
    (host, own) => {
      folder = own;
      return {
        version: 0.1,
        storage: { filesystem: { rootdirectory: join(own, "data") }, delete: { enabled: true } },
        http: { addr: host },
      };
    },
    { OTEL_TRACES_EXPORTER: "none" },
  );
  return { registry, root: join(folder, "data"), config: join(folder, "config.yml") };
}

/** Push charts, images, an index, referrers and copies as their clients do, and delete some of it again. */
async function fill(bench: Bench, { host }: Registry): Promise<{ chart: string; subject: string }> {
  const charts = `${host}/charts`;
  for (const { ref } of await savedCharts(bench, `${charts}/mychart`, "0.1.0", "0.2.0+one", "0.3.0"))
    await ours(bench, "chart", "push", ref);
  for (const { name, version, archive } of await signedCharts(bench)) {
    await bench.done("chartroom", ["chart", "save", archive, `${charts}/${name}:${version}`]);
    await bench.done("chartroom", ["chart", "push", `${charts}/${name}:${version}`]);
    await bench.done("helm4", ["push", archive, `oci://${host}/helm`, plain]);
  }
  await bench.done("helm4", ["package", "sources/0.1.0/mychart", "-d", "packed"]);
  const chart = await helmDigest(bench, "helm4", ["push", "packed/mychart-0.1.0.tgz", `oci://${host}/helm`]);
  const images = `${host}/images/app`;
  const one = await pushedImage(bench, `${images}:one`);
  await pushedImage(bench, `${images}:two`, new Uint8Array(3_000_000).fill(7));
  await bench.done("oras", ["manifest", "index", "create", `${images}:all`, "one", "two", plain]);
  await bench.done("oras", ["copy", `${images}:all`, `${host}/mirror/app:all`, ...twice(plain)]);
  await Bun.write(bench.path("signature"), "signed");
  for (const type of ["application/vnd.test.signature", "application/vnd.test.sbom"])
    await bench.done("oras", ["attach", `${images}@${one}`, "--artifact-type", type, "signature", plain]);

  const gone = await bench.done("crane", ["digest", `${charts}/mychart:0.3.0`]);
  await bench.done("oras", ["manifest", "delete", `${charts}/mychart@${gone.trim()}`, "--force", plain]);
  return { chart, subject: one };
}

const twice = (flag: string) => ["from", "to"].map((side) => flag.replace("--", `--${side}-`));

const needs = ["helm4", "oras", "crane", "samples"] as const;

for (const program of ["docker-registry", "distribution3"] as const)
  interop(
    `what ${program} wrote is adopted, digest by digest, and served where it lies`,
    [program, ...needs],
    async (bench) => {
      const { registry, root, config } = await distribution(bench, program);
      const { chart, subject } = await fill(bench, registry);
      const before = await survey(registry.host);
      expect(Object.keys(before).length).toBeGreaterThan(30);
      expect(Object.values(before).filter((each) => each === "404")).toEqual([]);
      await registry.stop();
      // What was deleted leaves links to blobs that its own collection takes.
      await bench.done(program, ["garbage-collect", config]);
      const files = await fingerprint(root);

      const inPlace = await started(bench, [
        config,
        "--read-only",
        "--addr",
        `127.0.0.1:${await freePort()}`,
      ]);
      expect(await survey(new URL(inPlace.url).host)).toEqual(before);
      const pushed = await fetch(`${inPlace.url}/v2/a/blobs/uploads/`, { method: "POST", proxy: false });
      expect(pushed.status).toBe(405);
      const index = await classicIndex(inPlace.url);
      for (const version of ["0.1.0", "0.2.0+one"]) expect(index).toContain(`version: "${version}"`);
      expect(await inPlace.stop()).toBe(0);
      expect(await fingerprint(root)).toBe(files);

      for (const how of ["--link", "--copy"]) {
        const data = bench.path(`data${how}`);
        const adopt = ["registry", "adopt", how === "--link" ? config : root, "--data", data, how];
        const planned = await jsonOf<Told>(bench, [...adopt, "--dry-run"]);
        const told = await jsonOf<Told>(bench, adopt);
        expect(told).toEqual({ ...planned, dryRun: false });
        expect(told).toMatchObject({ findings: [], counts: { manifests: { present: 0 } } });
        const { adopted } = told.counts.manifests;
        expect((await jsonOf<Told>(bench, adopt)).counts).toMatchObject({
          bytes: 0,
          manifests: { adopted: 0, present: adopted },
          blobs: { adopted: 0, present: told.counts.blobs.adopted },
        });
        expect(await fingerprint(root)).toBe(files);
        const served = await started(bench, ["--data", data, "--addr", `127.0.0.1:${await freePort()}`]);
        const { host } = new URL(served.url);
        expect(await survey(host)).toEqual(before);
        // With the times of the old registry's pushes, too.
        expect(await classicIndex(served.url)).toBe(index);
        const pull = ["pull", `oci://${host}/helm/mychart`, "--version", "0.1.0"];
        expect(await helmDigest(bench, "helm4", pull)).toBe(chart);
        const { manifests } = await (
          await fetch(`${served.url}/v2/images/app/referrers/${subject}`, { proxy: false })
        ).json();
        expect(manifests).toHaveLength(2);
        // It is a registry like any other from now on.
        await pushedImage(bench, `${host}/images/app:three`);
        expect(await served.stop()).toBe(0);
        await bench.done("chartroom", ["registry", "check", "--data", data]);
        expect(await fingerprint(root)).toBe(files);
      }

      await registry.restart();
      expect(await survey(registry.host)).toEqual(before);
    },
    240_000,
  );

/** The charts below `charts/`, as a classic repository lists them; without the time at which it does. */
async function classicIndex(url: string): Promise<string> {
  const answer = await fetch(`${url}/charts/charts/index.yaml`, { proxy: false });
  expect(answer.status).toBe(200);
  return (await answer.text()).replace(/^generated: .*\n/m, "");
}

interface Told {
  readonly dryRun: boolean;
  readonly counts: {
    readonly blobs: { readonly adopted: number };
    readonly manifests: { readonly adopted: number };
  };
}
