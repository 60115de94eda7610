import { expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeFileSystem } from "../../files/filesystem.ts";
import { withDirectory } from "../../testing/charts.ts";
import { archivesIn } from "./folder.ts";

test("archives are found in a folder and right below it; what may not be read below is told, and hides nothing", () =>
  withDirectory(async (folder) => {
    for (const name of ["a", "a/deep", "closed"]) await mkdir(join(folder, name));
    for (const file of ["z.tgz", "a/y.tgz", "a/deep/x.tgz", "a/notes.md", "closed/w.tgz"])
      await writeFile(join(folder, file), "");
    const readdir = (path: string, options?: object) =>
      path.endsWith("closed")
        ? Promise.reject(Object.assign(new Error("no"), { code: "EACCES" }))
        : nodeFileSystem.readdir(path, options as { withFileTypes: true });
    const fs = { ...nodeFileSystem, readdir: readdir as typeof nodeFileSystem.readdir };
    const unread: string[] = [];
    expect(await archivesIn(fs, folder, (name) => unread.push(name))).toEqual(["a/y.tgz", "z.tgz"]);
    expect(unread).toEqual(["closed"]);
  }));
