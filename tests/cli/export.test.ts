import { expect } from "bun:test";
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { onBench, ref, refusalOf, refused, save } from "./cli.ts";

onBench(
  "leaves what is the same and what is extra, and writes nothing if anything would change",
  async (bench) => {
    await save(bench);
    const out = (...parts: string[]) => bench.path("out", "mychart", ...parts);
    const run = (...more: string[]) => bench.run("chartroom", ["chart", "export", ref, "-d", "out", ...more]);
    expect((await run()).exitCode).toBe(0);
    await writeFile(out("mine.txt"), "mine");
    await utimes(out("values.yaml"), 1, 1);
    expect((await run()).exitCode).toBe(0);
    expect((await stat(out("values.yaml"))).mtimeMs).toBe(1000);

    await writeFile(out("Chart.yaml"), "changed by hand\n");
    await writeFile(out("templates", "service.yaml"), "changed by hand\n");
    await rm(out("values.yaml"));
    const said = refusalOf(await run());
    expect(said.exitCode).toBe(5);
    expect(said.message).toContain("Chart.yaml");
    expect(said.message).toContain("templates/service.yaml");
    expect(await readFile(out("Chart.yaml"), "utf8")).toBe("changed by hand\n");
    expect(await readdir(out())).not.toContain("values.yaml");

    expect((await run("--force")).exitCode).toBe(0);
    expect(await readFile(out("Chart.yaml"))).toEqual(await readFile(bench.path("mychart", "Chart.yaml")));
    expect(await readFile(out("mine.txt"), "utf8")).toBe("mine");
  },
);

onBench("never writes through a link that stands in its way, force or not", async (bench) => {
  await save(bench);
  await bench.done("chartroom", ["chart", "export", ref, "-d", "out"]);
  await rm(bench.path("out", "mychart", "templates"), { recursive: true });
  await symlink(bench.folder, bench.path("out", "mychart", "templates"));
  for (const more of [[], ["--force"]])
    expect(
      refusalOf(await bench.run("chartroom", ["chart", "export", ref, "-d", "out", ...more])),
    ).toMatchObject({ exitCode: 5 });
  expect(await readdir(bench.folder)).not.toContain("service.yaml");
});

onBench(
  "never goes through a link of the chart's own name: it would lead out of the destination",
  async (bench) => {
    await save(bench);
    await mkdir(bench.path("out"));
    await mkdir(bench.path("elsewhere"));
    await symlink(bench.path("elsewhere"), bench.path("out", "mychart"));
    for (const more of [[], ["--force"]]) {
      const said = await refused(bench, "chart", "export", ref, "-d", "out", ...more);
      expect(said.exitCode).toBe(5);
      expect(said.message).toEndWith("in the way: mychart");
      expect(said.hint).toContain("-d");
    }
    expect(await readdir(bench.path("elsewhere"))).toEqual([]);
    // The destination itself is the user's own word, link or not.
    await symlink(bench.path("elsewhere"), bench.path("link"));
    await bench.done("chartroom", ["chart", "export", ref, "-d", "link"]);
    expect(await readdir(bench.path("elsewhere"))).toEqual(["mychart"]);
  },
);

onBench("of the archive keeps to the same rules", async (bench) => {
  await save(bench);
  const archive = bench.path("out", "mychart-0.1.0.tgz");
  const run = (...more: string[]) =>
    refused(bench, "chart", "export", ref, "--archive", "-d", "out", ...more);
  expect((await run()).exitCode).toBe(0);
  const bytes = await readFile(archive);
  await utimes(archive, 1, 1);
  expect((await run()).exitCode).toBe(0);
  expect((await stat(archive)).mtimeMs).toBe(1000);
  await writeFile(archive, "another");
  expect(await run()).toMatchObject({ exitCode: 5, message: expect.stringContaining("mychart-0.1.0.tgz") });
  expect(await readFile(archive, "utf8")).toBe("another");
  expect((await run("--force")).exitCode).toBe(0);
  expect(await readFile(archive)).toEqual(bytes);
});
