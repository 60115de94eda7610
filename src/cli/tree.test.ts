import { expect, test } from "bun:test";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeFileSystem } from "../files/filesystem.ts";
import { withDirectory } from "../testing/charts.ts";
import { codeOf } from "../testing/errors.ts";
import { TestFileSystem } from "../testing/filesystem.ts";
import { writeTree } from "./tree.ts";

const files = [{ path: "templates/a.yaml", bytes: Buffer.from("new\n") }];

test("a link on the way is a conflict that no force removes", () =>
  withDirectory(async (directory) => {
    const [root, elsewhere] = [join(directory, "chart"), join(directory, "elsewhere")];
    await mkdir(root);
    await mkdir(elsewhere);
    await symlink(elsewhere, join(root, "templates"));
    for (const force of [false, true])
      expect(await codeOf(writeTree(nodeFileSystem, root, files, force))).toBe("conflict");
    expect(await readdir(elsewhere)).toEqual([]);
  }));

test("a link in a file's place is a conflict that no force removes", () =>
  withDirectory(async (directory) => {
    await mkdir(join(directory, "chart/templates"), { recursive: true });
    await writeFile(join(directory, "letter"), "Dear\n");
    await symlink(join(directory, "letter"), join(directory, "chart/templates/a.yaml"));
    const root = join(directory, "chart");
    for (const force of [false, true])
      expect(await codeOf(writeTree(nodeFileSystem, root, files, force))).toBe("conflict");
    expect(await readFile(join(directory, "letter"), "utf8")).toBe("Dear\n");
  }));

test("wherever the power fails, a file that another replaces is old or new", () =>
  withDirectory(async (directory) => {
    const index = (text: string) => [{ path: "index.yaml", bytes: Buffer.from(text) }];
    let calls = 1;
    for (let last = 0; last <= calls; last++) {
      const root = join(directory, `run-${last}`);
      await writeTree(nodeFileSystem, root, index("old"), false);
      const dying = await TestFileSystem.over(root);
      dying.fault = (at) => (at >= last ? { code: "EIO" } : undefined);
      await writeTree(dying, root, index("brand new"), true).catch(() => {});
      calls = Math.max(calls, dying.calls.length);
      for (const entries of ["synced", "all"] as const) {
        const left = join(directory, `left-${last}-${entries}`);
        await dying.afterPowerLoss(left, entries);
        expect(["old", "brand new"]).toContain(await readFile(join(left, "index.yaml"), "utf8"));
      }
    }
  }));
