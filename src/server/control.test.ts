import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Control, type ControlLine, type ControlTask, startControl } from "./control.ts";

let base = "";
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-control-"));
});
afterAll(() => rm(base, { recursive: true }));

let count = 0;
interface Started extends AsyncDisposable, Control {
  readonly path: string;
  ask(target: string, options?: object, signal?: AbortSignal): Promise<Response>;
}

async function started(tasks: Record<string, ControlTask>, directory?: string): Promise<Started> {
  const folder = directory ?? join(base, `${count++}`);
  await mkdir(folder, { recursive: true });
  const path = join(folder, "control.sock");
  const control = await startControl({
    path,
    version: "9.8.7",
    tasks: new Map(Object.entries(tasks)),
    failureOf: (error) => ({ message: (error as Error).message }),
  });
  return {
    ...control,
    path,
    ask: (target, options = {}, signal) => {
      const [method = "", where = ""] = target.split(" ");
      const body = method === "POST" ? { body: JSON.stringify(options) } : {};
      const request: RequestInit & { unix: string } = { unix: path, method, ...body };
      return fetch(`http://registry${where}`, signal === undefined ? request : { ...request, signal });
    },
    [Symbol.asyncDispose]: () => control.stop(new Error("the test is over")),
  };
}

const linesOf = async (response: Response): Promise<ControlLine[]> =>
  (await response.text())
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

test("a task is given its options, and its answer comes line by line, failures too", async () => {
  await using it = await started({
    async double(options, tell) {
      const { of } = options as { of: number };
      if (of < 0) throw new Error("less than nothing");
      tell({ half: of });
      return of * 2;
    },
  });
  const answer = await it.ask("POST /1/double", { of: 2 });
  expect(answer.headers.get("chartroom-version")).toBe("9.8.7");
  expect(await linesOf(answer)).toEqual([{ told: { half: 2 } }, { done: 4 }]);
  const failed = await linesOf(await it.ask("POST /1/double", { of: -1 }));
  expect(failed).toEqual([{ failed: { message: "less than nothing" } }]);
});

test("what it does not know it says so, with its version", async () => {
  await using it = await started({ check: async () => "done" });
  for (const target of ["POST /1/other", "POST /2/check", "GET /1/check", "POST /", "POST /1/constructor"]) {
    const answer = await it.ask(target);
    expect([target, answer.status, await answer.json()]).toEqual([target, 404, { version: "9.8.7" }]);
  }
});

test("the socket is its owner's alone, whatever the umask, replaces a stale one, and is gone afterwards", async () => {
  const folder = join(base, "stale");
  await mkdir(folder);
  await writeFile(join(folder, "control.sock"), "");
  const before = process.umask(0);
  try {
    await using it = await started({}, folder);
    expect((await stat(it.path)).mode & 0o777).toBe(0o600);
    expect((await it.ask("POST /1/x")).status).toBe(404);
    expect(process.umask()).toBe(0);
  } finally {
    process.umask(before);
  }
  expect(await readdir(folder)).toEqual([]);
});

test("a path longer than a system's sockets may have is reached all the same", async () => {
  const folder = join(base, "d".repeat(100), "e".repeat(100));
  await using it = await started({ check: async () => "done" }, folder);
  expect(await linesOf(await it.ask("POST /1/check"))).toEqual([{ done: "done" }]);
});

/** A task that lasts until it is told to end, and says why it did. */
function lasting() {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  const task: ControlTask = (_options, tell, signal) => {
    tell("begun");
    begun.resolve();
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        ended.resolve(signal.reason);
        reject(signal.reason);
      });
    });
  };
  return { task, begun: begun.promise, ended: ended.promise };
}

test("a client that goes away ends its task, and no other", async () => {
  const [one, other] = [lasting(), lasting()];
  await using it = await started({ one: one.task, other: other.task });
  const gone = new AbortController();
  const answer = await it.ask("POST /1/one", {}, gone.signal);
  const stays = await it.ask("POST /1/other");
  await Promise.all([one.begun, other.begun]);
  gone.abort();
  await one.ended;
  await expect(answer.text()).rejects.toThrow();
  await it.stop(new Error("stopping"));
  expect(await linesOf(stays)).toEqual([{ told: "begun" }, { failed: { message: "stopping" } }]);
});
