import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { play, type TestWorld } from "../../testing/context.ts";
import { writeKeychain } from "../../testing/helpers.ts";
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
  [["-u", "", "--password-stdin"], "\n", "the token is empty"],
  [["--explain", "-u", "x"], "", "--explain"],
  [["-u", "myuser", "--password-stdin"], "\n", "the password is empty"],
  [["-u", "myuser", "--password-stdin"], new Uint8Array([0xff]), "it is not UTF-8"],
])("login %j with input %j is a usage error: %s", async (args, input, why) => {
  const { exitCode, stderr } = await login(args, { input });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(why);
  expect(sent).toEqual([]);
});

test.each(["http://localhost:5000", "localhost:5000/", "localhost:5000/My", "oci://localhost:5000/a", ""])(
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
  const still = `${docker} still logs in to ${registry.host} as myuser.\n`;
  expect(await logout()).toEqual({ exitCode: 0, stdout: "Logout succeeded\n", stderr: `Note: ${still}` });
  expect(await stored()).toEqual({ auths: {} });
  expect(await logout()).toEqual({
    exitCode: 3,
    stdout: "",
    stderr: `Error: not logged in to ${registry.host}\nHint: But ${still}`,
  });
  expect(await stored(docker)).toEqual(auths());
  await rm(docker);
  expect((await logout()).stderr).toBe(`Error: not logged in to ${registry.host}\n`);
});

test("a login of a path is kept under it, and goes where its path goes", async () => {
  const given = ["-u", "myuser", "--password-stdin"];
  const path = `${registry.host}/team/charts`;
  const played = await play(["registry", "login", ...given, path, "-o", "json"], { cwd, input: password });
  expect(JSON.parse(played.stdout)).toMatchObject({ registry: registry.host, path: "team/charts" });
  expect(Object.keys((await stored()).auths)).toEqual([path]);
  const pull = (repository: string) => play(["chart", "pull", `${registry.host}/${repository}:1`], { cwd });
  expect((await pull("team/charts/x")).exitCode).toBe(3);
  expect((await pull("team/chart")).exitCode).toBe(4);
  expect((await logout()).exitCode).toBe(3);
  expect((await play(["registry", "logout", path], { cwd })).exitCode).toBe(0);
});

describe("an identity token", () => {
  /** A registry whose token server takes "refresh" for a token, and nothing else. */
  const tokens = (realm = "/token") => {
    const made: TestRegistry = testRegistry(async (request, url) => {
      if (url.pathname === "/token")
        return new URLSearchParams(await request.text()).get("refresh_token") === "refresh"
          ? Response.json({ access_token: "good" })
          : Response.json({ error: "invalid_grant" }, { status: 400 });
      if (request.headers.get("authorization") === "Bearer good") return undefined;
      const challenge = `Bearer realm="${made.origin}${realm}",service="s"`;
      return refuse(401, "UNAUTHORIZED", "log in", { "www-authenticate": challenge });
    });
    return made;
  };

  test("is asked for where the name is empty, and kept as one", async () => {
    const made = tokens();
    const typed = (keys: string) => play(["registry", "login", made.host], { cwd, keys });
    const wrong = await typed("\rwrong\r");
    expect([wrong.exitCode, wrong.stdout]).toEqual([4, ""]);
    expect(wrong.stderr).toContain("the registry refused the login of a token");
    expect(wrong.stderr).not.toContain("wrong");
    expect(await typed("\rrefresh\r")).toEqual({
      exitCode: 0,
      stdout: "Login succeeded\n",
      stderr: "Username: \nToken: \n",
    });
    expect(await stored()).toEqual({ auths: { [made.host]: { identitytoken: "refresh" } } });
    expect((await play(["chart", "pull", `${made.host}/a/b:1`], { cwd })).exitCode).toBe(3);
    await made.stop();
  });

  test("is given with an empty name on the command line too", async () => {
    const made = tokens();
    const args = ["registry", "login", "-u", "", "--password-stdin", made.host];
    expect((await play(args, { cwd, input: "refresh\n" })).exitCode).toBe(0);
    await made.stop();
  });
});

test("a configured helper keeps the login and forgets it", async () => {
  const bin = join(cwd, "bin");
  await writeKeychain(bin, "chain");
  await Bun.write(kept(), JSON.stringify({ credsStore: "chain" }));
  const world = { cwd, env: { PATH: `${bin}:/usr/bin:/bin` } };
  const args = ["registry", "login", "-u", "myuser", "--password-stdin", registry.host];
  expect((await play(args, { ...world, input: password })).exitCode).toBe(0);
  expect(await stored()).toEqual({ credsStore: "chain", auths: { [registry.host]: {} } });
  const pull = ["chart", "pull", `${registry.host}/my/repo:1`];
  expect((await play(pull, world)).exitCode).toBe(3);
  expect((await play(["registry", "logout", registry.host], world)).exitCode).toBe(0);
  expect(await stored()).toEqual({ credsStore: "chain", auths: {} });
  expect((await play(pull, world)).exitCode).toBe(4);
});

test("push and pull take a login for themselves, which is kept nowhere", async () => {
  const pull = (...args: string[]) =>
    play(["chart", "pull", `${registry.host}/my/repo:1`, ...args], { cwd, input: password });
  expect((await pull("-u", "myuser", "--password-stdin")).exitCode).toBe(3);
  const refused = await pull("-u", "other", "--password-stdin");
  expect(refused.exitCode).toBe(4);
  expect(refused.stderr).toContain("other (from the command line)");
  expect((await pull("-u", "myuser")).stderr).toContain("--username and --password-stdin go together");
  expect(await readFile(kept(), "utf8").catch(() => "none")).toBe("none");
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
