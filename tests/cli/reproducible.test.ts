import { expect } from "bun:test";
import { chmod, chown, cp, mkdir, readdir, rename, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { RunOptions } from "../bench.ts";
import { jsonOf, onBench, ref } from "./cli.ts";

type Saved = { digest: string; manifest: { digest: string } };

onBench("one directory has one digest, whatever the place, the time and the hands", async (bench) => {
  const { digest, manifest } = await jsonOf<Saved>(bench, ["chart", "save", "mychart", ref]);
  // A golden: other bytes than these move every user's digests, and are a breaking release.
  expect(digest).toBe("sha256:78650bd036ebafedd0d770c811cd0bea20426227c4ac53c3a97b9ff4053aab5e");
  expect(manifest.digest).toBe("sha256:ea980cc9b1690b47b325b381b204e02fd88e2b5cdbf87024f00779de2079dce3");

  const digests = async (path: string, options: RunOptions = {}) => {
    const out = await bench.done("chartroom", ["chart", "save", path, ref, "-o", "json"], options);
    const saved: Saved = JSON.parse(out);
    return [saved.digest, saved.manifest.digest];
  };
  const same = [digest, manifest.digest];
  expect(await digests("mychart/")).toEqual(same);
  expect(await digests(".", { cwd: bench.path("mychart") })).toEqual(same);
  for (const env of [{ TZ: "Asia/Tokyo" }, { TZ: "America/New_York" }, { LC_ALL: "tr_TR.UTF-8" }])
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
    await chmod(path, entry.isDirectory() ? 0o700 : 0o600);
    await utimes(path, 1, 1);
    if (process.getuid?.() === 0) await chown(path, 12345, 54321);
  }
  expect(await digests(other)).toEqual(same);
});

onBench("saved under another umask, it is the same and opens for the same readers", async (bench) => {
  const [plain, strict] = [bench.path("plain"), bench.path("strict")];
  for (const [store, umask] of [
    [plain, "022"],
    [strict, "077"],
  ]) {
    const script = `umask ${umask}; exec "$0" chart save mychart ${ref} --store ${store} -q`;
    const child = Bun.spawn(["sh", "-c", script, join(import.meta.dir, "../../dist/chartroom")], {
      cwd: bench.folder,
      stdout: "pipe",
    });
    expect(await new Response(child.stdout).text()).toContain("@sha256:ea980cc9b1690b47b325b381b204e02f");
  }
});
