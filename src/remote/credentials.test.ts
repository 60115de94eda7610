import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { nodeFileSystem as fs } from "../files/filesystem.ts";
import { parseRegistryHost } from "../oci/reference.ts";
import { codeOf } from "../testing/errors.ts";
import { credentialFiles, findCredential, removeCredential, storeCredential } from "./credentials.ts";

const home = "/home/me";
test.each([
  ["linux", {}, "/home/me/.config/helm/registry/config.json"],
  ["darwin", {}, "/home/me/Library/Preferences/helm/registry/config.json"],
  ["win32", { APPDATA: "/data" }, "/data/helm/registry/config.json"],
  ["darwin", { XDG_CONFIG_HOME: "/xdg" }, "/xdg/helm/registry/config.json"],
  ["linux", { XDG_CONFIG_HOME: "/xdg", HELM_CONFIG_HOME: "/helm" }, "/helm/registry/config.json"],
  ["linux", { HELM_CONFIG_HOME: "/helm", HELM_REGISTRY_CONFIG: "/here" }, "/here"],
  ["linux", { HELM_REGISTRY_CONFIG: "" }, "/home/me/.config/helm/registry/config.json"],
] as const)("on %s with %j logins are kept in %s", (platform, env, own) => {
  expect(credentialFiles({ env, platform, home })).toEqual({ own, docker: "/home/me/.docker/config.json" });
});

test("--registry-config goes before the environment, DOCKER_CONFIG is a directory", () => {
  const env = { HELM_REGISTRY_CONFIG: "/here", DOCKER_CONFIG: "/docker" };
  expect(credentialFiles({ env, platform: "linux", home, registryConfig: "/there" })).toEqual({
    own: "/there",
    docker: "/docker/config.json",
  });
});

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-credentials-"));
});
afterAll(() => rm(root, { recursive: true }));

const host = parseRegistryHost("localhost:5000");
const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });
let count = 0;
async function fileOf(config: unknown): Promise<string> {
  const path = join(root, `config${++count}.json`);
  await writeFile(path, typeof config === "string" ? config : JSON.stringify(config));
  return path;
}

/** What is found in files of these contents, as `user:password`, and the warnings. */
async function find(name: string, ...configs: unknown[]) {
  const paths = await Promise.all(configs.map(fileOf));
  const warnings: string[] = [];
  const found = await findCredential(fs, paths, parseRegistryHost(name), (message) => warnings.push(message));
  return {
    login: found && `${found.username}:${found.password}`,
    file: found && paths.indexOf(found.source),
    warnings: warnings.map((warning) => warning.replaceAll(root, "")),
  };
}

test.each([
  ["localhost:5000", { "localhost:5000": auth("me:pass:word") }, "me:pass:word"],
  ["localhost:5000", { "http://localhost:5000": auth("a:1"), "localhost:5000": auth("b:2") }, "b:2"],
  ["localhost:5000", { "https://localhost:5000/v2/": auth("a:1") }, "a:1"],
  ["localhost:5000", { "localhost:5001": auth("a:1"), localhost: auth("b:2") }, undefined],
  ["localhost:5000", { "localhost:5000/team": auth("a:1") }, undefined],
  ["docker.io", { "https://index.docker.io/v1/": auth("hub:1") }, "hub:1"],
  ["registry-1.docker.io", { "index.docker.io": auth("hub:1") }, "hub:1"],
  ["a.example", { "a.example": { username: "old", password: "way" } }, "old:way"],
  ["a.example", { "a.example": { ...auth("new:1"), username: "old", password: "way" } }, "new:1"],
  ["a.example", { "a.example": auth("nul:1\0\0") }, "nul:1"],
  ["a.example", { "a.example": auth("grüß:dich€") }, "grüß:dich€"],
  ["a.example", { "a.example": {} }, undefined],
  ["a.example", { "a.example": auth("token:") }, undefined],
])("for %s in %j it is %p", async (name, auths, login) => {
  expect(await find(name, { auths })).toEqual({ login, file: login && 0, warnings: [] } as never);
});

test("the first file that has a login counts; broken files and entries are told and passed by", async () => {
  const mine = { auths: { "localhost:5000": auth("me:1") } };
  expect((await find("localhost:5000", { auths: { other: auth("a:1") } }, mine)).file).toBe(1);
  expect((await find("localhost:5000", mine, "{")).warnings).toEqual([]);
  for (const broken of [
    "{",
    "[]",
    { auths: { "localhost:5000": { auth: "%" } } },
    { auths: { "localhost:5000": auth("x") } },
  ]) {
    const { login, warnings } = await find("localhost:5000", broken, mine);
    expect(login).toBe("me:1");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^Cannot (parse|read the login in) \/config\d+\.json/);
  }
});

test("a missing, an empty and an unreadable file stop nobody", async () => {
  expect(await find("localhost:5000", "", "\n", {}, { auths: null })).toMatchObject({
    login: undefined,
    warnings: [],
  });
  const warnings: string[] = [];
  await findCredential(fs, [join(root, "none"), root], host, (message) => warnings.push(message));
  expect(warnings).toEqual([expect.stringContaining(`Cannot read ${root}: EISDIR`)]);
});

test("a new file is Docker's format with tabs, for its owner alone", async () => {
  const path = join(root, "helm", "registry", "config.json");
  await storeCredential(fs, path, host, { username: "myuser", password: "my:pass" });
  expect(await readFile(path, "utf8")).toBe(
    '{\n\t"auths": {\n\t\t"localhost:5000": {\n\t\t\t"auth": "bXl1c2VyOm15OnBhc3M="\n\t\t}\n\t}\n}',
  );
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("what else is in the file stays, in its order and indentation, through login and logout", async () => {
  const before = {
    HttpHeaders: { "X-Meta": "a" },
    auths: { "a.example": { ...auth("a:1"), email: "x" } },
    credsStore: "pass",
  };
  const path = await fileOf(`${JSON.stringify(before, null, "  ")}\n`);
  await storeCredential(fs, path, host, { username: "u", password: "p" });
  const after = { ...before, auths: { ...before.auths, "localhost:5000": auth("u:p") } };
  expect(await readFile(path, "utf8")).toBe(`${JSON.stringify(after, null, "  ")}\n`);
  expect(await removeCredential(fs, path, host)).toBe(true);
  expect(await readFile(path, "utf8")).toBe(`${JSON.stringify(before, null, "  ")}\n`);
  expect(await removeCredential(fs, path, host)).toBe(false);
});

test("logout forgets the host under every key it stands under", async () => {
  const path = await fileOf({
    auths: { "http://localhost:5000/v1/": auth("a:1"), "localhost:5000": auth("b:2"), b: {} },
  });
  expect(await removeCredential(fs, path, host)).toBe(true);
  expect(await readFile(path, "utf8")).toBe('{"auths":{"b":{}}}');
  expect(await removeCredential(fs, join(root, "no", "file"), host)).toBe(false);
  expect(await stat(join(root, "no")).catch(() => "none")).toBe("none");
});

test("Docker Hub is kept under the key that every tool knows", async () => {
  const path = await fileOf({});
  await storeCredential(fs, path, parseRegistryHost("docker.io"), { username: "u", password: "p" });
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
    auths: { "https://index.docker.io/v1/": auth("u:p") },
  });
});

test("a broken file refuses a login and stays as it is", async () => {
  const path = await fileOf('{"auths": {');
  expect(await codeOf(storeCredential(fs, path, host, { username: "u", password: "p" }))).toBe("invalid");
  expect(await codeOf(removeCredential(fs, path, host))).toBe("invalid");
  expect(await readFile(path, "utf8")).toBe('{"auths": {');
});

test("logins at once lose nothing", async () => {
  const path = join(root, "busy.json");
  const hosts = Array.from({ length: 16 }, (_, i) => parseRegistryHost(`host${i}.example`));
  await Promise.all(hosts.map((name) => storeCredential(fs, path, name, { username: "u", password: name })));
  for (const name of hosts)
    expect(await findCredential(fs, [path], name, () => {})).toEqual({
      username: "u",
      password: name,
      source: path,
    });
});

test("what is stored is found, whatever the password", async () => {
  const path = await fileOf({});
  const word = fc.string({ unit: "binary", minLength: 1 });
  const name = word.filter((text) => !text.includes(":"));
  const password = word.filter((text) => !text.endsWith("\0"));
  await fc.assert(
    fc.asyncProperty(name, password, async (username, secret) => {
      await storeCredential(fs, path, host, { username, password: secret });
      const found = await findCredential(fs, [path], host, () => {});
      expect(found).toEqual({ username, password: secret, source: path });
    }),
    { numRuns: 50 },
  );
});
