import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../src/oci/digest.ts";
import { chartArchive, sampleChart } from "../../src/testing/charts.ts";
import { archiveOf, indexOf, rowOf } from "../../src/testing/migrate.ts";
import { samples } from "../../src/testing/samples.ts";
import { type Bench, type Registry, withBench } from "../bench.ts";
import { jsonOf, onBench, refused } from "./cli.ts";

const keda = join(samples() ?? "", "keda");
const yaml = (name: string, version: string, more = "") =>
  `apiVersion: v2\nname: ${name}\nversion: ${version}\n${more}`;

/** Save a small chart under `ref`, and push it. */
async function publish(bench: Bench, ref: string, chartYaml: string, push = true): Promise<void> {
  const path = bench.path("chart.tgz");
  await writeFile(path, await chartArchive(sampleChart({ "Chart.yaml": chartYaml })));
  await bench.done("chartroom", ["chart", "save", path, ref]);
  if (push) await bench.done("chartroom", ["chart", "push", ref]);
}

/** What a server was asked, its files being a classic repository's. */
function serve(files: Record<string, string | Uint8Array<ArrayBuffer>>, login?: string) {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      if (login !== undefined && request.headers.get("authorization") !== login)
        return new Response("no", { status: 401 });
      const body = files[pathname];
      return body === undefined ? new Response("no", { status: 404 }) : new Response(body);
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, asked, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** What was asked of a registry by GET, by its log, which is whole once it has stopped; it serves again afterwards. */
async function gotten(registry: Registry): Promise<string> {
  await registry.stop();
  const asked = (await registry.log()).split("\n").filter((line) => /\bGET\b/.test(line));
  await registry.restart();
  return asked.join("\n");
}

const lines = (text: string) => text.trimEnd().split("\n");

describe("versions", () => {
  onBench(
    "are listed newest first, whatever their tags look like, and no archive is fetched",
    async (bench) => {
      const registry = await bench.chartroom();
      const repository = `${registry.host}/charts/mychart`;
      const more = "appVersion: '7'\ndescription: About it\n";
      await publish(bench, `${repository}:1.0.0`, yaml("mychart", "1.0.0", `${more}deprecated: true\n`));
      await publish(bench, `${repository}:v1.10.0`, yaml("mychart", "1.10.0", more));
      await publish(bench, `${repository}:1.9.0_b1`, yaml("mychart", "1.9.0+b1"));
      await publish(bench, `${repository}:2.0.0-rc.1`, yaml("mychart", "2.0.0-rc.1"));
      await publish(bench, `${repository}:latest`, yaml("mychart", "1.0.0", more));
      const empty = { env: { CHARTROOM_STORE: bench.path("empty") } };
      const { stdout, stderr, exitCode } = await bench.run("chartroom", ["versions", repository], empty);
      expect(exitCode).toBe(0);
      expect(stderr).toBe("1 tag is no version: latest; --all lists all\n");
      expect(lines(stdout).map((line) => line.split("\t").map((cell) => cell.trim()))).toEqual([
        ["VERSION", "APP VERSION", "CREATED", "DESCRIPTION"],
        ["v1.10.0", "7", "-", "About it"],
        ["1.9.0+b1", "-", "-", "-"],
        ["1.0.0", "7", "-", "DEPRECATED: About it"],
      ]);
      const found = await bench.done("chartroom", ["versions", repository, "--all", "-q"], empty);
      const named = ["2.0.0-rc.1", "v1.10.0", "1.9.0_b1", "1.0.0", "latest"];
      expect(lines(found)).toEqual(named.map((tag) => `${repository}:${tag}`));
      const asked = await gotten(registry);
      expect(asked).toContain("/manifests/v1.10.0");
      const rows = await jsonOf<{ digest: string }[]>(bench, ["versions", repository]);
      for (const { digest } of rows) expect(asked).not.toContain(digest);
      expect<unknown>(rows[0]).toEqual({
        ...{ ref: `${repository}:v1.10.0`, name: "mychart", version: "1.10.0", appVersion: "7" },
        ...{ description: "About it", keywords: [], deprecated: false, created: null },
        digest: expect.stringMatching(/^sha256:/),
        manifest: expect.stringMatching(/^sha256:/),
      });

      const refs = async (...args: string[]) =>
        lines(await bench.done("chartroom", ["versions", repository, "-q", ...args])).map((ref) =>
          ref.slice(repository.length + 1),
        );
      expect(await refs("<1.10")).toEqual(["1.9.0_b1", "1.0.0"]);
      expect(await refs("--devel", "--limit", "2")).toEqual(["2.0.0-rc.1", "v1.10.0"]);
      expect(await refs(">=2.0.0-0")).toEqual(["2.0.0-rc.1"]);
      expect(await refused(bench, "versions", repository, ">=2")).toEqual({
        exitCode: 3,
        message: `No version of ${repository} in >=2 was found`,
        hint: "The newest of all is 2.0.0-rc.1; --devel lets pre-releases in.",
      });
      expect(await refused(bench, "versions", repository, "a b")).toMatchObject({ exitCode: 2 });
      expect(await refused(bench, "versions", `${repository}:1.0.0`)).toMatchObject({ exitCode: 2 });
      expect(await refused(bench, "versions", `${registry.host}/charts/none`)).toMatchObject({ exitCode: 3 });
    },
  );

  onBench("of a layout are those that it names, and what is no chart is a row", async (bench) => {
    await publish(bench, "e.com/a/mychart:1.0.0", yaml("mychart", "1.0.0"), false);
    await publish(bench, "e.com/a/mychart:1.1.0", yaml("mychart", "1.1.0"), false);
    const index = bench.path("home/.cache/helm/registry/cache/index.json");
    const { manifests, ...rest } = await Bun.file(index).json();
    const odd = { ...manifests[0], digest: `sha256:${"0".repeat(64)}` };
    odd.annotations = { "org.opencontainers.image.ref.name": "e.com/a/mychart:3.0.0" };
    await Bun.write(index, JSON.stringify({ ...rest, manifests: [...manifests, odd] }));
    const rows = await jsonOf<{ ref: string; version?: string; error?: { code: string } }[]>(bench, [
      "versions",
      "store:e.com/a/mychart",
    ]);
    expect(rows.map(({ ref, version, error }) => [ref, version ?? error?.code])).toEqual([
      ["e.com/a/mychart:3.0.0", "not_found"],
      ["e.com/a/mychart:1.1.0", "1.1.0"],
      ["e.com/a/mychart:1.0.0", "1.0.0"],
    ]);
  });

  test.if(samples() !== undefined)("of a real repository are the index's, and no archive is read", () =>
    withBench(async (bench) => {
      const rows = await jsonOf<Record<string, unknown>[]>(bench, ["versions", "keda", "--repo", keda]);
      expect(rows).toHaveLength(72);
      expect(rows[0]).toMatchObject({
        name: "keda",
        version: "2.20.2",
        appVersion: "2.20.2",
        manifest: null,
      });
      expect(rows.at(-1)).toMatchObject({ name: "keda" });
    }),
  );
});

describe("search", () => {
  onBench("goes through all below a prefix, and finds by name, description and keywords", async (bench) => {
    const { host } = await bench.chartroom();
    await publish(bench, `${host}/charts/cache:1.0.0`, yaml("cache", "1.0.0", "description: An old Redis\n"));
    await publish(bench, `${host}/charts/cache:1.1.0`, yaml("cache", "1.1.0", "description: A fast Redis\n"));
    await publish(bench, `${host}/charts/deep/web:1.0.0`, yaml("web", "1.0.0", "keywords: [http, fast]\n"));
    await publish(bench, `${host}/other/web:1.0.0`, yaml("web", "1.0.0"));
    await publish(bench, `${host}/charts/next:1.0.0-rc.1`, yaml("next", "1.0.0-rc.1"));
    const find = async (...args: string[]) =>
      lines(await bench.done("chartroom", ["search", ...args, "-q"])).map((ref) =>
        ref.slice(host.length + 1),
      );
    const below = ["--in", `${host}/charts`];
    expect(await find(...below)).toEqual(["charts/cache:1.1.0", "charts/deep/web:1.0.0"]);
    expect(await find("FAST redis", ...below)).toEqual(["charts/cache:1.1.0"]);
    expect(await find("redis", "--versions", ...below)).toEqual(["charts/cache:1.1.0", "charts/cache:1.0.0"]);
    expect(await find("fast", "--limit", "1", ...below)).toEqual(["charts/cache:1.1.0"]);
    expect(await find("http", "--in", host)).toEqual(["charts/deep/web:1.0.0"]);
    expect(await find("next", "--devel", ...below)).toEqual(["charts/next:1.0.0-rc.1"]);
    expect(await refused(bench, "search", "old", ...below)).toMatchObject({ exitCode: 3 });
    const stored = await bench.done("chartroom", ["search", "fast redis", "--in", "store:", "-q"]);
    expect(stored).toBe(`${host}/charts/cache:1.1.0\n`);
    expect(lines(await bench.done("chartroom", ["search", "http", ...below]))[1]).toStartWith(
      `${host}/charts/deep/web\t1.0.0`,
    );
  });

  onBench("says so where a registry has no catalog", async (bench) => {
    await using site = serve({});
    expect(await refused(bench, "search", "--in", site.url.slice("http://".length))).toEqual({
      exitCode: 3,
      message: expect.stringMatching(/^Cannot list repositories of .*: the registry has no catalog$/),
      hint: "Name each repository instead of what they begin with.",
    });
  });

  onBench(
    "reads an index over http, with a login for it alone, and names what it leaves out",
    async (bench) => {
      const about = { appVersion: "7", description: "A fast Redis", keywords: ["cache"] };
      const row = (version: string, more = {}) => ({ ...rowOf("redis", version, more), ...about });
      const index = indexOf([
        row("1.0.0"),
        row("1.1.0", { created: "2026-01-02T03:04:05Z", deprecated: true }),
      ]);
      const broken = JSON.parse(index);
      broken.entries.other = [rowOf("other", "1.0.0", { created: "2026-01-02T03:04:05Z" })];
      broken.entries.redis.push({ name: "redis", version: "1.x.y.z", urls: ["x"] });
      const login = `Basic ${btoa("me:secret")}`;
      await using site = serve({ "/index.yaml": JSON.stringify(broken) }, login);
      const args = ["search", "cache fast", "--in", site.url];
      expect(await refused(bench, ...args)).toMatchObject({ exitCode: 4 });
      const { stdout, stderr } = await bench.run("chartroom", [...args, "-u", "me", "--password-stdin"], {
        stdin: "secret\n",
      });
      expect(
        lines(stdout)[1]
          ?.split("\t")
          .map((cell) => cell.trim()),
      ).toEqual([...["redis", "1.1.0", "7", "2026-01-02"], "DEPRECATED: A fast Redis"]);
      expect(stderr).toMatch(/^Warning: 1 version left out: .*"1\.x\.y\.z" is not like 1\.2\.3\n$/);
      const all = ["search", "--in", site.url, "--versions", "-q", "-u", "me", "--password-stdin"];
      expect(lines(await bench.done("chartroom", all, { stdin: "secret\n" }))).toEqual(
        ["other-1.0.0", "redis-1.1.0", "redis-1.0.0"].map((file) => `${site.url}/${file}.tgz`),
      );
      expect(new Set(site.asked)).toEqual(new Set(["/index.yaml"]));
    },
  );
});

describe("show", () => {
  onBench("asks for Chart.yaml's blob alone, and by digest the store alone", async (bench) => {
    const registry = await bench.chartroom();
    const repository = `${registry.host}/mychart`;
    await publish(bench, `${repository}:1.0.0`, yaml("mychart", "1.0.0"));
    await publish(bench, `${repository}:1.1.0`, yaml("mychart", "1.1.0"));
    const show = (...args: string[]) => bench.done("chartroom", ["show", ...args]);
    const [{ digest, manifest }] = await jsonOf<[{ digest: string; manifest: string }]>(bench, [
      "versions",
      repository,
    ]);
    const elsewhere = { env: { CHARTROOM_STORE: bench.path("empty") } };
    expect(await bench.done("chartroom", ["show", "chart", repository], elsewhere)).toBe(
      "apiVersion: v2\nname: mychart\nversion: 1.1.0\n\n",
    );
    expect(await gotten(registry)).not.toContain(digest);
    expect(await bench.done("chartroom", ["show", "values", repository, "<1.1"], elsewhere)).toBe(
      "replicas: 1\n\n",
    );
    expect(await show("chart", repository, "~1.0")).toContain("version: 1.0.0\n");
    expect(await show("chart", `${repository}:1.0.0`)).toContain("version: 1.0.0\n");
    expect(await show("readme", repository)).toBe("");
    expect(await jsonOf(bench, ["show", "values", repository])).toEqual({
      ...{ ref: `${repository}:1.1.0`, name: "mychart", version: "1.1.0" },
      values: "replicas: 1\n",
    });
    expect(await refused(bench, "show", "chart", `${repository}:1.0.0`, "1.x")).toMatchObject({
      exitCode: 2,
    });
    expect(await refused(bench, "show", "chart", `${repository}:9`)).toMatchObject({ exitCode: 3 });

    await registry.stop();
    expect(await show("values", `${repository}@${manifest}`)).toBe("replicas: 1\n\n");
    expect(await show("values", `store:${repository}`)).toBe("replicas: 1\n\n");
    expect(await refused(bench, "show", "values", `${repository}:1.1.0`)).toMatchObject({ exitCode: 7 });
    expect(await show("chart", "./mychart")).toContain("name: mychart\n");
  });

  onBench("of a classic repository holds the archive against the index", async (bench) => {
    const archive = await archiveOf("good", "1.0.0");
    const index = indexOf([
      rowOf("good", "1.0.0", { digest: digestOf(archive) }),
      rowOf("lying", "1.0.0", { digest: digestOf(archive) }),
    ]);
    const other = await archiveOf("lying", "1.0.0");
    await mkdir(bench.path("site"));
    await writeFile(bench.path("site/index.yaml"), index);
    await writeFile(bench.path("site/good-1.0.0.tgz"), archive);
    await writeFile(bench.path("site/lying-1.0.0.tgz"), other);
    await using site = serve({
      "/index.yaml": index,
      "/good-1.0.0.tgz": archive,
      "/lying-1.0.0.tgz": other,
    });
    for (const repo of [site.url, "site"]) {
      const show = ["show", "chart", "good", "--repo", repo];
      expect(await bench.done("chartroom", show)).toBe("apiVersion: v2\nname: good\nversion: 1.0.0\n\n");
      expect(await refused(bench, "show", "all", "lying", "--repo", repo)).toMatchObject({ exitCode: 6 });
      expect(await refused(bench, "show", "all", "none", "--repo", repo)).toMatchObject({ exitCode: 3 });
    }
  });
});
