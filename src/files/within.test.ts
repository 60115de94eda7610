import { afterEach, expect, test } from "bun:test";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withDirectory } from "../testing/charts.ts";
import { nodeFileSystem } from "./filesystem.ts";
import { within } from "./within.ts";

const home = process.cwd();
afterEach(() => process.chdir(home));

const sizeFrom = (directory: string) =>
  within(directory, (before) => nodeFileSystem.statSync(`${before}file`)?.size);

test("files are seen by their names alone, and the process is where it was afterwards", async () => {
  await withDirectory(async (directory) => {
    await writeFile(join(directory, "file"), "1234");
    expect(within(directory, (before) => [before, nodeFileSystem.statSync("file")?.size])).toEqual(["", 4]);
    expect(process.cwd()).toBe(home);
    expect(() =>
      within(directory, () => {
        throw new Error("in between");
      }),
    ).toThrow("in between");
    expect(process.cwd()).toBe(home);
  });
});

test("a directory that is not there has no files", async () => {
  await withDirectory(async (directory) => {
    expect(sizeFrom(join(directory, "nothing"))).toBeUndefined();
    await writeFile(join(directory, "flat"), "");
    expect(sizeFrom(join(directory, "flat"))).toBeUndefined();
    expect(process.cwd()).toBe(home);
  });
});

test("who is where nothing is any more looks from afar, and stays", async () => {
  await withDirectory(async (directory) => {
    await writeFile(join(directory, "file"), "1234");
    const gone = join(directory, "gone");
    await mkdir(gone);
    process.chdir(gone);
    await rm(gone, { recursive: true });
    const seen = within(directory, (before) => [before, nodeFileSystem.statSync(`${before}file`)?.size]);
    expect(seen).toEqual([`${directory}/`, 4]);
  });
});
