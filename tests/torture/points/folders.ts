import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ifThere, nodeFileSystem } from "../../../src/files/filesystem.ts";
import type { PointsOptions } from "./points.ts";

/** Have `use` work with new folders, and take them away afterwards. */
export async function withFolders<T>(use: (folders: PointsOptions["folders"]) => Promise<T>): Promise<T> {
  // What the failing file system calls synced it remembers itself, so its files may lie in memory where the system has that.
  const memory = (await ifThere(nodeFileSystem.stat("/dev/shm")))?.isDirectory() ? "/dev/shm" : tmpdir();
  const [catalogs, places] = await Promise.all(
    [tmpdir(), memory].map((folder) => mkdtemp(join(folder, "chartroom-points-"))),
  );
  try {
    return await use({ catalogs: catalogs!, places: places! });
  } finally {
    for (const folder of [catalogs!, places!]) await rm(folder, { recursive: true });
  }
}
