import { expect } from "bun:test";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { digestOf } from "../../src/oci/digest.ts";
import { chartArchive, sampleChart } from "../../src/testing/charts.ts";
import { samples } from "../../src/testing/samples.ts";
import { chartYaml, digestOfFile, writtenChart } from "./charts.ts";
import { type Helm, helms, user } from "./helm.ts";
import { type Bench, interop } from "./support.ts";

const keda = join(samples() ?? "", "keda");

/** What Helm found: name, version. */
async function searched(bench: Bench, helm: Helm, ...args: string[]): Promise<string[]> {
  const found = JSON.parse(
    await bench.done(helm, ["search", "repo", "--versions", "-o", "json", ...args]),
  ) as {
    name: string;
    version: string;
  }[];
  return found.map(({ name, version }) => `${name} ${version}`);
}

/** Bring the sample repository into a registry, and wait until all of it was read. */
async function migrateKeda(bench: Bench, host: string, prefix: string): Promise<void> {
  await bench.done("chartroom", ["migrate", keda, `${host}/${prefix}`]);
  for (let listed = 0; listed < 106; ) {
    const index = await fetch(`http://${host}/charts/${prefix}/index.json`);
    const { entries } = (await index.json()) as { entries: Record<string, object[]> };
    listed = Object.values(entries).flat().length;
  }
}

/** Archives by what they are, whatever they are called: one of keda's has a blank in its file's name. */
async function digestsIn(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  return (await Promise.all(files.map((name) => digestOfFile(join(folder, name))))).toSorted();
}

for (const helm of helms) {
  interop(
    `a classic repository, migrated in, ${helm} finds whole, pulls and renders`,
    [helm, "samples"],
    async (bench) => {
      const { host } = await bench.chartroom();
      await migrateKeda(bench, host, "team/charts");
      await bench.done(helm, ["repo", "add", "mine", `http://${host}/charts/team/charts`]);
      const all = await searched(bench, helm, "--devel", "mine/");
      expect(all).toHaveLength(106);
      expect(
        (await searched(bench, helm, "mine/keda", "--version", "~2.17")).map((each) => each.split(" ")[1]),
      ).toContain("2.17.3");

      await bench.done(helm, ["pull", "mine/keda", "--version", "2.17.3"]);
      expect(await digestOfFile(bench.path("keda-2.17.3.tgz"))).toBe(
        await digestOfFile(join(keda, "keda-2.17.3.tgz")),
      );
      const rendered = await bench.done(helm, [
        "template",
        "r",
        "mine/keda",
        "--version",
        "2.17.3",
        "--kube-version",
        "1.31.0",
      ]);
      expect(rendered).toContain("kind: Deployment");
      expect(await bench.done(helm, ["show", "chart", "mine/keda", "--version", "2.17.3"])).toContain(
        "version: 2.17.3",
      );

      // Helm 3 wants a cluster for that, too.
      const install = ["install", "r", "mine/keda", "--version", "2.17.3", "--dry-run=client"];
      if (helm === "helm4") expect(await bench.done(helm, install)).toContain("STATUS: pending-install");

      const chart = await writtenChart(bench, "app", {
        "Chart.yaml": chartYaml(
          "0.1.0",
          `dependencies:\n- name: keda\n  version: ~2.16\n  repository: "http://${host}/charts/team/charts"\n`,
        ),
      });
      await bench.done(helm, ["dependency", "update", chart]);
      expect((await readdir(join(chart, "charts"))).join()).toMatch(/^keda-2\.16\.\d+\.tgz$/);
    },
  );

  interop(
    `archives that went in come out of the index to the byte with ${helm}`,
    [helm, "samples"],
    async (bench) => {
      const { host } = await bench.chartroom();
      await migrateKeda(bench, host, "charts");
      await bench.done(helm, ["repo", "add", "mine", `http://${host}/charts/charts`]);
      const all = await searched(bench, helm, "--devel", "mine/");
      expect(all).toHaveLength(106);
      // Each fourth: that the index has the digests of all is told elsewhere, and its archives are those that OCI clients get.
      const some = all.filter((_, i) => i % 4 === 0);
      const folder = bench.path("pulled");
      await mkdir(folder);
      for (const each of some) {
        const [name = "", version = ""] = each.split(" ");
        await bench.done(helm, ["pull", name, "--version", version, "-d", folder]);
      }
      const pulled = await digestsIn(folder);
      expect(pulled).toHaveLength(some.length);
      expect(await digestsIn(keda)).toEqual(expect.arrayContaining(pulled));
    },
  );

  interop(`what is signed ${helm} verifies from the index`, [helm, "samples"], async (bench) => {
    const { host } = await bench.chartroom();
    const signed = join(samples() ?? "", "helm-fixtures/signed");
    await bench.done("chartroom", ["migrate", signed, `${host}/charts`]);
    await bench.done(helm, ["repo", "add", "mine", `http://${host}/charts/charts`]);
    const keyring = ["--verify", "--keyring", join(signed, "helm-test-key.pub")];
    await bench.done(helm, ["pull", "mine/signtest", "--version", "0.1.0", ...keyring]);
  });

  interop(
    `${helm} logs in to a classic repository, and sees nothing without`,
    [helm, "curl"],
    async (bench) => {
      const { host } = await bench.chartroom([user]);
      const archive = bench.path("mychart-0.1.0.tgz");
      await writeFile(archive, await chartArchive(sampleChart()));
      const login = ["-u", `${user.name}:${user.password}`];
      const curl = (...args: string[]) => bench.done("curl", ["-sS", ...args]);
      const post = ["--data-binary", `@${archive}`, `http://${host}/charts/api/team/charts`];
      expect(await curl(...post)).toBe('{"error":"unauthorized"}');
      expect(await curl(...login, ...post)).toBe('{"saved":true}');
      const add = ["repo", "add", "mine", `http://${host}/charts/team`];
      expect((await bench.run(helm, add)).stderr).toContain("401");
      await bench.done(helm, [...add, "--username", user.name, "--password", user.password]);
      expect(await searched(bench, helm, "mine/")).toEqual(["mine/mychart 0.1.0"]);
      await rm(archive);
      await bench.done(helm, ["pull", "mine/mychart"]);
      expect(await digestOfFile(archive)).toBe(digestOf(await chartArchive(sampleChart())));
      await mkdir(bench.path("argo"));
      // What Argo CD runs (3.6.1, util/helm/cmd.go, Fetch), and it wants one file of it.
      const repo = [
        "--username",
        user.name,
        "--password",
        user.password,
        "--repo",
        `http://${host}/charts/team`,
      ];
      await bench.done(helm, [
        "pull",
        "--destination",
        bench.path("argo"),
        "--version",
        "0.1.0",
        ...repo,
        "mychart",
      ]);
      expect(await digestsIn(bench.path("argo"))).toEqual([digestOf(await chartArchive(sampleChart()))]);
    },
  );
}

const odd = fc.oneof(
  fc
    .array(
      fc.constantFrom(
        ...[
          "a",
          "- b",
          "  c: d",
          "'",
          '"',
          "#",
          "|",
          "\t",
          "\u2028x",
          "\x85",
          "---",
          "...",
          "é",
          "\x7f",
          "{",
        ],
      ),
      { maxLength: 6 },
    )
    .map((each) => each.join("\n")),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const oddChart = fc.record({
  description: odd,
  home: odd,
  annotations: fc.dictionary(fc.oneof(odd, fc.constant("k".repeat(2000))), odd, { maxKeys: 4 }),
});

for (const helm of helms)
  interop(`whatever an author writes into a chart, ${helm} reads the index of all`, [helm], async (bench) => {
    const { host } = await bench.chartroom();
    const charts = fc.sample(oddChart, 60);
    for (const [i, chart] of charts.entries()) {
      const text = JSON.stringify({ apiVersion: "v2", name: `chart-${i}`, version: "1.0.0", ...chart });
      const archive = await chartArchive(sampleChart({ "Chart.yaml": text }));
      const body = new Blob([archive as Uint8Array<ArrayBuffer>]);
      const response = await fetch(`http://${host}/charts/api/odd/charts`, { method: "POST", body });
      expect([JSON.stringify(chart), response.status]).toEqual([JSON.stringify(chart), 201]);
    }
    await bench.done(helm, ["repo", "add", "odd", `http://${host}/charts/odd`]);
    expect(await searched(bench, helm, "odd/")).toHaveLength(charts.length);
  });

/** Serve a folder's files. */
function serving(folder: string) {
  const fetchFile = async (request: Request) => {
    const file = Bun.file(join(folder, new URL(request.url).pathname));
    return (await file.exists()) ? new Response(file) : new Response(null, { status: 404 });
  };
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: fetchFile });
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) };
}

for (const helm of helms)
  interop(
    `a static site that \`repo index\` wrote ${helm} follows into the registry, and pulls from`,
    [helm],
    async (bench) => {
      const { host } = await bench.chartroom();
      const archive = bench.path("mychart-0.1.0.tgz");
      await bench.done("chartroom", [
        "chart",
        "save",
        await writtenChart(bench, "mychart", sampleChart()),
        `${host}/team/mychart`,
      ]);
      await bench.done("chartroom", ["chart", "push", `${host}/team/mychart:0.1.0`]);
      for (const [name, args, pull] of [
        ["named", [], ["--plain-http"]],
        ["whole", ["--archives"], []],
      ] as const) {
        await bench.done("chartroom", ["repo", "index", `${host}/team`, bench.path(name), ...args]);
        await using site = serving(bench.path(name));
        await bench.done(helm, ["repo", "add", name, site.url]);
        expect(await searched(bench, helm, `${name}/`)).toEqual([`${name}/mychart 0.1.0`]);
        await bench.done(helm, ["pull", `${name}/mychart`, ...pull]);
        expect(await digestOfFile(archive)).toBe(digestOf(await chartArchive(sampleChart())));
        await rm(archive);
      }
    },
  );

// What the plugin cm-push does (its `cmd/helm-cm-push/main.go`): it reads serverInfo.contextPath and posts a form.
interop(
  "the requests of Helm's plugin cm-push publish a chart, which OCI clients then pull",
  ["helm4", "curl"],
  async (bench) => {
    const { host } = await bench.chartroom();
    const archive = bench.path("mychart-0.1.0.tgz");
    await writeFile(archive, await chartArchive(sampleChart()));
    const site = `http://${host}/charts/team`;
    const text = await bench.done("curl", ["-sSf", `${site}/index.yaml`]);
    const { contextPath } = (Bun.YAML.parse(text) as { serverInfo: { contextPath: string } }).serverInfo;
    const below = new URL(site).pathname.slice(contextPath.length);
    const push = ["-sS", "-F", `chart=@${archive}`, "-w", " %{http_code}"];
    const url = `http://${host}${contextPath}/api${below}/charts`;
    expect(await bench.done("curl", [...push, url])).toBe('{"saved":true} 201');
    expect(await bench.done("curl", [...push, url])).toBe('{"error":"chart already exists"} 409');
    expect(await bench.done("curl", [...push, `${url}?force`])).toBe('{"saved":true} 201');
    await bench.done("helm4", ["pull", `oci://${host}/team/mychart`, "--version", "0.1.0", "--plain-http"]);
    expect(await readFile(bench.path("mychart-0.1.0.tgz"))).toEqual(await readFile(archive));
  },
);

interop("curl decodes the index in every coding that it knows", ["curl"], async (bench) => {
  const { host } = await bench.chartroom();
  const archive = bench.path("mychart-0.1.0.tgz");
  await writeFile(archive, await chartArchive(sampleChart()));
  await bench.done("curl", ["-sSf", "--data-binary", `@${archive}`, `http://${host}/charts/api/charts`]);
  const url = `http://${host}/charts/index.yaml`;
  const plain = await bench.done("curl", ["-sSf", url]);
  expect(plain).toContain("mychart-0.1.0.tgz");
  expect(await bench.done("curl", ["-sSf", "--compressed", url])).toBe(plain);
  const piped = `curl -sSf -H 'Accept-Encoding: gzip' ${url} | gzip -dc`;
  expect(await bench.done("bash", ["-c", piped])).toBe(plain);
});

interop(
  "a registry moves through its own index into another, and nothing is left to do",
  ["samples", "curl"],
  async (bench) => {
    const [one, other] = [await bench.chartroom(), await bench.chartroom()];
    await migrateKeda(bench, one.host, "a");
    const site = `http://${one.host}/charts/a`;
    const moved = await bench.done("chartroom", ["migrate", site, `${other.host}/b`]);
    expect(moved).toContain("106 migrated");
    expect(await bench.done("chartroom", ["migrate", "verify", site, `${other.host}/b`])).toContain("106");
    const index = (host: string, prefix: string) =>
      bench.done("curl", ["-sSf", `http://${host}/charts/${prefix}/index.json`]);
    expect(await index(other.host, "b")).toBe(await index(one.host, "a"));
  },
);

for (const helm of helms)
  interop(`repo index DIR says what ${helm} repo index does`, [helm], async (bench) => {
    const save = async (version: string, folder: string) => {
      await mkdir(bench.path(folder), { recursive: true });
      const files = sampleChart({ "Chart.yaml": chartYaml(version, "keywords: [a]\nappVersion: 1.10\n") });
      await writeFile(bench.path(folder, `mychart-${version}.tgz`), await chartArchive(files));
    };
    await save("0.8.0", "before");
    await save("0.9.0", "before");
    await bench.done(helm, ["repo", "index", "before", "--url", "https://old.example.com"]);
    await save("0.9.0", "site");
    await save("1.0.0-rc.1+b", "site/below");
    type Entry = { version: string; created?: string };
    const entries = async (program: Helm | "chartroom", ...args: string[]) => {
      await bench.done(program, ["repo", "index", "site", ...args]);
      const text = await readFile(bench.path("site/index.yaml"), "utf8");
      const {
        generated: _,
        serverInfo: __,
        ...index
      } = Bun.YAML.parse(text) as {
        generated: string;
        serverInfo?: object;
        entries: Record<string, Entry[]>;
      };
      // What is there now is dated by Helm's run, by our files.
      for (const entry of Object.values(index.entries).flat()) {
        if (entry.version === "0.8.0")
          entry.created = `${Math.floor(Date.parse(entry.created ?? "") / 1000)}`;
        else delete entry.created;
      }
      return index;
    };
    for (const args of [[], ["--url", "https://e.com/a/"], ["--json"], ["--merge", "before/index.yaml"]])
      expect(await entries("chartroom", ...args)).toEqual(await entries(helm, ...args));
  });
