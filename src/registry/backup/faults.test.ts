import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesystemBlobs } from "../../blobs/filesystem.ts";
import { snapshotSqlite } from "../../catalog/sqlite/snapshot.ts";
import { openSqliteReader } from "../../catalog/sqlite/sqlite.ts";
import { type FileSystem, ifThere, nodeFileSystem } from "../../files/filesystem.ts";
import { inParallel } from "../../oci/parallel.ts";
import { parseTag } from "../../oci/reference.ts";
import { blobOf, imageOf } from "../../testing/artifacts.ts";
import { checkedData } from "../../testing/checked.ts";
import { here } from "../../testing/commands.ts";
import { testData } from "../../testing/dataDirectory.ts";
import { failureOf } from "../../testing/errors.ts";
import { type Call, TestFileSystem } from "../../testing/filesystem.ts";
import { noise } from "../../testing/streams.ts";
import { formatOf } from "../dataDirectory.ts";
import { dataPathsOf } from "../dataPaths.ts";
import { backup, restore } from "./backup.ts";

// Files are on a file system that fails as it is told; what SQLite writes is believed.
let base = "";
const old = imageOf([blobOf(noise(700))]);
const shared = blobOf(noise(400, 2));
const [first, second] = [imageOf([shared]), imageOf([shared, blobOf(noise(500, 3))])];

/** A registry's data before and after a day's pushes and deletes, and a backup of the day before. */
beforeAll(async () => {
  // In memory where the system has that: there are thousands of catalogs here, and no sync of a real disk proves anything.
  const memory = (await ifThere(nodeFileSystem.stat("/dev/shm")))?.isDirectory() ? "/dev/shm" : tmpdir();
  base = await mkdtemp(join(memory, "chartroom-backup-faults-"));
  const data = join(base, "data");
  const it = await testData(data);
  await it.push(here, old, "old");
  await it.push(here, first, "v");
  await nodeFileSystem.open(it.data.htpasswd, "w").then((file) => file.close());
  await copying(backup, data, join(base, "yesterday"), nodeFileSystem);
  await it.registry.repository(here).delete(old.descriptor.digest);
  await it.registry.repository(here).deleteBlob(old.blobs[1]!.descriptor.digest);
  await it.push(here, second, "v");
  await it.close();
});
afterAll(() => rm(base, { recursive: true }));

const copying = (work: typeof backup, from: string, to: string, fs: FileSystem) =>
  work(dataPathsOf(from), to, {
    fs,
    catalogs: { snapshot: snapshotSqlite, read: openSqliteReader },
    ...{ verify: false, signal: new AbortController().signal, progress: () => {} },
    tell: ({ message }) => {
      throw new Error(message);
    },
  });

/** What is done, from where to where; the file system that it is done on may have no hard links. */
const scenes: Record<string, { work: typeof backup; from: string; to: string; linkless?: boolean }> = {
  "a first backup": { work: backup, from: "data", to: "new" },
  "a first backup to another file system": { work: backup, from: "data", to: "new", linkless: true },
  "a backup over yesterday's": { work: backup, from: "data", to: "yesterday" },
  "a restore": { work: restore, from: "yesterday", to: "new" },
};

let count = 0;
/** A copy of the data and of yesterday's backup, on a file system of its own. */
async function place() {
  const root = join(base, `place-${count++}`);
  await mkdir(root);
  for (const name of ["data", "yesterday"]) await cp(join(base, name), join(root, name), { recursive: true });
  return { root, fs: await TestFileSystem.over(root) };
}

/** What a directory is, if it is a registry's data: the tag that tells yesterday from today, all else being well. */
async function stateOf(root: string): Promise<"none" | "yesterday" | "today"> {
  if ((await formatOf(nodeFileSystem, root)) === 0) return "none";
  const data = dataPathsOf(root);
  const catalog = openSqliteReader(data.catalog);
  const blobs = new FilesystemBlobs(nodeFileSystem, data);
  const { findings } = await checkedData({ data, blobs, catalog });
  expect(findings.filter(({ level }) => level !== "waste")).toEqual([]);
  const held = await catalog.tag(here, parseTag("v"));
  catalog.close();
  expect([first.descriptor.digest, second.descriptor.digest]).toContain(held!);
  return held === first.descriptor.digest ? "yesterday" : "today";
}

/** Try every point, some at once. */
const each = (
  calls: readonly Call[],
  point: (index: number, call: Call) => Promise<void>,
): Promise<unknown> => inParallel([...calls.entries()], 8, ([index, call]) => point(index, call));

const refusesLinks = ({ name }: Call) => (name === "link" ? { code: "EXDEV" } : undefined);

for (const [title, { work, from, to, linkless = false }] of Object.entries(scenes)) {
  const usual = linkless ? refusesLinks : () => undefined;
  const [before, after] = [to === "new" ? "none" : "yesterday", from === "data" ? "today" : "yesterday"];

  /** The calls of the scene when nothing fails. */
  async function usualCalls(): Promise<readonly Call[]> {
    const { root, fs } = await place();
    fs.fault = (_, call) => usual(call);
    await copying(work, join(root, from), join(root, to), fs);
    expect(await stateOf(join(root, to))).toBe(after as never);
    await rm(root, { recursive: true });
    return [...fs.calls];
  }

  for (const short of [false, true])
    test(`whichever ${short ? "write is cut short" : "call fails"}, ${title} is whole or none, and a repeat succeeds`, async () => {
      const codes = ["EIO", "ENOSPC", "EACCES"];
      await each(await usualCalls(), async (fatal, { name }) => {
        if (short && name !== "writev") return;
        const { root, fs } = await place();
        const fault = { code: codes[fatal % codes.length]!, short };
        fs.fault = (index, call) => (index === fatal ? fault : usual(call));
        const failure = await failureOf(copying(work, join(root, from), join(root, to), fs));
        const state = await stateOf(join(root, to));
        expect([before, after]).toContain(state);
        if (failure === undefined) expect(state).toBe(after as never);
        fs.fault = (_, call) => usual(call);
        // A restore that was over but for a word refuses to be done again.
        if (work === backup || state === "none") await copying(work, join(root, from), join(root, to), fs);
        expect(await stateOf(join(root, to))).toBe(after as never);
        expect(fs.openFiles).toBe(0);
        await rm(root, { recursive: true });
      });
    });

  test(`wherever the power fails, ${title} is whole or none, and a repeat succeeds`, async () => {
    await each(await usualCalls(), async (last, { name }) => {
      // Before these there is nothing new to lose.
      if (["read", "stat", "open", "readFile"].includes(name)) return;
      const { root, fs } = await place();
      fs.fault = (index, call) => (index >= last ? { code: "EIO" } : usual(call));
      await failureOf(copying(work, join(root, from), join(root, to), fs));
      for (const entries of ["synced", "all"] as const) {
        const left = `${root}-${entries}`;
        await fs.afterPowerLoss(left, entries);
        const state = await stateOf(join(left, to));
        expect([before, after]).toContain(state);
        if (work === backup || state === "none")
          await copying(work, join(left, from), join(left, to), nodeFileSystem);
        expect(await stateOf(join(left, to))).toBe(after as never);
        await rm(left, { recursive: true });
      }
      await rm(root, { recursive: true });
    });
  });
}
