import { expect } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../src/oci/digest.ts";
import { limiter } from "../../src/oci/limiter.ts";
import { samples } from "../../src/testing/samples.ts";
import { type ChartJson, digestOfFile, ours } from "./charts.ts";
import { content, pushedImage } from "./images.ts";
import { type Bench, interop, lines } from "./support.ts";

/** Programs and requests at once; more only wait for the machine. */
const parallel = 4;

/** Where the sample charts are saved at first, and what stands in front of their names at each stop. */
const home = "charts.example/";

/** Every sample that is a chart, with the repository it is saved in: archives, signed ones, directories. */
async function sampleCharts(): Promise<{ path: string; repository: string }[]> {
  const folders = [
    "keda",
    "sources",
    "helm-fixtures/archives",
    "helm-fixtures/signed",
    "helm-fixtures/sources",
  ];
  const broken = ["corrupted-compressed-chart.tgz", "empty-0.0.1.tgz"]; // Helm refuses them too
  const charts: { path: string; repository: string }[] = [];
  for (const folder of folders)
    for (const entry of await readdir(join(samples()!, folder), { withFileTypes: true })) {
      const isChart = entry.isDirectory() || (entry.name.endsWith(".tgz") && !broken.includes(entry.name));
      if (!isChart) continue;
      // The releases of one chart are tags of one repository.
      const name = entry.name
        .replace(/-v?\d.*\.tgz$/, "")
        .replace(/\W+/g, "-")
        .toLowerCase();
      charts.push({ path: join(samples()!, folder, entry.name), repository: `${home}${folder}/${name}` });
    }
  return charts;
}

/** What `copy` of many says with `-o json`: the manifest's digest by the name behind `prefix`. */
async function copied(bench: Bench, from: string, to: string, prefix: string, ...args: string[]) {
  const rows: { ref: string; status: string; manifest: { digest: string } }[] = JSON.parse(
    await bench.done("chartroom", ["copy", from, to, "-o", "json", ...args]),
  );
  for (const { ref, status } of rows) expect(`${ref} ${status}`).toBe(`${ref} copied`);
  return digestsBehind(prefix, rows);
}

const digestsBehind = (prefix: string, rows: readonly { ref: string; manifest: { digest: string } }[]) =>
  Object.fromEntries(
    rows
      .map(({ ref, manifest }) => {
        expect(ref).toStartWith(prefix);
        return [ref.slice(prefix.length), manifest.digest] as const;
      })
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

/** What a registry serves under these names, hashed here and not by our client: manifests by name, and all their blobs. */
async function served(
  host: string,
  prefix: string,
  names: readonly string[],
): Promise<Record<string, string>> {
  const limit = limiter(parallel);
  const get = async (path: string, accept: string) => {
    const answer = await fetch(`http://${host}/v2/${prefix}${path}`, { headers: { accept }, proxy: false });
    if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`);
    return answer.bytes();
  };
  const rows = names.map((name) =>
    limit(async () => {
      const [repository, tag] = name.split(":");
      const bytes = await get(`${repository}/manifests/${tag}`, "application/vnd.oci.image.manifest.v1+json");
      const { config, layers } = JSON.parse(new TextDecoder().decode(bytes));
      for (const { digest } of [config, ...layers])
        expect(digestOf(await get(`${repository}/blobs/${digest}`, "*/*"))).toBe(digest);
      return [name, digestOf(bytes)] as const;
    }),
  );
  return Object.fromEntries(await Promise.all(rows));
}

interop(
  "every sample chart goes through store, layout, our server, docker-registry and back: the same digests at every stop",
  ["samples", "docker-registry", "crane", "helm4"],
  async (bench) => {
    const [here, there] = [await bench.chartroom(), await bench.distribution()];
    const limit = limiter(parallel);
    const charts = await sampleCharts();
    expect(charts.length).toBe(106 + 4 + 12 + 2 + 5);
    const saved: ChartJson[] = await Promise.all(
      charts.map(({ path, repository }) => limit(() => ours(bench, "chart", "save", path, repository))),
    );
    for (const [i, { path }] of charts.entries())
      if (path.endsWith(".tgz")) expect(saved[i]?.digest).toBe(await digestOfFile(path));
    const digests = digestsBehind(home, saved);
    const names = Object.keys(digests);
    expect(names).toHaveLength(charts.length);
    expect(saved.filter(({ provenance }) => provenance !== null)).toHaveLength(2);

    expect(await copied(bench, "store:/", "layout:out/", home)).toEqual(digests);
    expect(await bench.done("chartroom", ["chart", "check", "--store", "out"])).toEndWith(": whole\n");

    expect(await copied(bench, "layout:out/", `${here.host}/ours/`, `${here.host}/ours/`)).toEqual(digests);
    expect(await served(here.host, "ours/", names)).toEqual(digests);

    const far = `${there.host}/far/`;
    expect(await copied(bench, `${here.host}/ours/`, far, far)).toEqual(digests);
    expect(await served(there.host, "far/", names)).toEqual(digests);
    const repositories = new Set(names.map((name) => `far/${name.split(":")[0]}`));
    expect(lines(await bench.done("crane", ["catalog", there.host]))).toEqual([...repositories].toSorted());

    expect(await copied(bench, far, `store:${home}`, home, "--store", "back")).toEqual(digests);
    expect(await bench.done("chartroom", ["chart", "check", "--store", "back"])).toEndWith(": whole\n");
    const index = async (store: string) => JSON.parse(await readFile(join(store, "index.json"), "utf8"));
    expect(await index(bench.path("back"))).toEqual(await index(bench.path("out")));

    // The last stop gives the very files of the first.
    for (const [i, { path }] of charts.entries()) {
      if (saved[i]?.provenance == null) continue;
      const args = ["chart", "export", saved[i].ref, "--store", "back", "--archive", "-d", "signed"];
      const { path: exported = "" } = await ours(bench, ...args);
      for (const end of ["", ".prov"])
        expect(await digestOfFile(bench.path(`${exported}${end}`))).toBe(await digestOfFile(`${path}${end}`));
      const keyring = join(samples()!, "helm-fixtures/signed/helm-test-key.pub");
      await bench.done("helm4", ["verify", exported, "--keyring", keyring]);
    }

    // Once more there is nothing to do.
    const again = await bench.done("chartroom", ["copy", `${here.host}/ours/`, far]);
    expect(again).toEndWith(`${names.length} already there\n`);
  },
  300_000,
);

const plain = "--plain-http";

interface Discovered {
  readonly digest: string;
  readonly referrers?: readonly Discovered[];
}

/** The tree of referrers as oras sees it. */
async function tree(bench: Bench, ref: string, ...args: string[]): Promise<unknown> {
  const found: Discovered = JSON.parse(
    await bench.done("oras", ["discover", ref, "--format", "json", ...args]),
  );
  const branch = ({ digest, referrers = [] }: Discovered): unknown => ({
    [digest]: referrers.map(branch).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  });
  return branch({ ...found, digest: found.digest ?? ref.split("@")[1] });
}

interop(
  "an index of images and all that refers to it, made by crane and oras, are seen by them on every other side",
  ["oras", "crane", "skopeo", "docker-registry"],
  async (bench) => {
    const [here, there] = [await bench.chartroom(), await bench.distribution()];
    const repository = `${here.host}/images/multi`;
    const platforms = [
      await pushedImage(bench, `${repository}:one`),
      await pushedImage(bench, `${repository}:two`, new Uint8Array(100_000)),
    ];
    await bench.done("oras", ["manifest", "index", "create", `${repository}:all`, "one", "two", plain]);
    const digest = (await bench.done("crane", ["digest", `${repository}:all`])).trimEnd();
    const attach = async (subject: string, type: string): Promise<string> => {
      await Bun.write(bench.path("attached"), `${type} of ${subject}`);
      const args = ["attach", `${repository}@${subject}`, "--artifact-type", type, "attached", plain];
      return JSON.parse(await bench.done("oras", [...args, "--format", "json"])).digest;
    };
    const signature = await attach(digest, "application/vnd.test.signature");
    await attach(signature, "application/vnd.test.countersignature");
    for (const platform of platforms) await attach(platform, "application/vnd.test.sbom");
    const subjects = [digest, ...platforms];
    const trees = (where: string) =>
      Promise.all(subjects.map((subject) => tree(bench, `${where}@${subject}`, plain)));
    const expected = await trees(repository);
    expect(JSON.stringify(expected)).toContain(signature);

    const far = `${there.host}/far/multi`;
    await bench.done("chartroom", ["copy", "--referrers", `${repository}:all`, far]);
    expect(await trees(far)).toEqual(expected);
    await bench.done("crane", ["validate", "--remote", `${far}:all`]);

    await bench.done("chartroom", ["copy", "--referrers", `${far}:all`, "layout:dir:all"]);
    // oras sees in a layout what index.json lists, and so no platforms of an index.
    expect(await tree(bench, `${bench.path("dir")}@${digest}`, "--oci-layout")).toEqual(expected[0]);
    const raw = ["inspect", "--raw", `oci:${bench.path("dir")}:all`];
    expect(digestOf(new TextEncoder().encode(await bench.done("skopeo", raw)))).toBe(digest as never);

    const back = `${here.host}/back`;
    const said = await bench.done("chartroom", ["copy", "--referrers", "layout:dir:all", back]);
    expect(said).toBe(`${back}:all: copied, with 4 referrers\n`);
    expect(await trees(back)).toEqual(expected);
    await bench.done("crane", ["export", `${back}@${platforms[0]}`, "image.tar"]);
    expect(await readFile(bench.path("image.tar"), "latin1")).toContain(content);

    // Within one registry, and to a second registry of the old kind that has some of it already.
    await bench.done("chartroom", ["copy", "--referrers", `${far}:all`, `${there.host}/near/multi`]);
    expect(await trees(`${there.host}/near/multi`)).toEqual(expected);
    await bench.done("chartroom", ["copy", "--referrers", `${back}:all`, far]);
    expect(await trees(far)).toEqual(expected);
  },
);

interop(
  "what oras attaches on docker-registry after us, and we after oras, is listed together",
  ["oras", "docker-registry"],
  async (bench) => {
    const [here, there] = [await bench.chartroom(), await bench.distribution()];
    const attach = async (repository: string, text: string): Promise<string> => {
      await Bun.write(bench.path("attached"), text);
      const args = [
        "attach",
        `${repository}:1`,
        "--artifact-type",
        "application/vnd.test",
        "attached",
        plain,
      ];
      return JSON.parse(await bench.done("oras", [...args, "--format", "json"])).digest;
    };
    await Bun.write(bench.path("thing"), "a thing");
    const [near, far] = [`${here.host}/thing`, `${there.host}/thing`];
    await bench.done("oras", ["push", `${near}:1`, "thing", plain]);
    const digests = [await attach(near, "first")];
    await bench.done("chartroom", ["copy", "--referrers", `${near}:1`, far]);
    digests.push(await attach(far, "second"), await attach(near, "third"));
    await bench.done("chartroom", ["copy", "--referrers", `${near}:1`, far]);
    const listed = async () => {
      const found: Discovered = JSON.parse(
        await bench.done("oras", ["discover", `${far}:1`, "--format", "json", plain]),
      );
      return found.referrers?.map(({ digest }) => digest).toSorted();
    };
    expect(await listed()).toEqual(digests.toSorted());
    const gone = digests.pop();
    await bench.done("chartroom", ["delete", `${far}@${gone}`, "--yes"]);
    expect(await listed()).toEqual(digests.toSorted());
  },
);

interop(
  "docker-registry of version 2 cannot untag, and what it is told to delete by digest is gone",
  ["docker-registry", "crane"],
  async (bench) => {
    const { host } = await bench.distribution();
    const ref = `${host}/image`;
    const digest = await pushedImage(bench, `${ref}:1`);
    await bench.done("crane", ["tag", `${ref}:1`, "2"]);
    expect(await bench.done("chartroom", ["tags", ref])).toBe("1\n2\n");
    const refused = await bench.run("chartroom", ["delete", `${ref}:1`, "--yes"]);
    expect(refused).toMatchObject({ exitCode: 4, stdout: "" });
    expect(refused.stderr).toContain("Nothing was deleted");
    expect((await bench.done("crane", ["digest", `${ref}:1`])).trimEnd()).toBe(digest);
    await bench.done("chartroom", ["delete", `${ref}@${digest}`, "--yes"]);
    expect(await bench.run("chartroom", ["tags", ref])).toMatchObject({ exitCode: 3 });
  },
);

interop(
  "layouts that skopeo, crane and oras wrote are sources, by the names they gave",
  ["skopeo", "crane", "oras"],
  async (bench) => {
    const { host } = await bench.chartroom();
    const digest = await pushedImage(bench, `${host}/image:v1`);
    const skopeo = [
      "--insecure-policy",
      "copy",
      "--quiet",
      "--src-tls-verify=false",
      `docker://${host}/image:v1`,
    ];
    await bench.done("skopeo", [...skopeo, `oci:${bench.path("by-skopeo")}:mine`]);
    await bench.done("crane", ["pull", "--format=oci", `${host}/image:v1`, "by-crane"]);
    await bench.done("oras", [
      "cp",
      "--from-plain-http",
      "--to-oci-layout",
      `${host}/image:v1`,
      "by-oras:v1",
    ]);
    for (const [source, tag] of [
      ["layout:by-skopeo:mine", ""],
      [`layout:by-crane@${digest}`, ":crane"],
      ["layout:by-oras:v1", ":oras"],
      [`layout:by-oras:@${digest}`, ":digest"],
    ] as const)
      await bench.done("chartroom", ["copy", source, `${host}/copied${tag}`]);
    for (const tag of ["crane", "digest", "mine", "oras"])
      expect((await bench.done("crane", ["digest", `${host}/copied:${tag}`])).trimEnd()).toBe(digest);
  },
);
