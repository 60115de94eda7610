import { afterAll, beforeAll, expect, test } from "bun:test";
import { lstat, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChartroomError } from "../../../oci/errors.ts";
import { type ControlTask, startControl } from "../../../server/control.ts";
import { failureOf as caught } from "../../../testing/errors.ts";
import { failureOf } from "../../exit.ts";
import { askOwner, NobodyAnswers } from "./ask.ts";

let base = "";
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "chartroom-ask-"));
});
afterAll(() => rm(base, { recursive: true }));

let count = 0;
const freshPath = () => join(base, `${count++}.sock`);
const never = new AbortController().signal;
const ask = (path: string, tell: (told: unknown) => void = () => {}, signal = never) =>
  askOwner(path, "task", { of: 2 }, tell, signal);

async function answering(task: ControlTask, version = "1.2.3") {
  const path = freshPath();
  const control = await startControl({ path, version, tasks: new Map([["task", task]]), failureOf });
  return { path, [Symbol.asyncDispose]: () => control.stop(new Error("the test is over")) };
}

/** A server that says just these bytes, and ends. */
function saying(body: string, status = 200) {
  const path = freshPath();
  const server = Bun.serve({ unix: path, fetch: () => new Response(body, { status }) });
  return { path, [Symbol.asyncDispose]: () => server.stop(true) };
}

test("what is told on the way comes as it comes, and what came of it at last", async () => {
  await using it = await answering(async (options, tell) => {
    for (const each of ["é", { deep: [1] }]) tell(each);
    return options;
  });
  const told: unknown[] = [];
  expect(await ask(it.path, (each) => told.push(each))).toEqual({ of: 2 });
  expect(told).toEqual(["é", { deep: [1] }]);
});

test("what goes wrong there is thrown here, with its code and hint", async () => {
  await using it = await answering(async () => {
    throw new ChartroomError("busy", "Not now", { hint: "Later." });
  });
  const failure = await caught(ask(it.path));
  expect(failure).toBeInstanceOf(ChartroomError);
  expect(failure).toMatchObject({ code: "busy", message: "Not now", hint: "Later." });
});

test("nobody answers where there is no socket, or one that a dead process left", async () => {
  expect(await caught(ask(freshPath()))).toBeInstanceOf(NobodyAnswers);
  const path = freshPath();
  const child = Bun.spawn(
    [process.execPath, "-e", `Bun.serve({ unix: ${JSON.stringify(path)}, fetch() {} }); console.log("up")`],
    { stdout: "pipe" },
  );
  await child.stdout.getReader().read();
  child.kill("SIGKILL");
  await child.exited;
  expect((await lstat(path)).isSocket()).toBe(true);
  expect(await caught(ask(path))).toBeInstanceOf(NobodyAnswers);
});

test("another version of the program says which, and is not guessed at", async () => {
  await using other = await answering(async () => "done", "9.8.7");
  const failure = await caught(askOwner(other.path, "newer-task", {}, () => {}, never));
  expect(failure).toMatchObject({ code: "conflict", message: expect.stringContaining("(9.8.7)") });
  await using stranger = saying("not chartroom", 404);
  expect(await caught(ask(stranger.path))).toMatchObject({ code: "conflict" });
});

test.each([
  ["in the middle", '{"told":1}\n'],
  ["in the middle of a line", '{"told":1}\n{"do'],
  ["without a word", ""],
  ["with nonsense", "<html>\n"],
])("an owner that ends %s is no success", async (_, body) => {
  await using it = saying(body);
  expect(await caught(ask(it.path))).toMatchObject({
    code: "remote",
    hint: "Run it again to go on.",
  });
});

test("it ends with the signal's reason, and so does the task", async () => {
  const ended = Promise.withResolvers<void>();
  await using it = await answering((_options, tell, signal) => {
    tell("begun");
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        ended.resolve();
        reject(signal.reason);
      });
    });
  });
  const stop = new AbortController();
  const reason = new Error("enough");
  expect(await caught(ask(it.path, () => stop.abort(reason), stop.signal))).toBe(reason);
  await ended.promise;
});

test("a file that is no socket is nobody's", async () => {
  const path = freshPath();
  await writeFile(path, "");
  expect(await caught(ask(path))).toBeInstanceOf(NobodyAnswers);
});
