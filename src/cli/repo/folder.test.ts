import { expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FileSystem, nodeFileSystem } from "../../files/filesystem.ts";
import { withDirectory } from "../../testing/charts.ts";
import { play } from "../../testing/context.ts";
import { archiveOf } from "../../testing/migrate.ts";
import { archivesIn } from "./folder.ts";

test("archives are found in a folder and right below it; what may not be read below is told, and hides nothing", () =>
  withDirectory(async (folder) => {
    for (const name of ["a", "a/deep", "closed", "locked"]) await mkdir(join(folder, name));
    for (const file of ["z.tgz", "a/y.tgz", "a/deep/x.tgz", "a/notes.md", "closed/w.tgz"])
      await writeFile(join(folder, file), "");
    const readdir = (path: string, options?: object) =>
      /(?:closed|locked)$/.test(path)
        ? Promise.reject(
            Object.assign(new Error("no"), { code: path.endsWith("closed") ? "EACCES" : "EPERM" }),
          )
        : nodeFileSystem.readdir(path, options as { withFileTypes: true });
    const fs = { ...nodeFileSystem, readdir: readdir as typeof nodeFileSystem.readdir };
    const unread: string[] = [];
    expect(await archivesIn(fs, folder, (name) => unread.push(name))).toEqual(["a/y.tgz", "z.tgz"]);
    expect(unread.sort()).toEqual(["closed", "locked"]);
  }));

test("a link to a folder is one, as for Helm; a link to nowhere hides nothing", () =>
  withDirectory(async (folder) => {
    await mkdir(join(folder, "releases"));
    await writeFile(join(folder, "releases/a.tgz"), "");
    await symlink("releases", join(folder, "current"));
    await symlink("gone", join(folder, "lost"));
    await symlink("round", join(folder, "round"));
    await symlink("releases/a.tgz", join(folder, "b.tgz"));
    const files = await archivesIn(nodeFileSystem, folder, () => {});
    expect(files).toEqual(["b.tgz", "current/a.tgz", "releases/a.tgz"]);
  }));

test("large archives are held two at a time", () =>
  withDirectory(async (folder) => {
    const versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"];
    for (const each of versions) await writeFile(join(folder, `a-${each}.tgz`), await archiveOf("a", each));
    let [held, most] = [0, 0];
    const isArchive = (path: string) => path.endsWith(".tgz");
    const fs: FileSystem = {
      ...nodeFileSystem,
      stat: async (path) => {
        const stats = await nodeFileSystem.stat(path);
        return isArchive(path) ? Object.assign(stats, { size: 5 * 1024 * 1024 }) : stats;
      },
      readFile: async (path) => {
        if (!isArchive(path)) return nodeFileSystem.readFile(path);
        most = Math.max(most, ++held);
        await Bun.sleep(1);
        held--;
        return nodeFileSystem.readFile(path);
      },
    };
    const { stdout } = await play(["repo", "index", "."], { cwd: folder, fs });
    expect([stdout, most]).toEqual(["6 versions of 1 chart: index.yaml\n", 2]);
  }));
