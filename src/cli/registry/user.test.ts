import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyPassword } from "../../registry/bcrypt.ts";
import { parseHtpasswd } from "../../registry/htpasswd.ts";
import { play, type TestWorld } from "../../testing/context.ts";

let cwd = "";
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "chartroom-user-"));
});
afterEach(() => rm(cwd, { recursive: true }));

const user = (args: string[], world: Partial<TestWorld> = {}) =>
  play(["registry", "user", ...args], { cwd, ...world });
const add = (name: string, ...more: string[]) =>
  user(["add", name, "--password-stdin", ...more], { input: "mypass\n" });
const usersIn = async (path: string) => parseHtpasswd(await readFile(path), path);

test("the first user makes the data directory, its owner's alone, and says what that means", async () => {
  const data = join(cwd, ".local/share/chartroom/registry");
  expect(await add("myuser")).toEqual({
    exitCode: 0,
    stdout: "User myuser added\n",
    stderr: "From its next start on the registry asks everyone to log in.\n",
  });
  expect((await stat(data)).mode & 0o777).toBe(0o700);
  expect(await verifyPassword("mypass", (await usersIn(join(data, "htpasswd"))).get("myuser") ?? "")).toBe(
    true,
  );
  expect(await add("myuser")).toEqual({ exitCode: 0, stdout: "Password of myuser changed\n", stderr: "" });
});

test("a password is asked for twice and has to be the same", async () => {
  const file = ["--htpasswd", "auth.htpasswd"];
  const asked = await user(["add", "myuser", ...file], { keys: "mypass\rmypass\r" });
  expect(asked).toEqual({ exitCode: 0, stdout: "User myuser added\n", stderr: "Password: \nRepeat it: \n" });
  expect((await user(["add", "other", ...file], { keys: "mypass\rmypas\r" })).exitCode).toBe(2);
  expect([...(await usersIn(join(cwd, "auth.htpasswd"))).keys()]).toEqual(["myuser"]);
});

test("REGISTRY_AUTH names the file here as it does for serve", async () => {
  const REGISTRY_AUTH = "{htpasswd: {realm: r, path: theirs}}";
  await user(["add", "myuser", "--password-stdin"], { input: "mypass", env: { REGISTRY_AUTH } });
  expect([...(await usersIn(join(cwd, "theirs"))).keys()]).toEqual(["myuser"]);
});

test("bad names and passwords are usage errors, a foreign directory is refused, and nothing is made", async () => {
  expect((await add("my:user", "--data", "data")).exitCode).toBe(2);
  expect((await user(["add", "myuser", "--data", "data"])).exitCode).toBe(2);
  expect(
    (await user(["add", "myuser", "--password-stdin", "--data", "data"], { input: "\n" })).exitCode,
  ).toBe(2);
  expect(await readdir(cwd)).toEqual([]);
  await mkdir(join(cwd, "home"));
  await writeFile(join(cwd, "home", ".profile"), "");
  expect((await add("myuser", "--data", "home")).exitCode).toBe(1);
  expect(await readdir(join(cwd, "home"))).toEqual([".profile"]);
});

test("users are listed sorted, and those who cannot log in are told", async () => {
  expect(await user(["list"])).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect((await user(["list", "--htpasswd", "none"])).exitCode).toBe(3);
  await writeFile(join(cwd, "auth"), "old:$apr1$x$y\n");
  await add("bob", "--htpasswd", "auth");
  const { stdout, stderr } = await user(["list", "--htpasswd", "auth"]);
  expect(stdout).toBe("bob\nold\n");
  expect(stderr).toBe("Warning: only bcrypt hashes are read, so these users cannot log in: old\n");
  const inJson = await user(["list", "--htpasswd", "auth", "-o", "json"]);
  expect(JSON.parse(inJson.stdout)).toEqual([
    { user: "bob", canLogIn: true },
    { user: "old", canLogIn: false },
  ]);
});

test("a removed user is gone, the last one with a warning; an unknown one is exit 3", async () => {
  const file = ["--htpasswd", "auth"];
  expect((await user(["remove", "myuser", ...file])).exitCode).toBe(3);
  await add("myuser", ...file);
  expect(await user(["remove", "myuser", ...file])).toEqual({
    exitCode: 0,
    stdout: "User myuser removed\n",
    stderr: `Warning: nobody can log in any more; delete ${join(cwd, "auth")} for a registry without logins\n`,
  });
  expect(await readFile(join(cwd, "auth"), "utf8")).toBe("");
});

test("the file is the one that the registry's configuration names", async () => {
  await writeFile(join(cwd, "config.yml"), "version: 0.1\nauth: {htpasswd: {realm: r, path: named}}\n");
  const env = { REGISTRY_CONFIGURATION_PATH: "config.yml" };
  const argv = ["registry", "user", "add", "bob", "--password-stdin"];
  expect((await play(argv, { cwd, env, input: "mypass" })).exitCode).toBe(0);
  expect(await readFile(join(cwd, "named"), "utf8")).toStartWith("bob:$2y$");
  const memory = await play(argv, { cwd, env: { REGISTRY_STORAGE: "inmemory" }, input: "mypass" });
  expect(memory).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--htpasswd FILE") });
});

test("sixteen processes that add users at once lose none", async () => {
  const main = join(import.meta.dir, "../../main.ts");
  const names = Array.from({ length: 16 }, (_, i) => `user${String(i).padStart(2, "0")}`);
  const children = names.map((name) =>
    Bun.spawn(
      [process.execPath, main, "registry", "user", "add", name, "--password-stdin", "--data", "data"],
      {
        cwd,
        env: { HOME: cwd },
        stdin: Buffer.from("mypass"),
        stdout: "ignore",
        stderr: "pipe",
      },
    ),
  );
  const ends = children.map(async ({ exited, stderr }) => {
    const told = await new Response(stderr).text();
    return (await exited) === 0 ? "added" : told;
  });
  expect(await Promise.all(ends)).toEqual(names.map(() => "added"));
  expect((await user(["list", "--data", "data"])).stdout).toBe(names.map((name) => `${name}\n`).join(""));
}, 60_000);
