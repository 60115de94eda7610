import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "../files/filesystem.ts";
import { parseRegistryHost, tryRepositoryName } from "../oci/reference.ts";
import { absentDigest, blobOf } from "../testing/artifacts.ts";
import { TestFileSystem } from "../testing/filesystem.ts";
import { type RememberedUpload, UploadSessions, type UploadTarget } from "./uploadSessions.ts";

const target: UploadTarget = {
  registry: parseRegistryHost("localhost:5000"),
  repository: tryRepositoryName("my/repo")!,
  digest: absentDigest(),
};
const location = new URL("http://localhost:5000/v2/my/repo/blobs/uploads/1?_state=a%2Bb");
const week = 7 * 24 * 3600_000;

let base = "";
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-uploads-"));
});
afterEach(() => rm(base, { recursive: true, force: true }));

const folder = () => join(base, "state", "uploads");
const sessions = (now = Date.now()) => new UploadSessions(nodeFileSystem, folder(), () => now);
const keep = async (each = target) => {
  const claim = await sessions().claim(each);
  await claim?.keep(location);
  claim?.release();
};
/** Where `each` was left, as the next process finds it. */
async function leftAt(each = target, from: UploadSessions = sessions()): Promise<string | undefined> {
  const claim = await from.claim(each);
  claim?.release();
  return claim?.location?.href;
}
const fileOf = async () => join(folder(), (await readdir(folder())).find((name) => name.endsWith(".json"))!);

test("the next process finds where an upload was left, and nobody else's upload", async () => {
  expect(await leftAt()).toBeUndefined();
  await keep();
  expect(await leftAt()).toBe(location.href);
  expect(await leftAt({ ...target, repository: tryRepositoryName("my/other")! })).toBeUndefined();
  expect(await leftAt({ ...target, registry: parseRegistryHost("localhost:5001") })).toBeUndefined();
  expect(await leftAt({ ...target, digest: blobOf("other").descriptor.digest })).toBeUndefined();
});

test("a file is its owner's alone, and holds no more than what it must", async () => {
  await keep();
  expect((await stat(await fileOf())).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(await fileOf(), "utf8"))).toEqual({ ...target, location: location.href });
});

test("who comes while another is at it gets nothing, and has it afterwards", async () => {
  const first = await sessions().claim(target);
  await first?.keep(location);
  expect(await sessions().claim(target)).toBeUndefined();
  first?.release();
  expect(await leftAt()).toBe(location.href);
});

test("what is forgotten leaves no file", async () => {
  await keep();
  const claim = await sessions().claim(target);
  await claim?.forget();
  claim?.release();
  expect(await readdir(folder())).toEqual([]);
  expect(await leftAt()).toBeUndefined();
});

test("what is older than a week is taken away, whatever it is", async () => {
  await keep();
  expect(await leftAt(target, sessions(Date.now() + week - 60_000))).toBe(location.href);
  expect(await leftAt(target, sessions(Date.now() + week + 60_000))).toBeUndefined();
  expect((await readdir(folder())).filter((name) => name.endsWith(".json"))).toEqual([]);
});

test.each([
  "{",
  "[]",
  "{}",
  JSON.stringify({ ...target, location: "file:///etc/passwd" }),
  JSON.stringify({ ...target, location: 1 }),
  JSON.stringify({ ...target, registry: "example.com", location: location.href }),
])("a file that is not what it should be is none, and replaced: %s", async (text) => {
  await keep();
  await writeFile(await fileOf(), text);
  expect(await leftAt()).toBeUndefined();
  await keep();
  expect(await leftAt()).toBe(location.href);
});

test("where nothing can be kept, nothing is, and nobody is told", async () => {
  await writeFile(join(base, "state"), "a file");
  expect(await sessions().claim(target)).toBeUndefined();
});

const use = async (claim: RememberedUpload | undefined) => {
  await claim?.keep(location);
  claim?.release();
};

test("whichever call fails or is cut short, nothing is thrown, and what is found is whole or nothing", async () => {
  const model = await TestFileSystem.over(base);
  await use(await new UploadSessions(model, folder(), Date.now).claim(target));
  expect(model.calls.length).toBeGreaterThan(8);
  for (const short of [false, true])
    for (const fatal of model.calls.keys()) {
      await rm(join(base, "state"), { recursive: true });
      const fs = await TestFileSystem.over(base);
      fs.fault = (index) => (index === fatal ? { code: "EIO", short } : undefined);
      await use(await new UploadSessions(fs, folder(), Date.now).claim(target));
      expect(fs.openFiles).toBe(0);
      expect([undefined, location.href]).toContain(await leftAt());
      await keep();
      expect(await leftAt()).toBe(location.href);
    }
});

test("what is kept survives power loss", async () => {
  const fs = await TestFileSystem.over(base);
  await use(await new UploadSessions(fs, folder(), Date.now).claim(target));
  const left = `${base}-left`;
  try {
    await fs.afterPowerLoss(left, "synced");
    const after = new UploadSessions(nodeFileSystem, join(left, "state", "uploads"), Date.now);
    expect(await leftAt(target, after)).toBe(location.href);
  } finally {
    await rm(left, { recursive: true });
  }
});
