import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem as fs } from "../files/filesystem.ts";
import { codeOf } from "../testing/errors.ts";
import { Attempts } from "./attempts.ts";
import { openHtpasswd } from "./authenticator.ts";
import { costOf, dummyHash } from "./bcrypt.ts";

let root = "";
let path = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-auth-"));
  path = join(root, "htpasswd");
});
afterAll(() => rm(root, { recursive: true }));

// A hash of cost n, told apart by its last letter but one; the stand-in for bcrypt says yes to the password "pw<letter>".
const hashOf = (letter: string, cost = 10) => `${dummyHash(cost).slice(0, -2)}${letter}.`;

let time = 0;
let warnings: string[] = [];
let compared: string[] = [];
beforeEach(async () => {
  time = 0;
  warnings = [];
  compared = [];
  await writeFile(path, `ann:${hashOf("a")}\nbob:${hashOf("b")}\nold:$apr1$x$y\n`);
});
const verify = async (password: string, hash: string) => {
  compared.push(hash);
  await Bun.sleep(1);
  return password === `pw${hash.at(-2)}`;
};
const open = (attempts?: Attempts) =>
  openHtpasswd({
    ...{ path, realm: "r", fs, now: () => time, verify, attempts },
    warn: (message) => warnings.push(message),
  });

test("a right password passes once verified, and is then remembered for ten minutes", async () => {
  const { realm, authenticate } = await open();
  expect(realm).toBe("r");
  expect(await authenticate("ann", "pwa")).toBe(true);
  expect(await authenticate("ann", "pwa")).toBe(true);
  expect(compared).toEqual([hashOf("a")]);
  time = 10 * 60 * 1000;
  expect(await authenticate("ann", "pwa")).toBe(true);
  expect(compared).toHaveLength(2);
});

test("a thousand passwords are remembered, and the oldest goes first", async () => {
  await writeFile(path, Array.from({ length: 1001 }, (_, i) => `u${i}:${hashOf("a")}\n`).join(""));
  const options = { path, realm: "r", fs, warn() {}, now: () => time };
  const yes = async (_password: string, hash: string) => compared.push(hash) > 0;
  const { authenticate } = await openHtpasswd({ ...options, verify: yes });
  for (let i = 0; i < 1001; i++) await authenticate(`u${i}`, "x");
  await authenticate("u1", "x");
  expect(compared).toHaveLength(1001);
  await authenticate("u0", "x");
  expect(compared).toHaveLength(1002);
});

test("wrong passwords and unknown users each cost a verification, every time", async () => {
  const { authenticate } = await open();
  for (const [user, password] of [
    ["ann", "pwb"],
    ["ann", "pwb"],
    ["eve", "pwa"],
    ["eve", "pw."],
    ["old", "pw."],
    ["", ""],
  ] as const)
    expect(await authenticate(user, password)).toBe(false);
  // The last letter of the dummy is ".", so that "pw." passes the comparison: the user is unknown all the same.
  expect(compared).toEqual([hashOf("a"), hashOf("a"), ...Array<string>(4).fill(hashOf("."))]);
});

test("a failure costs the same for everyone, though the file has several costs", async () => {
  await writeFile(path, `a:${hashOf("a", 5)}\nb:${hashOf("b", 12)}\nc:${hashOf("c", 5)}\nold:$apr1$x$y\n`);
  const { authenticate } = await open();
  for (const user of ["a", "b", "c", "old", "eve"]) {
    compared = [];
    expect(await authenticate(user, "x")).toBe(false);
    expect(compared.map(costOf).sort()).toEqual([12, 5]);
  }
  compared = [];
  expect(await authenticate("a", "pwa")).toBe(true);
  expect(compared).toEqual([hashOf("a", 5)]);
});

test("one password asked for many times at once is verified once, different ones a few at a time", async () => {
  let most = 0;
  let now = 0;
  const counting = async (password: string, hash: string) => {
    most = Math.max(most, ++now);
    await verify(password, hash);
    now--;
    return true;
  };
  const { authenticate } = await openHtpasswd({
    path,
    realm: "r",
    fs,
    warn() {},
    now: () => time,
    verify: counting,
  });
  expect(await Promise.all(Array.from({ length: 20 }, () => authenticate("ann", "pwa")))).toEqual(
    Array(20).fill(true),
  );
  expect(compared).toHaveLength(1);
  await Promise.all(Array.from({ length: 20 }, (_, i) => authenticate("ann", `${i}`)));
  expect(compared).toHaveLength(21);
  expect(most).toBeLessThanOrEqual(Math.max(1, availableParallelism() / 2));
});

test("a removed user, a changed password and a new user count within a second, though they were remembered", async () => {
  const { authenticate } = await open();
  expect(await authenticate("ann", "pwa")).toBe(true);
  expect(await authenticate("bob", "pwb")).toBe(true);
  await writeFile(path, `bob:${hashOf("c")}\nnew:${hashOf("n")}\n`);
  time = 1000;
  expect(await authenticate("ann", "pwa")).toBe(false);
  expect(await authenticate("bob", "pwb")).toBe(false);
  expect(await authenticate("bob", "pwc")).toBe(true);
  expect(await authenticate("new", "pwn")).toBe(true);
});

test("a broken or missing new version keeps the old users and is told once; a mended one counts", async () => {
  const { authenticate } = await open();
  warnings = [];
  for (const ruin of [() => writeFile(path, "broken"), () => rm(path)]) {
    await ruin();
    for (let i = 0; i < 3; i++) {
      time += 1000;
      expect(await authenticate("ann", "pwa")).toBe(true);
    }
  }
  expect(warnings).toEqual([
    `Cannot read users from ${path}: line 1 has no ":"; the users known before stay`,
    expect.stringContaining("ENOENT"),
  ]);
  await writeFile(path, `bob:${hashOf("b")}\n`);
  time += 1000;
  expect(await authenticate("ann", "pwa")).toBe(false);
});

test("users who can never log in are named at the start", async () => {
  await open();
  expect(warnings).toEqual([`${path}: only bcrypt hashes are read, so these users cannot log in: old`]);
});

test("a file that is missing or broken at the start is an error", async () => {
  await writeFile(path, "broken");
  expect(await codeOf(open())).toBe("invalid");
  await rm(path);
  expect(open()).rejects.toThrow("ENOENT");
});

test("real bcrypt: only the right password passes", async () => {
  const hash = await Bun.password.hash("mypass", { algorithm: "bcrypt", cost: 4 });
  await writeFile(path, `ann:${hash}\n`);
  const { authenticate } = await openHtpasswd({ path, realm: "r", fs, warn() {}, now: () => time });
  expect(await authenticate("ann", "mypass")).toBe(true);
  expect(await authenticate("ann", "mypas")).toBe(false);
  expect(await authenticate("ann", "")).toBe(false);
  expect(await authenticate("eve", "mypass")).toBe(false);
});

test("who is wrong too often from one address is turned away unheard, until some time has passed", async () => {
  const { authenticate } = await open(new Attempts(3, () => time));
  const [here, there] = ["192.0.2.1", "192.0.2.2"];
  expect(await authenticate("bob", "pwb", here)).toBe(true);
  // Many at once are no way around, and it is no matter whose passwords are guessed.
  const guesses = Array.from({ length: 5 }, (_, i) => authenticate(i < 3 ? "ann" : "bob", `${i}`, here));
  const outcomes = await Promise.allSettled(guesses);
  expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual([true, true, true, false, false]);
  const count = compared.length;
  await expect(authenticate("ann", "pwa", here)).rejects.toMatchObject({
    fault: "requestsTooMany",
    retryAfter: 20_000,
  });
  expect(compared).toHaveLength(count);
  // Who is known already is heard, and so is everybody elsewhere.
  expect(await authenticate("bob", "pwb", here)).toBe(true);
  expect(await authenticate("ann", "wrong", there)).toBe(false);
  time += 20_000;
  expect(await authenticate("ann", "pwa", here)).toBe(true);
});

test("whoever is right does not count", async () => {
  const { authenticate } = await open(new Attempts(1, () => time));
  for (const [user, password] of [
    ["ann", "pwa"],
    ["bob", "pwb"],
  ] as const)
    expect(await authenticate(user, password, "192.0.2.1")).toBe(true);
  expect(compared).toHaveLength(2);
});

test("who comes when very many wait is told to come again, without a hash", async () => {
  const { authenticate } = await open();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 130 }, (_, i) => authenticate("ann", `guess ${i}`)),
  );
  const refused = outcomes.filter(({ status }) => status === "rejected");
  expect(refused).toEqual([
    { status: "rejected", reason: expect.objectContaining({ code: "busy" }) },
    { status: "rejected", reason: expect.objectContaining({ code: "busy" }) },
  ]);
  expect(await authenticate("ann", "pwa")).toBe(true);
});
