import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem as fs } from "../files/filesystem.ts";
import { ChartroomError } from "../oci/errors.ts";
import { makeDataDirectory, openDataDirectory, requireData } from "./dataDirectory.ts";

let parent = "";
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "chartroom-data-"));
});
afterAll(() => rm(parent, { recursive: true }));

/** Every path under the test's directory with what it holds: to show that nothing was touched. */
async function everything(): Promise<string[]> {
  const found = await readdir(parent, { recursive: true, withFileTypes: true });
  const lines = found.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return `${path} ${entry.isFile() ? await readFile(path, "utf8") : ""}`;
  });
  return (await Promise.all(lines)).sort();
}

async function refusalOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ChartroomError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: "none", message: "" };
}

test("a directory is made, with its parents, for its owner alone; it opens again after release", async () => {
  const root = join(parent, "a", "registry");
  const data = await openDataDirectory(root, { fs });
  expect(data).toMatchObject({ root, catalog: join(root, "catalog.db"), htpasswd: join(root, "htpasswd") });
  expect((await stat(root)).mode & 0o777).toBe(0o700);
  expect(JSON.parse(await readFile(join(root, "chartroom.json"), "utf8"))).toEqual({ format: 1 });
  expect((await readdir(root)).sort()).toEqual(["blobs", "chartroom.json", "lock"]);
  await writeFile(data.catalog, "rows");
  data.release();
  (await openDataDirectory(root, { fs })).release();
  expect(await readFile(data.catalog, "utf8")).toBe("rows");
});

test("an owned directory is refused with a conflict until it is released", async () => {
  const root = join(parent, "owned");
  const owner = await openDataDirectory(root, { fs });
  const { code, message } = await refusalOf(openDataDirectory(root, { fs }));
  expect(code).toBe("conflict");
  expect(message).toBe(`Cannot use data directory ${root}: another chartroom process is using it`);
  owner.release();
  (await openDataDirectory(root, { fs })).release();
});

test("a directory owned by another process is free again when that is killed", async () => {
  const root = join(parent, "killed");
  const script = `
    const { openDataDirectory } = await import(${JSON.stringify(join(import.meta.dir, "dataDirectory.ts"))});
    const { nodeFileSystem: fs } = await import(${JSON.stringify(join(import.meta.dir, "../files/filesystem.ts"))});
    await openDataDirectory(${JSON.stringify(root)}, { fs });
    console.log("open");
    await Bun.sleep(60_000);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  await child.stdout.getReader().read();
  expect((await refusalOf(openDataDirectory(root, { fs }))).code).toBe("conflict");
  child.kill("SIGKILL");
  await child.exited;
  (await openDataDirectory(root, { fs })).release();
});

test("users made beforehand and a file system's own directory are no hindrance", async () => {
  const root = join(parent, "mounted");
  await mkdir(join(root, "lost+found"), { recursive: true });
  await writeFile(join(root, "htpasswd"), "");
  await writeFile(join(root, "chartroom.json.new"), '{"for');
  (await openDataDirectory(root, { fs })).release();
  expect(await readFile(join(root, "chartroom.json"), "utf8")).toBe('{"format":1}');
});

test.each([
  [
    "Distribution's tree",
    "docker/registry/v2/x",
    "",
    "invalid",
    'it holds "docker", which is not chartroom\'s',
  ],
  ["a home", ".profile", "", "invalid", 'it holds ".profile", which is not chartroom\'s'],
  [
    "a newer format",
    "chartroom.json",
    '{"format": 2}',
    "invalid",
    "it has format 2, and this program knows up to 1",
  ],
  ["a broken marker", "chartroom.json", "{", "invalid", "chartroom.json: it is not JSON"],
  ["a marker of nothing", "chartroom.json", '{"format": "1"}', "invalid", "format is no number"],
])("%s is refused and nothing touched", async (name, file, content, code, why) => {
  const root = join(parent, name);
  await mkdir(join(root, file, ".."), { recursive: true });
  await writeFile(join(root, file), content);
  const before = await everything();
  const refused = await refusalOf(openDataDirectory(root, { fs }));
  expect(refused).toEqual({ code, message: expect.stringContaining(why) });
  expect(await everything()).toEqual(before);
});

test("a file, a path below a file, a place that is not writable, and a network's are refused, nothing made", async () => {
  const file = join(parent, "file");
  await writeFile(file, "");
  const before = await everything();
  const closed = {
    ...fs,
    access: () => Promise.reject(Object.assign(new Error("EACCES"), { code: "EACCES" })),
  };
  const sub = join(parent, "sub", "sub");
  const tries = [
    refusalOf(openDataDirectory(file, { fs })),
    refusalOf(openDataDirectory(join(file, "sub"), { fs })),
    refusalOf(openDataDirectory(parent, { fs: closed })),
    refusalOf(openDataDirectory(sub, { fs: closed })),
    refusalOf(openDataDirectory(sub, { fs, fileSystemType: async () => 0x6969 })),
    refusalOf(makeDataDirectory(sub, { fs: closed })),
  ];
  const refused = (await Promise.all(tries)).map(({ code, message }) => [code, message.split(": ")[1]]);
  expect(refused).toEqual([
    ["storage", "it is a file"],
    ["storage", `${file} is a file`],
    ["storage", "it is not writable"],
    ["storage", `${parent} is not writable`],
    ["invalid", "it lies on NFS, where the catalog would not be safe"],
    ["storage", `${parent} is not writable`],
  ]);
  expect(await everything()).toEqual(before);
});

test.each([
  ["NFS", 0x6969],
  ["SMB", 0x517b],
  ["SMB2", 0xfe534d42],
  ["CIFS", 0xff534d42],
  ["CephFS", 0xc36400],
  ["Lustre", 0xbd00bd0],
  ["AFS", 0x5346414f],
  ["AFS", 0x6b414653],
  ["Coda", 0x73757245],
  ["NCP", 0x564c],
  ["GFS2", 0x1161970],
  ["OCFS2", 0x7461636f],
])("%s is a network file system and is refused, with what to do", async (name, type) => {
  const root = join(parent, "remote", name);
  const opened = openDataDirectory(root, { fs, fileSystemType: async () => type });
  await expect(opened).rejects.toMatchObject({
    code: "invalid",
    message: `Cannot use data directory ${root}: it lies on ${name}, where the catalog would not be safe`,
    hint: "Choose a directory on a local disk with --data DIR.",
  });
});

test.each([
  ["ext4", 0xef53],
  ["XFS", 0x58465342],
  ["Btrfs", 0x9123683e],
  ["ZFS", 0x2fc12fc1],
  ["a container's overlay", 0x794c7630],
  ["tmpfs", 0x01021994],
  ["FUSE", 0x65735546],
  ["9P", 0x01021997],
])("%s is taken", async (name, type) => {
  const root = join(parent, "local", name);
  (await openDataDirectory(root, { fs, fileSystemType: async () => type })).release();
});

test("blobs whose catalog is gone are refused, and nothing is made in its place", async () => {
  const root = join(parent, "lost");
  const { blobs, catalog, release } = await openDataDirectory(root, { fs });
  release();
  // A start that was cut short has none either, and no blobs.
  (await openDataDirectory(root, { fs })).release();
  await requireData(fs, root);
  await mkdir(join(blobs, "sha256"));
  await writeFile(join(blobs, "sha256", "a".repeat(64)), "");
  const before = await everything();
  for (const work of [() => openDataDirectory(root, { fs }), () => requireData(fs, root)])
    expect(await refusalOf(work())).toEqual({
      code: "not_verified",
      message: `The registry's data in ${root} have no catalog: ${catalog} is missing`,
    });
  expect(await everything()).toEqual(before);
});
