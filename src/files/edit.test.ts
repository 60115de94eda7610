import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  chmod,
  chown,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { editFile } from "./edit.ts";
import { nodeFileSystem } from "./filesystem.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-edit-"));
});
afterAll(() => rm(root, { recursive: true }));

const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? "" : new TextDecoder().decode(bytes));
const append = (word: string) => (bytes: Uint8Array | undefined) =>
  new TextEncoder().encode(text(bytes) + word);

test("a new file is its owner's alone, in directories that are made; nothing else is left but the lock", async () => {
  const path = join(root, "new", "deep", "file");
  await editFile(nodeFileSystem, path, append("a"));
  expect(await readFile(path, "utf8")).toBe("a");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(root, "new", "deep"))).toEqual(["file", "file.lock"]);
});

test("the mode stays, a link is followed and stays a link", async () => {
  const [path, link] = [join(root, "target"), join(root, "link")];
  await writeFile(path, "a");
  await chmod(path, 0o640);
  await symlink("target", link);
  await editFile(nodeFileSystem, link, append("b"));
  expect(await readFile(path, "utf8")).toBe("ab");
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
});

test.if(process.getuid?.() === 0)("root leaves a file to its owner", async () => {
  const path = join(root, "owned");
  await writeFile(path, "a");
  await chown(path, 1234, 2345);
  await editFile(nodeFileSystem, path, append("b"));
  const { uid, gid } = await stat(path);
  expect([uid, gid]).toEqual([1234, 2345]);
});

test("many edits at once lose nothing, also beside what a killed process left", async () => {
  const path = join(root, "busy");
  await writeFile(`${path}.new`, "half");
  await Promise.all(Array.from({ length: 16 }, (_, i) => editFile(nodeFileSystem, path, append(`${i},`))));
  const numbers = (await readFile(path, "utf8")).split(",").slice(0, -1).map(Number);
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i));
});

test("a change that gives nothing or throws leaves the file as it was, and the lock free", async () => {
  const path = join(root, "kept");
  await writeFile(path, "a");
  const { ino } = await stat(path);
  await editFile(nodeFileSystem, path, () => undefined);
  const refuse = () => {
    throw new Error("refused");
  };
  expect(editFile(nodeFileSystem, path, refuse)).rejects.toThrow("refused");
  await editFile(nodeFileSystem, path, () => undefined);
  expect((await stat(path)).ino).toBe(ino);
  expect(await readFile(path, "utf8")).toBe("a");
});
