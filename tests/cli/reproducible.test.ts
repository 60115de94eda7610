import { expect } from "bun:test";
import {
  chmod,
  chown,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import type { RunOptions } from "../bench.ts";
import { chartroom } from "../programs.ts";
import { jsonOf, onBench, ref } from "./cli.ts";

type Saved = { digest: string; manifest: { digest: string } };

// Goldens: other bytes than these move every user's digests, and are a breaking release.
const digest = "sha256:78650bd036ebafedd0d770c811cd0bea20426227c4ac53c3a97b9ff4053aab5e";
const manifest = "sha256:ea980cc9b1690b47b325b381b204e02fd88e2b5cdbf87024f00779de2079dce3";

onBench("one directory has one digest, whatever the place, the time and the hands", async (bench) => {
  const digests = async (path: string, options: RunOptions = {}) => {
    const out = await bench.done("chartroom", ["chart", "save", path, ref, "-o", "json"], options);
    const saved: Saved = JSON.parse(out);
    return [saved.digest, saved.manifest.digest];
  };
  const same = [digest, manifest];
  for (const path of ["mychart", "mychart/", "./mychart//", bench.path("mychart")])
    expect(await digests(path)).toEqual(same);
  expect(await digests(".", { cwd: bench.path("mychart") })).toEqual(same);
  expect(await digests("..", { cwd: bench.path("mychart", "templates") })).toEqual(same);
  for (const env of [
    { TZ: "Asia/Tokyo" },
    { TZ: "America/New_York" },
    { LC_ALL: "tr_TR.UTF-8" },
    { LANG: "C", LC_ALL: "C" },
    { SOURCE_DATE_EPOCH: "1" },
  ])
    expect(await digests("mychart", { env })).toEqual(same);

  // Other modes, times and owners, files made in another order, under another name.
  const other = bench.path("elsewhere", "renamed");
  await mkdir(other, { recursive: true });
  for (const name of (await readdir(bench.path("mychart"))).sort().reverse()) {
    await cp(bench.path("mychart", name), join(other, `${name}.new`), { recursive: true });
    await rename(join(other, `${name}.new`), join(other, name));
  }
  for (const entry of await readdir(other, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    await chmod(path, entry.isDirectory() ? 0o700 : 0o755);
    await utimes(path, 1, 1);
    if (process.getuid?.() === 0) await chown(path, 12345, 54321);
  }
  expect(await digests(other)).toEqual(same);
});

onBench("many files have one digest, in whatever order they were made", async (bench) => {
  const names = Array.from({ length: 200 }, (_, i) => `${"zyxABÄ_-0"[i % 9]}${i}`);
  const make = async (folder: string, order: readonly string[]) => {
    await mkdir(bench.path(folder), { recursive: true });
    for (const name of order) await writeFile(bench.path(folder, name), name);
    await writeFile(bench.path(folder, "Chart.yaml"), "apiVersion: v2\nname: many\nversion: 1.0.0\n");
    return (await jsonOf<Saved>(bench, ["chart", "save", folder, ref])).digest;
  };
  expect(await make("down", names.toReversed())).toBe(await make("up", names));
});

onBench("saved under another umask, it is the same, and each store is its umask's", async (bench) => {
  for (const [umask, mode] of [
    ["022", 0o755],
    ["077", 0o700],
  ] as const) {
    const script = `umask ${umask}; exec "$0" chart save mychart ${ref} --store ${umask} -q`;
    const child = Bun.spawn(["sh", "-c", script, chartroom], {
      cwd: bench.folder,
      env: { HOME: bench.path("home"), PATH: process.env.PATH ?? "" },
      stdout: "pipe",
    });
    expect(await new Response(child.stdout).text()).toBe(`localhost:5000/myrepo/mychart@${manifest}\n`);
    expect((await stat(bench.path(umask, "blobs"))).mode & 0o777).toBe(mode);
  }
  const index = (umask: string) => readFile(bench.path(umask, "index.json"), "utf8");
  expect(await index("077")).toBe(await index("022"));
});
