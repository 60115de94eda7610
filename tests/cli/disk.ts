import { test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { type Bench, withBench } from "../bench.ts";

const tmpfs = (path: string, options: string): boolean =>
  Bun.spawnSync(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path]).success;

/** Mounting takes root, and in some containers even root may not. */
const mayMount = await withBench(async (bench) => {
  const may = process.platform === "linux" && tmpfs(bench.folder, "size=4k");
  if (may) Bun.spawnSync(["umount", bench.folder]);
  return may;
});

/**
 * A test with a file system of its own, `disk` in the bench. Where none can be mounted it is skipped, and its name says why.
 * @param options of the mount: `size=300k`
 * @param body gets what mounts it anew with other options: `ro`
 */
export function onDisk(
  name: string,
  options: string,
  body: (bench: Bench, remount: (options: string) => void) => Promise<void>,
): void {
  test.if(mayMount)(mayMount ? name : `${name} (missing: the right to mount)`, async () => {
    await withBench(async (bench) => {
      const path = bench.path("disk");
      await mkdir(path);
      if (!tmpfs(path, options)) throw new Error(`Cannot mount a tmpfs with ${options}`);
      try {
        await body(bench, (other) => {
          const { success, stderr } = Bun.spawnSync(["mount", "-o", `remount,${other}`, path]);
          if (!success) throw new Error(stderr.toString());
        });
      } finally {
        Bun.spawnSync(["umount", path]);
      }
    });
  });
}
