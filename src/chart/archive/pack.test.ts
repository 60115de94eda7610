import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { digestOf } from "../../oci/digest.ts";
import { type ChartFiles, sampleChart, withDirectory, writeChart } from "../../testing/charts.ts";
import { openArchive } from "./archive.ts";
import { IgnoreRules } from "./ignore.ts";
import { helmLimits } from "./limits.ts";
import { loadChart } from "./load.ts";
import { packChart } from "./pack.ts";
import { findFiles } from "./tree.ts";

/** Pack a chart of these files, with `prepare` run on its directory first. */
const packed = (files: ChartFiles, prepare: (directory: string) => void = () => {}) =>
  withDirectory(async (directory) => {
    await writeChart(directory, files);
    prepare(directory);
    return packChart(directory);
  });

const paths = ({ files }: { files: readonly { path: string }[] }) => files.map(({ path }) => path);

const golden: ChartFiles = sampleChart({
  ".helmignore": "*.tmp\n",
  "skip.tmp": "left out",
  "README.md": "\ufeff# A chart\r\n",
  "files/logo.bin": Uint8Array.from({ length: 3000 }, (_, i) => (i * i) % 251),
  "files/größe-日本.txt": "a name beyond ASCII\n",
  [`files/${"long-".repeat(30)}name.txt`]: "a long name\n",
  "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
});

describe("packChart", () => {
  // A change here changes the digest of every chart that is packed from a directory: it is a breaking release.
  test("gives the golden digest", async () => {
    const { archive } = await packed(golden);
    expect(digestOf(gunzipSync(archive)) as string).toBe(
      "sha256:c71426a15643107dc555090a408958a6452d439534a9d4b68c43b6df53723ad1",
    );
    expect(digestOf(archive) as string).toBe(
      "sha256:107a0480b17f582d8bbcd7f175530fd390f8cb1101ea883c33b8081a67131eeb",
    );
  });

  test("gives the same bytes whatever the machine", async () => {
    const { archive } = await packed(golden);
    const reversed = Object.fromEntries(Object.entries(golden).toReversed());
    const again = await packed(reversed, (directory) => {
      chmodSync(join(directory, "values.yaml"), 0o700);
      utimesSync(join(directory, "values.yaml"), 1, 2);
    });
    expect(Buffer.compare(again.archive, archive)).toBe(0);
    await withDirectory(async (directory) => {
      await writeChart(directory, golden);
      const program = `import { packChart } from ${JSON.stringify(join(import.meta.dirname, "pack.ts"))};
        import { digestOf } from ${JSON.stringify(join(import.meta.dirname, "../../oci/digest.ts"))};
        process.umask(0o077); console.log(digestOf((await packChart(${JSON.stringify(directory)})).archive));`;
      const env = { ...process.env, TZ: "Pacific/Auckland", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" };
      const digest = execFileSync(process.execPath, ["-e", program], { env, encoding: "utf8" }).trim();
      expect(digest).toBe(digestOf(archive));
    });
  });

  test("puts Chart.yaml first, then goes by bytes, under the chart's name", async () => {
    const chart = await packed(
      sampleChart({ "Z.txt": "", "a.txt": "", "é.txt": "", "😀.txt": "", "\uff5e.txt": "" }),
    );
    expect(paths(chart)).toEqual([
      "Chart.yaml",
      "Z.txt",
      "a.txt",
      "templates/NOTES.txt",
      "templates/deployment.yaml",
      "values.yaml",
      "é.txt",
      "\uff5e.txt",
      "😀.txt",
    ]);
    const tar = gunzipSync(chart.archive);
    expect(tar.subarray(0, 18).toString()).toBe("mychart/Chart.yaml");
  });

  test("writes nothing of the machine into the headers", async () => {
    const tar = gunzipSync((await packed({ "Chart.yaml": "name: c\nversion: 1.0.0\n" })).archive);
    const field = (start: number, end: number) => tar.toString("latin1", start, end).replaceAll("\0", "");
    expect({ mode: field(100, 108), user: field(108, 116), group: field(116, 124) }).toEqual({
      mode: "0000644",
      user: "0000000",
      group: "0000000",
    });
    expect(new Date(Number.parseInt(field(136, 148), 8) * 1000).toISOString()).toBe(
      "1980-02-01T00:00:00.000Z",
    );
    // From the link's name on: magic, version, no names of user and group, no device, no prefix.
    expect(field(157, 512)).toBe("ustar0000000000000000");
  });

  test("leaves out what .helmignore names and what hides in templates/, and keeps .helmignore", async () => {
    const chart = await packed(
      sampleChart({
        ".helmignore": "*.bak\nsecret/\n",
        ".hidden": "",
        "a.bak": "",
        "secret/key": "",
        "templates/.swp": "",
        "templates/.d/a.yaml": "",
      }),
    );
    expect(paths(chart)).toEqual([
      "Chart.yaml",
      ".helmignore",
      ".hidden",
      "templates/NOTES.txt",
      "templates/deployment.yaml",
      "values.yaml",
    ]);
  });

  test("keeps requirements, locks, subcharts and their provenance as they are", async () => {
    const kept = {
      "Chart.lock": "x: [\n",
      "charts/_draft/a": "",
      "charts/sub-1.0.0.tgz": "no gzip",
      "charts/sub-1.0.0.tgz.prov": "",
      "requirements.lock": "",
      "requirements.yaml": "dependencies: []\n",
    };
    const chart = await packed({ "Chart.yaml": "name: c\nversion: 1.0.0\n", ...kept });
    expect(paths(chart)).toEqual(["Chart.yaml", ...Object.keys(kept)]);
  });

  test("follows links inside the chart, to files and directories", async () => {
    const chart = await packed(sampleChart({ "files/a.txt": "a" }), (directory) => {
      symlinkSync("files/a.txt", join(directory, "link.txt"));
      symlinkSync("files", join(directory, "more"));
      symlinkSync(join(directory, "values.yaml"), join(directory, "absolute.yaml"));
    });
    const read = await openArchive(chart.archive);
    const content = Object.fromEntries(
      read.files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]),
    );
    expect(content).toMatchObject({
      "link.txt": "a",
      "more/a.txt": "a",
      "files/a.txt": "a",
      "absolute.yaml": "replicas: 1\n",
    });
  });

  const refusals: [string, (directory: string) => void, string][] = [
    [
      "a link out of the chart",
      (d) => symlinkSync("/etc/hostname", join(d, "out")),
      '"out" is a link out of the chart, to',
    ],
    ["a link out through ..", (d) => symlinkSync("..", join(d, "up")), '"up" is a link out of the chart, to'],
    [
      "a link to nowhere",
      (d) => symlinkSync("nowhere", join(d, "broken")),
      '"broken" is a link that leads nowhere',
    ],
    ["a link to itself", (d) => symlinkSync("self", join(d, "self")), '"self" is a link that leads nowhere'],
    [
      "a circle",
      (d) => symlinkSync("..", join(d, "templates/up")),
      '"templates/up" is a link to a directory that it lies in',
    ],
    ["a fifo", (d) => execFileSync("mkfifo", [join(d, "pipe")]), '"pipe" is no regular file'],
    [
      "a name for Windows' devices",
      (d) => writeFileSync(join(d, "aux.txt"), ""),
      '"aux.txt" is the name of a device',
    ],
    [
      "a name with a backslash",
      (d) => writeFileSync(join(d, "a\\b"), ""),
      "has a character that Windows refuses",
    ],
    [
      "a name that is not UTF-8",
      (d) => writeFileSync(Buffer.concat([Buffer.from(`${d}/a`), Buffer.of(0xff)]), ""),
      "has a name that is not UTF-8",
    ],
    [
      "names that differ in case",
      (d) => writeFileSync(join(d, "VALUES.yaml"), ""),
      'Cannot pack the chart: "VALUES.yaml" and "values.yaml" are one file on macOS and Windows',
    ],
    [
      "a file over Helm's limit",
      (d) => {
        writeFileSync(join(d, "large"), "");
        truncateSync(join(d, "large"), 5 * 1024 * 1024 + 1);
      },
      '"large" is larger than 5242880 bytes',
    ],
    [
      "more than Helm's limit in all",
      (d) => {
        for (let i = 0; i < 20; i++) {
          writeFileSync(join(d, `large${i}`), "");
          truncateSync(join(d, `large${i}`), 5 * 1024 * 1024);
        }
      },
      "brings the chart to 104857600 bytes or more",
    ],
  ];

  test.each(refusals)("refuses %s", async (_, prepare, why) => {
    await expect(packed(sampleChart(), prepare)).rejects.toThrow(why);
  });

  test.each(refusals.slice(0, 9))("lets .helmignore leave out %s", async (_, prepare) => {
    const names = "out\nup\nbroken\nself\npipe\naux.txt\na*b\na\ufffd\n";
    const chart = await packed(sampleChart({ ".helmignore": names }), prepare);
    expect(paths(chart)).toHaveLength(5);
  });

  test("stops at links that multiply", async () => {
    await withDirectory(async (directory) => {
      for (let i = 0; i < 20; i++) {
        mkdirSync(join(directory, `${i}`));
        for (const name of ["a", "b"]) symlinkSync(`../${i + 1}`, join(directory, `${i}`, name));
      }
      mkdirSync(join(directory, "20"));
      const found = findFiles(directory, IgnoreRules.parse(""), { ...helmLimits, entries: 500 });
      await expect(found).rejects.toThrow("is one of more than 500 files and directories");
    });
  });

  test("refuses what is no chart", async () => {
    await expect(packed({ "values.yaml": "" })).rejects.toThrow("it has no Chart.yaml");
    await expect(packed({ "Chart.yaml": "name: c\n" })).rejects.toThrow("the version is missing");
    await expect(packed(sampleChart({ ".helmignore": "**" }))).rejects.toThrow("Helm has no double star");
  });
});

describe("loadChart", () => {
  test("packs a directory, and keeps an archive and its provenance as they are", async () => {
    await withDirectory(async (directory) => {
      await writeChart(join(directory, "any"), sampleChart());
      const fromDirectory = await loadChart(join(directory, "any"));
      expect(fromDirectory.provenance).toBeUndefined();
      const path = join(directory, "c.tgz");
      writeFileSync(path, fromDirectory.archive);
      expect(await loadChart(path)).toEqual({ ...fromDirectory, archive: expect.anything() });
      writeFileSync(`${path}.prov`, "signed");
      const { archive, provenance } = await loadChart(path);
      expect(Buffer.compare(archive, fromDirectory.archive)).toBe(0);
      expect(Buffer.from(provenance!).toString()).toBe("signed");
    });
  });

  test("warns of dependencies that are not there, in Chart.yaml and in requirements.yaml", async () => {
    await withDirectory(async (directory) => {
      const sub = (await packed({ "Chart.yaml": "name: packed\nversion: 1.0.0\n" })).archive;
      const dependencies =
        "dependencies: [{name: there}, {name: packed}, {name: hidden}, {name: gone}, {name: bad}]\n";
      const charts = {
        "charts/there/Chart.yaml": "name: there\nversion: 1.0.0\n",
        "charts/packed-1.0.0.tgz": sub,
        "charts/_hidden/Chart.yaml": "name: hidden\nversion: 1.0.0\n",
        "charts/bad-1.0.0.tgz": "no gzip",
      };
      await writeChart(join(directory, "v1"), {
        "Chart.yaml": "name: c\nversion: 1.0.0\n",
        "requirements.yaml": dependencies,
        ...charts,
      });
      await writeChart(join(directory, "v2"), {
        "Chart.yaml": `apiVersion: v2\nname: c\nversion: 1.0.0\n${dependencies}`,
        ...charts,
      });
      for (const version of ["v1", "v2"])
        expect((await loadChart(join(directory, version))).warnings).toEqual(
          ["hidden", "gone", "bad"].map(
            (name) => `the dependency "${name}" is named by the chart but is not in its charts/ directory`,
          ),
        );
    });
  });

  test("says what is wrong with a path", async () => {
    await withDirectory(async (directory) => {
      await expect(loadChart(join(directory, "none"))).rejects.toMatchObject({
        code: "invalid",
        message: `Cannot read chart "${join(directory, "none")}": no such file or directory`,
      });
      writeFileSync(join(directory, "values.yaml"), "a: b\n");
      await expect(loadChart(join(directory, "values.yaml"))).rejects.toThrow("it is not gzip");
      await expect(loadChart("/dev/null")).rejects.toThrow('"/dev/null": it is no regular file');
    });
  });
});
