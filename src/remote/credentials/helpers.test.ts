import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { codeOf, failureOf } from "../../testing/errors.ts";
import { writeHelper, writeKeychain } from "../../testing/helpers.ts";
import { CredentialHelpers } from "./helpers.ts";

let bin = "";
beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), "chartroom-helpers-"));
});
afterAll(() => rm(bin, { recursive: true }));

const helpers = (timeout = 20_000, signal?: AbortSignal) =>
  new CredentialHelpers({ env: { PATH: `${bin}:/usr/bin:/bin` }, timeout, signal });
let count = 0;
/** What `get` gives with a helper of this script. */
const answerTo = async (script: string, timeout?: number) => {
  const suffix = `s${++count}`;
  await writeHelper(bin, suffix, script);
  return helpers(timeout).get(suffix, "a.example");
};
const messageOf = async (work: Promise<unknown>) =>
  ((await failureOf(work)) as Error | undefined)?.message.replace(/^docker-credential-s\d+: /, "");

describe("a helper", () => {
  test("is told the server on standard input, which then ends, and gives user and secret", async () => {
    const script = `[ "$1" = get ] && printf '{"ServerURL":"%s","Username":"me","Secret":"p:w€"}\\n' "$(cat)"`;
    expect(await answerTo(script)).toEqual({ username: "me", password: "p:w€" });
  });

  test("says with <token> that it is an identity token", async () => {
    expect(await answerTo(`echo '{"Username":"<token>","Secret":"t"}'`)).toEqual({
      username: "",
      identityToken: "t",
    });
  });

  test("that reads nothing of what it is told is heard nevertheless", async () => {
    expect(await answerTo(`exec <&-; echo '{"Username":"me","Secret":"s"}'`)).toMatchObject({
      username: "me",
    });
  });

  test.each([
    "echo '  credentials not found in native keychain'; exit 1",
    `echo '{"Username":"","Secret":""}'`,
  ])("has no login: %s", async (script) => {
    expect(await answerTo(script)).toBeUndefined();
  });

  test("that lets wait is told of, and is waited for", async () => {
    const said = join(bin, "said");
    await writeHelper(
      bin,
      "slow",
      `while [ ! -e ${said} ]; do sleep 0.01; done; echo '{"Username":"me","Secret":"s"}'`,
    );
    const told: string[] = [];
    const onWait = (program: string) => {
      told.push(program);
      writeFileSync(said, "");
    };
    const slow = new CredentialHelpers({ env: { PATH: `${bin}:/usr/bin:/bin` }, onWait, longWait: 1 });
    expect(await slow.get("slow", "a.example")).toMatchObject({ username: "me" });
    expect(told).toEqual(["docker-credential-slow"]);
  });

  test.each([
    ["echo rubbish", "its answer is no JSON object"],
    ["true", "its answer is no JSON object"],
    [`echo '["a"]'`, "its answer is no JSON object"],
    [`echo '{"Username":"me"}'`, "its answer has no Username and Secret"],
    ["echo; echo 'error  getting\tcredentials'; exit 1", '"error getting credentials"'],
    ["echo log >&2; exit 3", "it failed (exit 3)"],
    ["kill -9 $$", "it failed (exit by signal)"],
    [`echo '{"Username":"me","Secret":"hunter2"}'; exit 1`, "it failed (exit 1)"],
    ["head -c 100000 /dev/zero", "it printed more than 64 KiB"],
  ])("that is broken says how: %s", async (script, says) => {
    const work = answerTo(script);
    expect(await messageOf(work)).toBe(says);
    expect(await codeOf(work)).toBe("storage");
  });

  test("that hangs is given up, and what it left running is not waited for", async () => {
    expect(await messageOf(answerTo("sleep 100 & sleep 100", 200))).toBe("no answer within 0.2 s");
  });

  test("that hangs is stopped by the user", async () => {
    await writeHelper(bin, "hangs", "sleep 100");
    const controller = new AbortController();
    const work = failureOf(helpers(60_000, controller.signal).get("hangs", "a.example"));
    controller.abort();
    expect(await work).toMatchObject({ name: "AbortError" });
  });

  test("is run without a shell, by a plain name, from an absolute directory", async () => {
    expect(await messageOf(helpers().get("../x; rm -rf .", "a"))).toContain("that is no helper's name");
    expect(await messageOf(helpers().get("none", "a"))).toContain("it is not on PATH");
    await writeKeychain(bin, "here", { "a.example": ["me", "s"] });
    const get = (path: string) =>
      failureOf(new CredentialHelpers({ env: { PATH: path } }).get("here", "a.example"));
    const before = process.cwd();
    process.chdir(join(bin, ".."));
    try {
      for (const path of ["", ".", "::", basename(bin)])
        expect(await get(path)).toMatchObject({ code: "storage" });
    } finally {
      process.chdir(before);
    }
    await writeKeychain(bin, "plain");
    await helpers().get("plain", '$(touch x) "; exit');
    expect(await readFile(join(bin, "plain.log"), "utf8")).toBe('get $(touch x) "; exit\n');
  });

  test("is asked once for each login, until that changes", async () => {
    await writeKeychain(bin, "once", { a: ["me", "1"] });
    const asked = helpers();
    const calls = async () => (await readFile(join(bin, "once.log"), "utf8")).trim().split("\n");
    await Promise.all([asked.get("once", "a"), asked.get("once", "a"), asked.get("once", "b")]);
    expect((await calls()).sort()).toEqual(["get a", "get b"]);
    await asked.store("once", "a", { username: "me", password: "2" });
    expect(await asked.get("once", "a")).toEqual({ username: "me", password: "2" });
    await asked.store("once", "b", { username: "", identityToken: "t" });
    expect(await asked.get("once", "b")).toEqual({ username: "", identityToken: "t" });
    await asked.erase("once", "a");
    expect(await asked.get("once", "a")).toBeUndefined();
    expect(await calls()).toContain('store {"ServerURL":"b","Username":"<token>","Secret":"t"}');
  });
});
