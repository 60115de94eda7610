import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noise } from "../testing/streams.ts";
import { errorCode, type FileSystem, nodeFileSystem } from "./filesystem.ts";
import { promptFileSystem } from "./promptFileSystem.ts";

describe.each<[string, FileSystem]>([
  ["by way of threads", nodeFileSystem],
  ["here and now", promptFileSystem],
])("the machine's file system, %s", (_, fs) => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "chartroom-files-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = async (name: string, bytes: Uint8Array) => {
    const file = await fs.open(at(name), "wx", 0o640);
    const { bytesWritten } = await file.writev([bytes.subarray(0, 10), bytes.subarray(10)], 0);
    expect(bytesWritten).toBe(bytes.byteLength);
    await file.datasync();
    await file.sync();
    await file.close();
  };

  // Small ones and those in bulk go different ways.
  test.each([100, 300_000])("a file of %p bytes is written, told about, and read", async (size) => {
    const bytes = noise(size);
    await write("file", bytes);
    expect(await fs.stat(at("file"))).toMatchObject({ size });
    expect(fs.statSync(at("file"))).toMatchObject({ size });
    expect(new Uint8Array(await fs.readFile(at("file")))).toEqual(bytes);
    const file = await fs.open(at("file"), "r+");
    const read = new Uint8Array(size);
    expect((await file.read(read, 5, size - 5, 20)).bytesRead).toBe(size - 20);
    expect(read.subarray(5, size - 15)).toEqual(bytes.subarray(20));
    await file.truncate(50);
    await file.chmod(0o600);
    const { size: cut, mode } = await file.stat();
    expect([cut, mode & 0o777]).toEqual([50, 0o600]);
    await file.close();
  });

  test("names come, move and go", async () => {
    await fs.mkdir(at("directory"));
    await write("directory/one", noise(20));
    await fs.link(at("directory/one"), at("directory/two"));
    await fs.rename(at("directory/one"), at("directory/three"));
    await fs.chmod(at("directory/two"), 0o400);
    await fs.access(at("directory/two"));
    expect((await fs.readdir(at("directory"))).sort()).toEqual(["three", "two"]);
    const entries = await fs.readdir(at("directory"), { withFileTypes: true });
    expect(entries.every((entry) => entry.isFile())).toBe(true);
    await fs.unlink(at("directory/two"));
    await fs.rm(at("directory/nothing"), { force: true });
    await fs.rm(at("directory"), { recursive: true });
    expect(fs.statSync(at("directory"))).toBeUndefined();
  });

  test("what fails rejects, with the system's code", async () => {
    await write("file", noise(20));
    const calls: [string, () => Promise<unknown>][] = [
      ["EEXIST", () => fs.open(at("file"), "wx")],
      ["ENOENT", () => fs.open(at("nothing"), "r")],
      ["ENOENT", () => fs.readFile(at("nothing"))],
      ["ENOENT", () => fs.rename(at("nothing"), at("other"))],
      ["EEXIST", () => fs.link(at("file"), at("file"))],
      ["ENOENT", () => fs.unlink(at("nothing"))],
      ["ENOENT", () => fs.rm(at("nothing"), {})],
      ["EEXIST", () => fs.mkdir(at("file"))],
      ["ENOTDIR", () => fs.readdir(at("file"))],
      ["ENOENT", () => fs.stat(at("nothing"))],
      ["ENOENT", () => fs.chmod(at("nothing"), 0o600)],
      ["ENOENT", () => fs.access(at("nothing"))],
    ];
    for (const [code, call] of calls) {
      // A call that throws instead fails here.
      const failed = call().catch((error: unknown) => errorCode(error));
      expect(await failed).toBe(code);
    }
    const file = await fs.open(at("file"), "r");
    for (const size of [10, 300_000])
      expect(await file.writev([noise(size)], 0).catch((error) => errorCode(error))).toBe("EBADF");
    await file.close();
    await file.close();
    expect(await file.stat().catch((error) => errorCode(error))).toBeString();
  });
});
