import { expect, test } from "bun:test";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withDirectory } from "../testing/charts.ts";
import { codeOf } from "../testing/errors.ts";
import { writeTree } from "./tree.ts";

const files = [{ path: "templates/a.yaml", bytes: Buffer.from("new\n") }];

test("a link on the way is a conflict that no force removes", () =>
  withDirectory(async (directory) => {
    const [root, elsewhere] = [join(directory, "chart"), join(directory, "elsewhere")];
    await mkdir(root);
    await mkdir(elsewhere);
    await symlink(elsewhere, join(root, "templates"));
    for (const force of [false, true]) expect(await codeOf(writeTree(root, files, force))).toBe("conflict");
    expect(await readdir(elsewhere)).toEqual([]);
  }));

test("a link in a file's place is a conflict that no force removes", () =>
  withDirectory(async (directory) => {
    await mkdir(join(directory, "chart/templates"), { recursive: true });
    await writeFile(join(directory, "letter"), "Dear\n");
    await symlink(join(directory, "letter"), join(directory, "chart/templates/a.yaml"));
    for (const force of [false, true])
      expect(await codeOf(writeTree(join(directory, "chart"), files, force))).toBe("conflict");
    expect(await readFile(join(directory, "letter"), "utf8")).toBe("Dear\n");
  }));
