import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { nodeFileSystem as fs } from "../files/filesystem.ts";
import { codeOf } from "../testing/errors.ts";
import { costOf, dummyHash, hashPassword, verifyPassword } from "./bcrypt.ts";
import {
  parseHtpasswd,
  parsePassword,
  parseUserName,
  removeUser,
  setUser,
  usersWithoutBcrypt,
} from "./htpasswd.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const hash = dummyHash(10);

test("the file is read as Distribution reads it", () => {
  const users = parseHtpasswd(
    bytes(`# people\n\n  ann:${hash}  \r\n\t# more\nbob:$apr1$x$y:z\nann:${dummyHash(5)}\n:nobody`),
    "f",
  );
  expect([...users]).toEqual([
    ["ann", dummyHash(5)],
    ["bob", "$apr1$x$y:z"],
    ["", "nobody"],
  ]);
  expect(usersWithoutBcrypt(users)).toEqual(["bob", ""]);
});

test("a line without a colon fails the whole file, by its number and without its text", () => {
  expect(() => parseHtpasswd(bytes(`ann:${hash}\n\nhunter2\n`), "auth")).toThrow(
    'Cannot read users from auth: line 3 has no ":"',
  );
  expect(() => parseHtpasswd(new Uint8Array([0x61, 0x3a, 0xff]), "auth")).toThrow("not UTF-8");
});

test.each([
  ["$2a$05$", 5],
  ["$2b$10$", 10],
  ["$2y$31$", 31],
  ["$2x$10$", undefined],
  ["$2y$03$", undefined],
  ["$2y$32$", undefined],
  ["$apr1$", undefined],
])("a hash with %s has cost %p", (prefix, cost) => {
  expect(costOf(prefix + hash.slice(7))).toBe(cost);
});

test("a hash is one exactly where it can be compared with", async () => {
  const letters = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (const end of [29, 60])
    for (const letter of letters) {
      const odd = dummyHash(4).slice(0, end - 1) + letter + dummyHash(4).slice(end);
      const isCompared = await verifyPassword("a", odd).then(
        () => true,
        () => false,
      );
      expect([odd, costOf(odd) !== undefined]).toEqual([odd, isCompared]);
    }
});

test.each(["", "a:b", "a\nb", "a\x7f", "#a", " a", "a "])("%j is no user name", async (name) => {
  expect(await codeOf(() => parseUserName(name))).toBe("usage");
});

test("a password that could not be used, or not all of it, is refused without being shown", () => {
  for (const password of ["", "a\nb", "x".repeat(73), "é".repeat(37)]) {
    expect(() => parsePassword(password)).toThrow("Cannot use this password");
    if (password !== "") expect(() => parsePassword(password)).not.toThrow(password);
  }
  expect(parsePassword("é".repeat(36))).toBe("é".repeat(36));
});

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-htpasswd-"));
});
afterAll(() => rm(root, { recursive: true }));

test("other lines and their order stay when a user is set and removed", async () => {
  const path = join(root, "kept");
  await writeFile(path, "# people\nann:1\n\nbob:2\nann:3");
  const [ann, cid] = [parseUserName("ann"), parseUserName("cid")];
  expect(await setUser(fs, path, ann, "4")).toBe("changed");
  expect(await readFile(path, "utf8")).toBe("# people\nann:4\n\nbob:2");
  expect(await setUser(fs, path, cid, "5")).toBe("added");
  expect(await readFile(path, "utf8")).toBe("# people\nann:4\n\nbob:2\ncid:5\n");
  expect(await removeUser(fs, path, ann)).toBe(2);
  expect(await readFile(path, "utf8")).toBe("# people\n\nbob:2\ncid:5\n");
  expect(await removeUser(fs, path, ann)).toBeUndefined();
});

test("a new file is its owner's alone; a missing one is not made by a removal; a broken one is left", async () => {
  const path = join(root, "made", "htpasswd");
  expect(await removeUser(fs, path, parseUserName("ann"))).toBeUndefined();
  expect(await stat(join(root, "made")).catch(() => "none")).toBe("none");
  await setUser(fs, path, parseUserName("ann"), "1");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await writeFile(path, "broken");
  expect(await codeOf(setUser(fs, path, parseUserName("ann"), "1"))).toBe("invalid");
  expect(await readFile(path, "utf8")).toBe("broken");
});

test("what is set is read back, whatever the name", async () => {
  const path = join(root, "names");
  const names = fc.string({ unit: "grapheme", minLength: 1 }).filter((name) => {
    try {
      return parseUserName(name) === name;
    } catch {
      return false;
    }
  });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(names, { minLength: 1, maxLength: 4 }), async (users) => {
      await rm(path, { force: true });
      for (const user of users) await setUser(fs, path, parseUserName(user), `hash of ${user.length}`);
      expect([...parseHtpasswd(await readFile(path), path).keys()]).toEqual(users);
    }),
    { numRuns: 20 },
  );
});

const apache = Bun.which("htpasswd");

test.if(apache !== null)("Apache's htpasswd and we read each other", async () => {
  const path = join(root, "apache");
  const run = (...args: string[]) => Bun.spawnSync([apache ?? "", ...args]).exitCode;
  const long = "é".repeat(40); // 80 bytes: only 72 count
  expect(run("-cBb", path, "ann", "secret")).toBe(0);
  expect(run("-Bb", path, "long", long)).toBe(0);
  expect(run("-bm", path, "md5", "secret")).toBe(0);
  await setUser(fs, path, parseUserName("bob"), await hashPassword("pässword"));
  const users = parseHtpasswd(await readFile(path), path);
  expect(await verifyPassword("secret", users.get("ann") ?? "")).toBe(true);
  expect(await verifyPassword("Secret", users.get("ann") ?? "")).toBe(false);
  expect(await verifyPassword(long, users.get("long") ?? "")).toBe(true);
  expect(usersWithoutBcrypt(users)).toEqual(["md5"]);
  expect(run("-vb", path, "bob", "pässword")).toBe(0);
  expect(run("-vb", path, "bob", "password")).not.toBe(0);
  expect(run("-vb", path, "ann", "secret")).toBe(0);
});
