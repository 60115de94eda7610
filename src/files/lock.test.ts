import { afterEach, beforeEach, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acquire, type Lock, LockBusyError, type LockMode } from "./lock.ts";

const modes: LockMode[] = ["shared", "turn", "exclusive"];
const script = join(import.meta.dirname, "../testing/lockProcess.ts");

let root = "";
let path = "";
const children: ChildProcess[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-lock-"));
  path = join(root, "cache.lock");
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(root, { recursive: true, force: true });
});

function run(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return child;
}

async function holder(mode: LockMode): Promise<ChildProcess> {
  const child = run("hold", path, mode);
  await once(child.stdout!, "data");
  return child;
}

const isFree = async (mode: LockMode): Promise<boolean> => {
  try {
    (await acquire(path, mode, { wait: 0 })).release();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(LockBusyError);
    return false;
  }
};

// What may be taken beside what is held.
const beside: Record<LockMode, LockMode[]> = { shared: ["shared", "turn"], turn: ["shared"], exclusive: [] };

for (const mode of modes) {
  test(`beside ${mode} goes ${beside[mode].join(" and ") || "nothing"}, in one process and across two`, async () => {
    const mine = await acquire(path, mode);
    for (const other of modes)
      expect([other, await isFree(other)]).toEqual([other, beside[mode].includes(other)]);
    mine.release();
    for (const other of modes) expect(await isFree(other)).toBe(true);
    await holder(mode);
    for (const other of modes)
      expect([other, await isFree(other)]).toEqual([other, beside[mode].includes(other)]);
  });

  test(`${mode} dies with its process`, async () => {
    const child = await holder(mode);
    expect(await isFree("exclusive")).toBe(false);
    child.kill("SIGKILL");
    (await acquire(path, "exclusive")).release();
    expect(await readdir(root)).toEqual(["cache.lock"]);
  });

  test(`${mode} leaves an empty file and nothing beside it`, async () => {
    await using _lock = await acquire(path, mode);
    expect(await readdir(root)).toEqual(["cache.lock"]);
    expect((await stat(path)).size).toBe(0);
  });
}

test("a waiter gets the lock when it is let go; releasing twice frees nobody else's", async () => {
  const first = await acquire(path, "exclusive");
  let second: Lock | undefined;
  const waiting = acquire(path, "turn").then((lock) => {
    second = lock;
  });
  await isFree("shared");
  expect(second).toBeUndefined();
  first.release();
  await waiting;
  first.release();
  expect(await isFree("turn")).toBe(false);
  second!.release();
});

test("a lock outlives its forgotten holder", async () => {
  await (async () => void (await acquire(path, "exclusive")))();
  Bun.gc(true);
  await new Promise((resolve) => setTimeout(resolve, 10));
  Bun.gc(true);
  expect(await isFree("shared")).toBe(false);
});

test("a busy lock names its file and its mode", async () => {
  await using _held = await acquire(path, "turn");
  const busy = await acquire(path, "turn", { wait: 20 }).catch((error: unknown) => error);
  expect(busy).toBeInstanceOf(LockBusyError);
  const message = `Cannot lock "${path}" (turn): it is held by another process and was for all of 0.02 s`;
  expect(busy).toMatchObject({ path, message, code: "conflict" });
});

test("waiting ends with the signal's reason", async () => {
  await using _held = await acquire(path, "exclusive");
  const reason = new Error("stop");
  const controller = new AbortController();
  const waiting = acquire(path, "shared", { signal: controller.signal });
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(acquire(path, "shared", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test("a lock that cannot be made says why", async () => {
  await expect(acquire(join(root, "absent", "cache.lock"), "turn")).rejects.toMatchObject({ code: "ENOENT" });
  await mkdir(join(root, "directory"));
  await expect(acquire(join(root, "directory"), "turn")).rejects.toThrow("Cannot lock");
  await writeFile(join(root, "foreign"), "something else entirely\n".repeat(50));
  await expect(acquire(join(root, "foreign"), "turn")).rejects.toThrow("Cannot lock");
});

test("sixteen processes take turns, each beside a shared lock of its own, and lose nothing", async () => {
  const counter = join(root, "counter");
  await writeFile(counter, "0");
  const ends = Array.from({ length: 16 }, () => once(run("count", path, counter, "20"), "exit"));
  for (const [code] of await Promise.all(ends)) expect(code).toBe(0);
  expect(await readFile(counter, "utf8")).toBe("320");
}, 30_000);
