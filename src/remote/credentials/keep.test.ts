import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { nodeFileSystem as fs } from "../../files/filesystem.ts";
import { parseLoginTarget } from "../../oci/reference.ts";
import { codeOf } from "../../testing/errors.ts";
import { writeHelper, writeKeychain } from "../../testing/helpers.ts";
import type { Login } from "./credential.ts";
import { CredentialHelpers } from "./helpers.ts";
import { forgetLogin, keepLogin } from "./keep.ts";
import { findLogin } from "./search.ts";

let root = "";
let helpers: CredentialHelpers;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-keep-"));
  helpers = new CredentialHelpers({ env: { PATH: `${root}:/usr/bin:/bin` }, timeout: 20_000 });
});
afterAll(() => rm(root, { recursive: true }));

const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });
let count = 0;
async function fileOf(config: unknown): Promise<string> {
  const path = join(root, `config${++count}.json`);
  await writeFile(path, typeof config === "string" ? config : JSON.stringify(config));
  return path;
}
const keep = (path: string, target: string, login: Login = { username: "u", password: "p" }) =>
  keepLogin({ fs, path, helpers }, parseLoginTarget(target), login);
const forget = (path: string, target: string) => forgetLogin({ fs, path, helpers }, parseLoginTarget(target));
const found = (path: string, target: string) =>
  findLogin({ fs, files: [{ path, owner: "" }], helpers }, parseLoginTarget(target), () => {});
const host = "localhost:5000";

test("a new file is Docker's format with tabs, for its owner alone", async () => {
  const path = join(root, "helm", "registry", "config.json");
  await keep(path, host, { username: "myuser", password: "my:pass" });
  expect(await readFile(path, "utf8")).toBe(
    '{\n\t"auths": {\n\t\t"localhost:5000": {\n\t\t\t"auth": "bXl1c2VyOm15OnBhc3M="\n\t\t}\n\t}\n}',
  );
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("what else is in the file stays, in its order and indentation, through login and logout", async () => {
  const before = {
    HttpHeaders: { "X-Meta": "a" },
    auths: { "a.example": { ...auth("a:1"), email: "x" } },
    credHelpers: { "b.example": "b" },
  };
  const path = await fileOf(`${JSON.stringify(before, null, "  ")}\n`);
  await keep(path, host);
  const after = { ...before, auths: { ...before.auths, [host]: auth("u:p") } };
  expect(await readFile(path, "utf8")).toBe(`${JSON.stringify(after, null, "  ")}\n`);
  expect(await forget(path, host)).toBe(true);
  expect(await readFile(path, "utf8")).toBe(`${JSON.stringify(before, null, "  ")}\n`);
  expect(await forget(path, host)).toBe(false);
});

test("logout forgets the host under every key it stands under, and no path of it", async () => {
  const path = await fileOf({
    auths: {
      "http://localhost:5000/v1/": auth("a:1"),
      [host]: auth("b:2"),
      "localhost:5000/team": {},
      b: {},
    },
  });
  expect(await forget(path, host)).toBe(true);
  expect(await readFile(path, "utf8")).toBe('{"auths":{"localhost:5000/team":{},"b":{}}}');
  expect(await forget(path, "localhost:5000/team")).toBe(true);
  expect(await readFile(path, "utf8")).toBe('{"auths":{"b":{}}}');
  expect(await forget(join(root, "no", "file"), host)).toBe(false);
  expect(await stat(join(root, "no")).catch(() => "none")).toBe("none");
});

test("a login of a path stands under it; Docker Hub's under the key that every tool knows", async () => {
  const path = await fileOf({});
  await keep(path, "localhost:5000/team/charts");
  await keep(path, "docker.io");
  await keep(path, "index.docker.io/team");
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
    auths: {
      "localhost:5000/team/charts": auth("u:p"),
      "https://index.docker.io/v1/": auth("u:p"),
      "docker.io/team": auth("u:p"),
    },
  });
});

test("an identity token is kept as Docker keeps one", async () => {
  const path = await fileOf({});
  await keep(path, "a.example", { username: "", identityToken: "t" });
  await keep(path, "b.example", { username: "me", identityToken: "t" });
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
    auths: { "a.example": { identitytoken: "t" }, "b.example": { ...auth("me:"), identitytoken: "t" } },
  });
});

test("where the file names a helper, that keeps the login and the file only says so", async () => {
  await writeKeychain(root, "chain");
  const before = { credHelpers: { "a.example": "chain" }, credsStore: "none" };
  const path = await fileOf(before);
  await keep(path, "a.example");
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ ...before, auths: { "a.example": {} } });
  expect(await found(path, "a.example")).toMatchObject({
    username: "u",
    password: "p",
    source: `${path}, by docker-credential-chain`,
  });
  await keep(path, "a.example/team", { username: "", identityToken: "t" });
  expect(await found(path, "a.example/team/x")).toMatchObject({ identityToken: "t" });
  expect(await forget(path, "a.example")).toBe(true);
  expect(await found(path, "a.example")).toBeUndefined();
  expect(await forget(path, "a.example")).toBe(false);
  expect(await forget(path, "a.example/team")).toBe(true);
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ ...before, auths: {} });
});

test("a helper that fails refuses a login and a logout, and the file stays as it is", async () => {
  await writeHelper(root, "broken", "echo locked; exit 1");
  const path = await fileOf({ credsStore: "broken", auths: { "a.example": {} } });
  const before = await readFile(path, "utf8");
  expect(await codeOf(keep(path, "a.example"))).toBe("storage");
  expect(await codeOf(forget(path, "a.example"))).toBe("storage");
  expect(await readFile(path, "utf8")).toBe(before);
});

test("a broken file refuses a login and stays as it is", async () => {
  const path = await fileOf('{"auths": {');
  expect(await codeOf(keep(path, host))).toBe("invalid");
  expect(await codeOf(forget(path, host))).toBe("invalid");
  expect(await readFile(path, "utf8")).toBe('{"auths": {');
});

test("logins at once lose nothing", async () => {
  const path = join(root, "busy.json");
  const hosts = Array.from({ length: 16 }, (_, i) => `host${i}.example`);
  await Promise.all(hosts.map((name) => keep(path, name, { username: "u", password: name })));
  for (const name of hosts)
    expect(await found(path, name)).toEqual({ username: "u", password: name, source: path });
});

test("what is stored is found, whatever the password", async () => {
  const path = await fileOf({});
  const word = fc.string({ unit: "binary", minLength: 1 });
  const name = word.filter((text) => !text.includes(":"));
  const password = word.filter((text) => !text.endsWith("\0"));
  await fc.assert(
    fc.asyncProperty(name, password, async (username, secret) => {
      await keep(path, host, { username, password: secret });
      expect(await found(path, host)).toEqual({ username, password: secret, source: path });
    }),
    { numRuns: 50 },
  );
}, 60_000);
