import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf, failureOf } from "../../testing/errors.ts";
import { openUsers } from "./users.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-users-"));
});
afterAll(() => rm(root, { recursive: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
const silent = () => {};

test("a file that configuration names is made with a user docker, whose password is told once", async () => {
  const path = join(root, "made", "htpasswd");
  const told: [string, Readonly<Record<string, string>>][] = [];
  const open = () =>
    openUsers({ path, realm: "r", namedBy: "configuration" }, silent, (...said) => told.push(said));
  const authenticator = await open();
  const password = told[0]?.[1]?.password ?? "";
  expect(told).toEqual([[`${path} was missing and is made, with one user`, { user: "docker", password }]]);
  // 32 random bytes in base64url.
  expect(password).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(await readFile(path, "utf8")).toMatch(/^docker:\$2y\$10\$\S{53}\n$/);
  expect([await modeOf(path), await modeOf(join(root, "made"))]).toEqual([0o600, 0o700]);
  expect(await authenticator?.authenticate("docker", password)).toBe(true);
  expect(await authenticator?.authenticate("docker", `${password}x`)).toBe(false);
  const again = await open();
  expect(told).toHaveLength(1);
  expect(await again?.authenticate("docker", password)).toBe(true);
});

test("a directory that is there keeps its mode, and a file that is there its users", async () => {
  const folder = join(root, "there");
  await mkdir(folder, { mode: 0o755 });
  const path = join(folder, "htpasswd");
  await openUsers({ path, realm: "r", namedBy: "configuration" }, silent, silent);
  expect(await modeOf(folder)).toBe(0o755);
  await writeFile(path, "# nobody\n");
  const told: string[] = [];
  const tell = (message: string) => told.push(message);
  await openUsers({ path, realm: "r", namedBy: "configuration" }, tell, tell);
  expect([told, await readFile(path, "utf8")]).toEqual([[], "# nobody\n"]);
});

test("one that a flag names must be there; a default one means nothing while it is not", async () => {
  const path = join(root, "none");
  expect(await codeOf(openUsers({ path, realm: "r", namedBy: "flag" }, silent, silent))).toBe("invalid");
  expect(await openUsers({ path, realm: "r", namedBy: "nobody" }, silent, silent)).toBeUndefined();
  expect(await Bun.file(path).exists()).toBe(false);
});

test("a directory in the place of the file is named", async () => {
  const opened = openUsers({ path: root, realm: "r", namedBy: "configuration" }, silent, silent);
  expect(String(await failureOf(opened))).toContain(`Cannot read users from ${root}: it is a directory`);
});
