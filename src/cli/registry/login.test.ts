import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { play, type TestWorld } from "../../testing/context.ts";
import { refuse, type TestRegistry, testRegistry } from "../../testing/registry.ts";

// A registry that lets in whoever has the password "my:pass wörd", and tells what it was sent.
const password = "my:pass wörd";
const loginOf = (user: string) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
let registry: TestRegistry;
let sent: (string | null)[] = [];
let cwd = "";
beforeEach(async () => {
  sent = [];
  registry = testRegistry((request) => {
    const authorization = request.headers.get("authorization");
    sent.push(authorization);
    return authorization === loginOf("myuser")
      ? undefined
      : refuse(401, "UNAUTHORIZED", "no", { "www-authenticate": 'Basic realm="r"' });
  });
  cwd = await mkdtemp(join(tmpdir(), "chartroom-login-"));
});
afterEach(async () => {
  await registry.stop();
  await rm(cwd, { recursive: true });
});

const login = (args: string[], world: Partial<TestWorld> = {}) =>
  play(["registry", "login", ...args, registry.host], { cwd, ...world });
const logout = (...args: string[]) => play(["registry", "logout", ...args, registry.host], { cwd });
const kept = () => join(cwd, ".config", "helm", "registry", "config.json");
const stored = async (path = kept()) => JSON.parse(await readFile(path, "utf8"));
const auths = (user = "myuser") => ({
  auths: { [registry.host]: { auth: loginOf(user).slice("Basic ".length) } },
});

test("with a name, the password is asked for without being shown, and kept once the registry has taken it", async () => {
  const { exitCode, stdout, stderr } = await login(["-u", "myuser"], { keys: `${password}\r` });
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 0,
    stdout: "Login succeeded\n",
    stderr: "Password: \n",
  });
  expect(await stored()).toEqual(auths());
  expect((await stat(kept())).mode & 0o777).toBe(0o600);
});

test("without a name, that is asked for first", async () => {
  const { stdout, stderr } = await login([], { keys: `myuser\r${password}\r` });
  expect([stdout, stderr]).toEqual(["Login succeeded\n", "Username: myuser\nPassword: \n"]);
});

test.each(["\n", "\r\n", ""])("--password-stdin takes one newline %j off the end", async (end) => {
  expect((await login(["-u", "myuser", "--password-stdin"], { input: password + end })).exitCode).toBe(0);
});

test("-p works, and warns on standard error", async () => {
  const { exitCode, stdout, stderr } = await login(["-u", "myuser", "-p", password]);
  expect([exitCode, stdout]).toEqual([0, "Login succeeded\n"]);
  expect(stderr).toBe("WARNING: Using --password via the CLI is insecure. Use --password-stdin.\n");
});

test("a wrong password is exit 4, shown nowhere, and nothing is stored", async () => {
  const { exitCode, stdout, stderr } = await login(["-u", "myuser", "--password-stdin"], {
    input: "hunter2\n",
  });
  expect([exitCode, stdout]).toEqual([4, ""]);
  expect(stderr).toStartWith(`Error: Cannot log in to ${registry.host}: `);
  expect(stderr).not.toContain("hunter2");
  expect(await readdir(cwd)).toEqual([]);
});

test.each([
  [["--password-stdin"], "secret", "Cannot ask for username: this is no terminal"],
  [["-u", "myuser"], "", "Cannot ask for password: this is no terminal"],
  [["-u", "myuser", "-p", "x", "--password-stdin"], "x", "exclude each other"],
  [["-u", "my:user", "-p", "x"], "", 'Cannot log in as "my:user"'],
  [["-u", "", "-p", "x"], "", "the name is empty"],
  [["-u", "myuser", "--password-stdin"], "\n", "the password is empty"],
  [["-u", "myuser", "--password-stdin"], new Uint8Array([0xff]), "it is not UTF-8"],
])("login %j with input %j is a usage error: %s", async (args, input, why) => {
  const { exitCode, stderr } = await login(args, { input });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(why);
  expect(sent).toEqual([]);
});

test.each(["http://localhost:5000", "localhost:5000/myrepo", "oci://localhost:5000", ""])(
  "%j is no host to log in to or out from",
  async (host) => {
    expect((await play(["registry", "login", "-u", "u", "-p", "x", host], { cwd })).exitCode).toBe(2);
    expect((await play(["registry", "logout", host], { cwd })).exitCode).toBe(2);
  },
);

test("Ctrl-C at the prompt is exit 130, and nothing is sent", async () => {
  expect((await login(["-u", "myuser"], { keys: "sec\x03" })).exitCode).toBe(130);
  expect(sent).toEqual([]);
});

test("--registry-config and HELM_REGISTRY_CONFIG say where; a broken file is refused and kept", async () => {
  const given = { input: password };
  await login(["-u", "myuser", "--password-stdin", "--registry-config", "flag.json"], given);
  await login(["-u", "myuser", "--password-stdin"], {
    ...given,
    env: { HELM_REGISTRY_CONFIG: join(cwd, "env.json") },
  });
  expect(await stored(join(cwd, "flag.json"))).toEqual(auths());
  expect(await stored(join(cwd, "env.json"))).toEqual(auths());
  await writeFile(join(cwd, "flag.json"), "{");
  const broken = await login(["-u", "myuser", "--password-stdin", "--registry-config", "flag.json"], given);
  expect(broken.exitCode).toBe(1);
  expect(broken.stderr).toContain(`Cannot parse ${join(cwd, "flag.json")}`);
  expect(await readFile(join(cwd, "flag.json"), "utf8")).toBe("{");
});

test("logout forgets the login in our file and leaves Docker's; a second one is exit 3", async () => {
  await login(["-u", "myuser", "--password-stdin"], { input: password });
  const docker = join(cwd, ".docker", "config.json");
  await Bun.write(docker, JSON.stringify(auths()));
  expect(await logout()).toEqual({ exitCode: 0, stdout: "Logout succeeded\n", stderr: "" });
  expect(await stored()).toEqual({ auths: {} });
  expect(await logout()).toEqual({
    exitCode: 3,
    stdout: "",
    stderr: `Error: not logged in to ${registry.host}\n`,
  });
  expect(await stored(docker)).toEqual(auths());
});

test("-o json and -q", async () => {
  const given = ["-u", "myuser", "--password-stdin"];
  const inJson = await login([...given, "-o", "json"], { input: password });
  expect(JSON.parse(inJson.stdout)).toEqual({
    registry: registry.host,
    username: "myuser",
    status: "succeeded",
  });
  expect((await login([...given, "-q"], { input: password })).stdout).toBe("");
  expect(JSON.parse((await logout("-o", "json")).stdout)).toEqual({
    registry: registry.host,
    status: "removed",
  });
  expect(JSON.parse((await logout("-o", "json")).stderr)).toEqual({
    error: { code: "not_found", message: `not logged in to ${registry.host}`, hint: null },
  });
});

test("two processes that log in at once keep both logins", async () => {
  const second = testRegistry();
  const main = join(import.meta.dir, "../../main.ts");
  const children = [registry.host, second.host].map((host) =>
    Bun.spawn([process.execPath, main, "registry", "login", "-u", "myuser", "--password-stdin", host], {
      cwd,
      env: { HOME: cwd },
      stdin: Buffer.from(password),
      stdout: "ignore",
      stderr: "inherit",
    }),
  );
  expect(await Promise.all(children.map(({ exited }) => exited))).toEqual([0, 0]);
  expect(Object.keys((await stored()).auths).sort()).toEqual([registry.host, second.host].sort());
  await second.stop();
});
