import { describe, expect } from "bun:test";
import { readdir, stat, writeFile } from "node:fs/promises";
import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { DistributionData, fingerprint } from "../../src/testing/distribution.ts";
import { failureOf } from "../../src/testing/errors.ts";
import { noise } from "../../src/testing/streams.ts";
import { type Bench, freePort } from "../bench.ts";
import { survey } from "../interop/survey.ts";
import { jsonOf, onBench, refused } from "./cli.ts";
import { started } from "./serving.ts";

const chart = imageOf([blobOf("a chart")]);
const other = imageOf([blobOf("another")]);
const shortened = "44136fa";

/** An old registry's directory with one chart, under `old`. */
async function old(bench: Bench): Promise<DistributionData> {
  const there = new DistributionData(bench.path("old"));
  await there.push("charts/mychart", chart, "0.1.0");
  return there;
}

const adopting = ["registry", "adopt", "old", "--data", "new"];

/** Serve a data directory, and give what `work` makes of it. */
async function serving<T>(bench: Bench, args: string[], work: (url: string) => Promise<T>): Promise<T> {
  const server = await started(bench, [...args, "--addr", `127.0.0.1:${await freePort()}`]);
  try {
    return await work(server.url);
  } finally {
    expect(await server.stop()).toBe(0);
  }
}

describe("registry adopt", () => {
  onBench("says what came over, and what was there already", async (bench) => {
    await old(bench);
    expect(await bench.done("chartroom", [...adopting, "--dry-run"])).toBe(
      "1 repository: 2 blobs (9 B), 1 manifest, 1 tag to adopt\n",
    );
    expect(await failureOf(stat(bench.path("new")))).toBeDefined();
    expect(await bench.done("chartroom", adopting)).toBe(
      "1 repository: 2 blobs (9 B), 1 manifest, 1 tag adopted\n",
    );
    expect(await bench.done("chartroom", adopting)).toBe(
      "1 repository: 0 blobs, 0 manifests, 0 tags adopted; 2 blobs, 1 manifest, 1 tag already there\n",
    );
    expect(await bench.done("chartroom", [...adopting, "-q"])).toBe("");
  });

  onBench("takes the root, the directory below it, and a configuration", async (bench) => {
    const there = await old(bench);
    await writeFile(
      bench.path("config.yml"),
      `version: 0.1\nstorage: {filesystem: {rootdirectory: ${there.root}}}\n`,
    );
    for (const dir of ["old", "old/docker", "old/docker/registry/v2", "config.yml"]) {
      const { counts } = await jsonOf<{ counts: object }>(bench, [
        ...["registry", "adopt", dir, "--data", `from ${dir.replaceAll("/", "-")}`],
      ]);
      expect(counts).toMatchObject({ repositories: 1, tags: { adopted: 1 } });
    }
  });

  onBench("tells what is broken in a table, ends with 1, and has the rest", async (bench) => {
    const there = await old(bench);
    await there.push("charts/other", other, "1");
    const { digest } = other.blobs[1]!.descriptor;
    await there.write(there.data(digest), "rotten");
    const { exitCode, stdout, stderr } = await bench.run("chartroom", adopting);
    expect(exitCode).toBe(1);
    expect(stdout.split("\n").map((line) => line.split(/\s*\t/))).toEqual([
      ["REPOSITORY", "WHAT", "STATUS", "WHY"],
      ["charts/other", `blob ${digest}`, "failed", expect.stringContaining(`expected ${digest}`)],
      ["charts/other", `manifest ${other.descriptor.digest}`, "incomplete", `without ${digest}`],
      ["2 repositories: 3 blobs (9 B), 2 manifests, 2 tags adopted"],
      [""],
    ]);
    expect(stderr).toBe(
      "Error: 1 could not be adopted\nHint: What is there is not brought again: mend what is named, and run it again.\n",
    );
    await there.write(there.data(digest), other.blobs[1]!.bytes);
    expect(await jsonOf(bench, adopting)).toMatchObject({
      findings: [],
      counts: { blobs: { adopted: 1, present: 3 }, manifests: { adopted: 0, present: 2 } },
    });
  });

  onBench("a tag that holds something else is a conflict, unless forced", async (bench) => {
    const there = await old(bench);
    await bench.done("chartroom", adopting);
    await there.push("charts/mychart", other, "0.1.0");
    expect(await refused(bench, ...adopting)).toEqual({
      exitCode: 5,
      message: "1 tag holds something else here",
      hint: "--force moves it to what it names there.",
    });
    await bench.done("chartroom", [...adopting, "--force"]);
    const tags = await serving(bench, ["--data", "new"], (url) =>
      fetch(`${url}/v2/charts/mychart/manifests/0.1.0`, { proxy: false }),
    );
    expect(tags.headers.get("docker-content-digest")).toBe(other.descriptor.digest);
  });

  onBench("refuses what it cannot adopt, and where it may not", async (bench) => {
    const there = await old(bench);
    const before = await fingerprint(there.root);
    const rows: [string[], number, string][] = [
      [["registry", "adopt", "mychart"], 3, "there is no docker/registry/v2/repositories in it"],
      [["registry", "adopt", "nothing"], 3, "there is no docker/registry/v2/repositories in it"],
      [["registry", "adopt", "old", "--data", "old"], 1, 'it holds "docker", which is not chartroom\'s'],
      [["registry", "adopt", "old", "--data", "old/docker/registry/v2/new"], 2, "the old registry's own"],
      [["registry", "adopt", "old", "--data", "new", "--copy", "--link"], 2, "--copy"],
    ];
    for (const [args, exitCode, message] of rows) {
      const refusal = await refused(bench, ...args);
      expect(refusal).toMatchObject({ exitCode, message: expect.stringContaining(message) });
    }
    expect(await fingerprint(there.root)).toBe(before);
    await serving(bench, ["--data", "new"], async () => {
      expect(await refused(bench, ...adopting)).toMatchObject({ exitCode: 5 });
    });
  });

  onBench("beside the old data, on its disk, is a fine place: nothing is copied", async (bench) => {
    const there = await old(bench);
    await bench.done("chartroom", ["registry", "adopt", "old", "--data", "old/chartroom", "--link"]);
    const { digest } = chart.blobs[0]!.descriptor;
    expect(digest).toContain(shortened);
    expect((await stat(there.data(digest))).nlink).toBe(2);
  });

  onBench(
    "killed at any moment it goes on, and the old directory stays as it was",
    async (bench) => {
      const there = new DistributionData(bench.path("old"));
      const images = Array.from({ length: 150 }, (_, i) => imageOf([blobOf(noise(2_000, i))]));
      for (const [i, image] of images.entries()) await there.push(`r${i % 40}/app`, image, `v${i}`);
      const before = await fingerprint(there.root);
      const held = async () => (await readdir(bench.path("new/blobs/sha256")).catch(() => [])).length;
      let deaths = 0;
      for (let seen = 0; seen < images.length; ) {
        const running = bench.start("chartroom", adopting);
        let over = false;
        void running.ended.then(() => {
          over = true;
        });
        while (!over && (await held()) < seen + 20) await Bun.sleep(1);
        running.kill("SIGKILL");
        if ((await running.ended).exitCode !== 0) deaths++;
        seen = await held();
      }
      expect(deaths).toBeGreaterThan(3);
      const { findings, counts } = await jsonOf<{
        findings: unknown[];
        counts: { manifests: Tally; tags: Tally };
      }>(bench, adopting);
      expect(findings).toEqual([]);
      for (const { adopted, present } of [counts.manifests, counts.tags]) expect(adopted + present).toBe(150);
      expect(await fingerprint(there.root)).toBe(before);
      const ours = await serving(bench, ["--data", "new"], (url) => survey(new URL(url).host));
      const theirs = await serving(bench, ["--data", "old", "--read-only"], (url) =>
        survey(new URL(url).host),
      );
      expect(ours).toEqual(theirs);
      expect(Object.keys(ours).length).toBe(530);
      // What a death left on its way in is swept at a start.
      expect(await readdir(bench.path("new/ingest"))).toEqual([]);
    },
    180_000,
  );
});

interface Tally {
  readonly adopted: number;
  readonly present: number;
}

describe("registry serve, of a Distribution's data", () => {
  onBench("is refused, with both ways out, unless it only reads", async (bench) => {
    const there = await old(bench);
    const before = await fingerprint(there.root);
    await writeFile(
      bench.path("config.yml"),
      `version: 0.1\nstorage: {filesystem: {rootdirectory: ${there.root}}}\nhttp: {addr: "127.0.0.1:0"}\n`,
    );
    for (const args of [["config.yml"], ["--data", "old"]])
      expect(await refused(bench, "registry", "serve", ...args)).toEqual({
        exitCode: 1,
        message: `Cannot use data directory ${there.root}: it is a CNCF Distribution's`,
        hint: `\`chartroom registry adopt ${there.root} --data DIR\` takes it over, for \`serve --data DIR\`; with --read-only it is served as it lies.`,
      });
    expect(await fingerprint(there.root)).toBe(before);
  });

  onBench("in maintenance, it is served as it lies, and nothing is written", async (bench) => {
    const there = await old(bench);
    const long = blobOf("long", undefined, "sha512");
    await there.blob("charts/mychart", long, blobOf("long").descriptor.digest);
    await there.push("broken", other, "1");
    await there.write(there.data(other.descriptor.digest), "{}");
    const before = await fingerprint(there.root);
    await writeFile(
      bench.path("config.yml"),
      `version: 0.1\nstorage: {filesystem: {rootdirectory: ${there.root}}, maintenance: {readonly: {enabled: true}}}\n`,
    );
    const temporary = { TMPDIR: bench.path("tmp") };
    const server = await started(bench, ["config.yml", "--addr", `127.0.0.1:${await freePort()}`], temporary);
    const ask = async (line: string, range?: string) => {
      const [method = "", path = ""] = line.split(" ");
      const headers: Record<string, string> = range === undefined ? {} : { range };
      const answer = await fetch(`${server.url}/v2/${path}`, { method, headers, proxy: false });
      return [answer.status, await answer.text()];
    };
    const [, layer] = chart.blobs;
    expect(await ask("GET charts/mychart/manifests/0.1.0")).toEqual([
      200,
      new TextDecoder().decode(chart.bytes),
    ]);
    expect(await ask(`GET charts/mychart/blobs/${layer?.descriptor.digest}`)).toEqual([200, "a chart"]);
    expect(await ask(`GET charts/mychart/blobs/${layer?.descriptor.digest}`, "bytes=2-")).toEqual([
      206,
      "chart",
    ]);
    expect(await ask(`GET charts/mychart/blobs/${long.descriptor.digest}`)).toEqual([200, "long"]);
    expect((await ask("GET broken/manifests/1"))[0]).toBe(404);
    expect((await ask("POST charts/mychart/blobs/uploads/"))[0]).toBe(405);
    expect((await ask("DELETE charts/mychart/manifests/0.1.0"))[0]).toBe(405);
    expect(server.said()).toContain(`Serving 1 tag of a CNCF Distribution from ${there.root}`);
    expect(server.said()).toContain(`broken manifest ${other.descriptor.digest}: failed`);
    expect(await server.stop()).toBe(0);
    expect(await fingerprint(there.root)).toBe(before);
    expect(await readdir(bench.path("tmp"))).toEqual([]);
  });
});
