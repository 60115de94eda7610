import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../oci/digest.ts";
import { chartArchive, sampleChart } from "../../testing/charts.ts";
import { play, type TestWorld } from "../../testing/context.ts";
import { archiveOf, indexOf, provenanceOf, rowOf } from "../../testing/migrate.ts";
import { MigrationSite, siteArchives } from "../../testing/migrationSite.ts";

let site: MigrationSite;
let [folder, target] = ["", ""];
beforeEach(async () => {
  site = await MigrationSite.open();
  ({ folder, target } = site);
});
afterEach(() => site.dispose());

const put = (name: string, bytes: string | Uint8Array) => site.put(name, bytes);
const run = (args: string[], world: Partial<TestWorld> = {}) => site.run(args, world);
/** What the journals say. */
async function journals(): Promise<string[]> {
  const directory = join(folder, ".local/state/chartroom/migrations");
  const files = (await readdir(directory)).filter((name) => name.endsWith(".jsonl"));
  return Promise.all(files.map(async (name) => (await readFile(join(directory, name), "utf8")).trim()));
}

describe("a migration", () => {
  test("names what its source has no more, and leaves it", async () => {
    await run(["site", target]);
    await put("index.yaml", indexOf([rowOf("mychart", "2.0.0", { digest: digestOf(siteArchives.young) })]));
    const { exitCode, stdout } = await run(["site", target, "--versions", ">1.5", "--on-conflict", "skip"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`1.0.0  \tgone from the source\tleft at ${target}/mychart:1.0.0\n`);
    expect(stdout).toContain(`left at ${target}/myother:1.0.0\n`);
    expect(stdout).toMatch(/2 gone from the source$/m);
    expect((await play(["tags", `${target}/mychart`], { cwd: folder })).stdout).toBe("1.0.0\n2.0.0\n");
    // The same name of a directory elsewhere is another source.
    await mkdir(join(folder, "else"));
    const other = await play(["migrate", "../site", target, "--on-conflict", "skip"], {
      ...{ cwd: join(folder, "else"), env: { HOME: folder } },
    });
    expect(other.stdout).toContain("2 gone from the source");
  });

  test("names as gone what was there when its journal began, too", async () => {
    await run(["site", target]);
    await rm(join(folder, ".local"), { recursive: true });
    await run(["site", target]);
    const [first = ""] = await journals();
    expect((await run(["site", target])).stdout).toContain("3 already there");
    expect(await journals()).toEqual([first]); // each row but once
    await put("index.yaml", indexOf([rowOf("mychart", "2.0.0", { digest: digestOf(siteArchives.young) })]));
    expect((await run(["site", target, "--on-conflict", "skip"])).stdout).toContain("2 gone from the source");
  });

  test("says of which charts Helm finds no version by a range, since their tags begin with v", async () => {
    await put("vee-1.tgz", await archiveOf("vee", "v1.0.0"));
    await put("vee-2.tgz", await archiveOf("vee", "v2.0.0"));
    const rows = ["1", "2"].map((major) => rowOf("vee", `v${major}.0.0`, { urls: [`vee-${major}.tgz`] }));
    await put("index.yaml", indexOf(rows));
    for (const verb of ["plan", "run", "verify"]) {
      const { stdout } = await run([verb, "site", target, "--report", join(folder, "page.html")]);
      const says =
        "vee: 2 tags with a v in front, which Helm finds by exact version alone; --plain-tags gives them another";
      expect(stdout).toContain(`\n${says}\n`);
      expect(await readFile(join(folder, "page.html"), "utf8")).toContain(`<li>${says}</li>`);
    }
    const asked = ["site", target, "--plain-tags"];
    expect((await run(["verify", ...asked])).stdout).toContain("vee:v1.0.0: its tag 1.0.0 is missing\n");
    const { exitCode, stdout } = await run(asked);
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining("already there, it is tagged 2.0.0, too\n"),
    ]);
    const tags = async () => (await play(["tags", `${target}/vee`], { cwd: folder })).stdout;
    expect(await tags()).toBe("1.0.0\n2.0.0\nv1.0.0\nv2.0.0\n");
    expect((await run(["verify", ...asked])).stdout).toMatch(/^2 verified/m);
    expect((await run(asked)).stdout).toMatch(/: already there\n.*: already there\n2 already there\n$/);
    // What takes the place of what it named is what it names.
    await put("vee-1.tgz.prov", provenanceOf(digestOf(await archiveOf("vee", "v1.0.0"))));
    await run([...asked, "--late-provenance", "--on-conflict", "overwrite"]);
    expect((await run(["verify", ...asked])).stdout).toMatch(/^2 verified/m);
  });

  test("brings what the source tells Artifact Hub to each chart's repository, and replaces nothing there", async () => {
    const metadata = "repositoryID: 1\nowners:\n  - name: me\n    email: me@example.com\n";
    await put("artifacthub-repo.yml", metadata);
    expect((await run(["plan", "site", target])).stdout).toContain("\nartifacthub-repo.yml for 2 charts\n");
    const { stdout, exitCode } = await run(["site", target]);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("\nartifacthub-repo.yml for 2 charts\n")]);
    const get = async (path: string) => fetch(`${site.server.url}/v2/charts/${path}`);
    const manifest = await (await get("mychart/manifests/artifacthub.io")).json();
    expect(manifest.config.mediaType).toBe("application/vnd.cncf.artifacthub.config.v1+yaml");
    expect(manifest.layers).toEqual([
      expect.objectContaining({
        mediaType: "application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml",
        digest: digestOf(new TextEncoder().encode(metadata)),
      }),
    ]);
    expect(await (await get(`mychart/blobs/${manifest.layers[0].digest}`)).text()).toBe(metadata);
    // It is no chart, and nobody wonders why.
    for (const args of [
      ["versions", `${target}/mychart`],
      ["repo", "index", target, "static"],
    ])
      expect((await play(args, { cwd: folder })).stderr).not.toContain("artifacthub.io");
    await put("artifacthub-repo.yml", `${metadata}# changed\n`);
    await put("mychart-3.0.0.tgz", await archiveOf("mychart", "3.0.0"));
    await put("index.yaml", indexOf([rowOf("mychart", "3.0.0")]));
    expect((await run(["site", target])).stdout).not.toContain("artifacthub-repo.yml");
    expect(await (await get("mychart/manifests/artifacthub.io")).json()).toEqual(manifest);
    await put("artifacthub-repo.yml", "<!DOCTYPE html>");
    const page = await run(["site", `${target}/other`]);
    expect([page.exitCode, page.stdout]).toEqual([0, expect.stringContaining("artifacthub.io\tleft out\t")]);
    expect((await run(["site", "store:e.com/x"])).stdout).not.toContain("artifacthub");
  });

  test("is told on a page that no word of an index can change, and that needs nothing else", async () => {
    await put("mychart-2.0.0.tgz", siteArchives.old);
    const evil = `<script>alert("1")</script>&\u001b`;
    await put(
      "index.yaml",
      indexOf([
        rowOf("mychart", "1.0.0", { digest: digestOf(siteArchives.old) }),
        rowOf("mychart", "2.0.0", { digest: digestOf(siteArchives.young) }),
        rowOf(evil, "1.0.0"),
      ]),
    );
    const page = async (...args: string[]) => {
      await run([...args, "site", target, "--report", "report.html"]);
      return readFile(join(folder, "report.html"), "utf8");
    };
    expect(await page("plan")).toContain(`<code>chartroom migrate site ${target}</code> does it.`);
    const text = await page("run");
    expect(text).toContain("<strong>1 migrated, 2 failed");
    expect(text).toMatch(
      /<tr class="failed"><td>mychart<td>2\.0\.0<td>failed<td>.*is not what the index says/,
    );
    expect(text).toContain("<li>--on-digest-mismatch warn takes it nevertheless.</li>");
    expect(text).toContain(`helm pull oci://${target}/mychart --version 1.0.0`);
    expect(text).toContain(digestOf(siteArchives.old));
    expect(text).toContain("&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;\\u{1b}");
    for (const tag of ["<script", "<link", "<img", 'http-equiv="refresh', "src=", "href=", "\u001b"])
      expect(text).not.toContain(tag);
    expect(text).toContain("content=\"default-src 'none'; style-src 'unsafe-inline'\"");
    const { exitCode, stderr } = await run(["site", target, "--report", "no/where.html"]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("no such file or directory")]);
  });

  test("has one line for a chart, whatever its name would have a terminal do", async () => {
    const name = "x\nlocalhost/charts/y:1.0.0: migrated\u001b[2J";
    await put("index.yaml", indexOf([rowOf(name, "1.0.0")]));
    const { stdout } = await run(["plan", "site", target]);
    expect(stdout.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/^127.*to migrate$/),
      expect.stringMatching(/^x localhost\/charts\/y:1\.0\.0: migrated\\u\{1b\}\[2J is called x-local/),
    ]);
  });
});

describe("dependencies that name the source", () => {
  test("name the target where that is asked for, and signatures fall; verify knows", async () => {
    const web = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        const file = Bun.file(join(folder, "site", new URL(request.url).pathname));
        return (await file.exists()) ? new Response(file) : new Response(null, { status: 404 });
      },
    });
    const url = `http://127.0.0.1:${web.port}`;
    try {
      const depends = `dependencies:\n- {name: mychart, version: 1.0.0, repository: "${url}/"}\n`;
      const chartYaml = `apiVersion: v2\nname: parent\nversion: 1.0.0\n${depends}`;
      const parent = await chartArchive(sampleChart({ "Chart.yaml": chartYaml }));
      await put("parent-1.0.0.tgz", parent);
      await put("parent-1.0.0.tgz.prov", provenanceOf(digestOf(parent)));
      await put(
        "index.yaml",
        indexOf([
          rowOf("mychart", "1.0.0", { digest: digestOf(siteArchives.old) }),
          rowOf("parent", "1.0.0", { digest: digestOf(parent) }),
        ]),
      );
      const told = async (...args: string[]) =>
        JSON.parse((await run([...args, url, target, "-o", "json"])).stdout);
      const asked = "--rewrite-dependencies";
      const first = await told("run");
      expect(first).toMatchObject({ counts: { moved: 2, filtered: 0 }, dependents: { parent: 1 } });
      expect((await told("verify", asked)).counts).toEqual({ verified: 1, failed: 1, filtered: 0 });
      expect((await told("run", asked)).counts).toEqual({ exists: 1, failed: 1, filtered: 0 });
      const { counts, charts, dependents } = await told("run", asked, "--on-conflict", "overwrite");
      expect(dependents).toEqual({});
      expect(counts).toEqual({ exists: 1, moved: 1, filtered: 0 });
      const moved = charts.find(({ chart }: { chart: string }) => chart === "parent");
      expect(moved.notes).toEqual([
        "its dependencies are in the target now, so its digest is another; its signature is of the old archive, and was left",
        expect.stringMatching(/^it replaces sha256:[0-9a-f]{64}$/),
      ]);
      const shown = await play(["show", "chart", `${target}/parent:1.0.0`], { cwd: folder });
      expect(shown.stdout).toContain(`repository: oci://${target}\n`);
      const manifest = await (await fetch(`${site.server.url}/v2/charts/parent/manifests/1.0.0`)).json();
      expect(manifest.layers).toHaveLength(1);
      expect((await told("run", asked)).counts).toEqual({ exists: 2, filtered: 0 });
      await rm(join(folder, ".local"), { recursive: true });
      expect((await told("run", asked)).counts).toEqual({ exists: 2, filtered: 0 });
      expect((await told("verify", asked)).counts).toEqual({ verified: 2, filtered: 0 });
    } finally {
      await web.stop(true);
    }
  });
});
