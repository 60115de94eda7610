import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem as fs } from "../../files/filesystem.ts";
import { parseLoginTarget } from "../../oci/reference.ts";
import { writeHelper, writeKeychain } from "../../testing/helpers.ts";
import { CredentialHelpers } from "./helpers.ts";
import { findLogin, searchLogins } from "./search.ts";

let root = "";
let helpers: CredentialHelpers;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-search-"));
  helpers = new CredentialHelpers({ env: { PATH: `${root}:/usr/bin:/bin` }, timeout: 20_000 });
  await writeKeychain(root, "chain", {
    "a.example": ["chain", "1"],
    "a.example/team": ["team", "2"],
    "https://b.example": ["old", "3"],
    "https://index.docker.io/v1/": ["hub", "4"],
  });
  await writeHelper(root, "broken", "echo oh; exit 1");
});
afterAll(() => rm(root, { recursive: true }));

const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });
let count = 0;
async function sourcesOf(configs: readonly unknown[], bare = false) {
  const files = configs.map((_, i) => ({ path: join(root, `${count}-${i}.json`), owner: `${i}`, bare }));
  count++;
  for (const [i, config] of configs.entries())
    if (config !== undefined)
      await writeFile(files[i]!.path, typeof config === "string" ? config : JSON.stringify(config));
  return { fs, files, helpers };
}

/** What is found in files of these contents, as `user:password`, in which file, and the warnings. */
async function find(target: string, ...configs: unknown[]) {
  const sources = await sourcesOf(configs);
  const warnings: string[] = [];
  const found = await findLogin(sources, parseLoginTarget(target), (message) => warnings.push(message));
  return {
    login: found && ("password" in found ? `${found.username}:${found.password}` : JSON.stringify(found)),
    source: found?.source.replace(/^.*\/\d+-/, ""),
    warnings: warnings.map((warning) => warning.replaceAll(root, "")),
  };
}

describe("within one file", () => {
  test.each([
    ["localhost:5000", { "localhost:5000": auth("me:pass:word") }, "me:pass:word"],
    ["localhost:5000", { "http://localhost:5000": auth("a:1"), "localhost:5000": auth("b:2") }, "b:2"],
    ["localhost:5000", { "https://localhost:5000/v2/": auth("a:1") }, "a:1"],
    ["localhost:5000", { "localhost:5001": auth("a:1"), localhost: auth("b:2") }, undefined],
    ["localhost:5000", { "localhost:5000/team": auth("a:1") }, undefined],
    ["A.example", { "https://a.Example": auth("a:1") }, "a:1"],
    ["docker.io", { "https://index.docker.io/v1/": auth("hub:1") }, "hub:1"],
    ["docker.io/team/x", { "docker.io/team": auth("team:1"), "index.docker.io": auth("hub:1") }, "team:1"],
    ["q.io/org/x", { "q.io/org/v1": auth("v1:1"), "q.io/v1": auth("host:1") }, "host:1"],
    ["registry-1.docker.io", { "index.docker.io": auth("hub:1") }, "hub:1"],
    ["a.example", { "a.example": { username: "old", password: "way" } }, "old:way"],
    ["a.example", { "a.example": { ...auth("new:1"), username: "old", password: "way" } }, "new:1"],
    ["a.example", { "a.example": auth("nul:1\0\0") }, "nul:1"],
    ["a.example", { "a.example": auth("grüß:dich€") }, "grüß:dich€"],
    ["a.example", { "a.example": {} }, undefined],
    ["a.example", { "a.example": auth("token:") }, undefined],
  ])("for %s in %j it is %p", async (target, auths, login) => {
    expect(await find(target, { auths })).toMatchObject({ login, warnings: [] } as never);
  });

  const paths = {
    "q.io": auth("host:1"),
    "q.io/org": auth("org:1"),
    "https://q.io/org/team/": auth("team:1"),
    "q.io/org/team/chart": {},
  };
  test.each([
    ["q.io/org/team/chart", "team:1", '0.json, "https://q.io/org/team/"'],
    ["q.io/org/team", "team:1", '0.json, "https://q.io/org/team/"'],
    ["q.io/org/teams/chart", "org:1", '0.json, "q.io/org"'],
    ["q.io/organ/x", "host:1", "0.json"],
    ["q.io/v1", "host:1", "0.json"],
    ["q.io", "host:1", "0.json"],
  ])("%s gets the longest path of whole parts: %s", async (target, login, source) => {
    expect(await find(target, { auths: paths })).toEqual({ login, source, warnings: [] });
  });

  test("tokens go before passwords", async () => {
    const entry = { ...auth("me:x"), identitytoken: "id" };
    expect((await find("a.example", { auths: { "a.example": entry } })).login).toContain(
      '"identityToken":"id"',
    );
    const both = { ...entry, registrytoken: "reg" };
    expect((await find("a.example", { auths: { "a.example": both } })).login).toContain(
      '"registryToken":"reg"',
    );
  });

  test("a bare map is read as Docker wrote it before 1.7", async () => {
    const sources = await sourcesOf([{ "https://a.example/v1/": auth("me:1") }], true);
    expect(await findLogin(sources, parseLoginTarget("a.example"), () => {})).toMatchObject({
      username: "me",
    });
  });
});

describe("helpers", () => {
  test.each([
    ["a.example", { credHelpers: { "a.example": "chain" }, credsStore: "none" }, "chain:1"],
    ["a.example", { credsStore: "chain" }, "chain:1"],
    ["docker.io/library/x", { credsStore: "chain" }, "hub:4"],
    ["docker.io", { credHelpers: { "docker.io": "chain" } }, "hub:4"],
    ["a.example", { credsStore: "chain", auths: { "a.example": auth("file:1") } }, "chain:1"],
    ["c.example", { credsStore: "chain", auths: { "c.example": auth("file:1") } }, "file:1"],
    ["a.example/team/x", { credsStore: "chain" }, "chain:1"],
    ["a.example/team/x", { credsStore: "chain", auths: { "a.example/team": {} } }, "team:2"],
    ["a.example/team/x", { credsStore: "chain", auths: { "a.example/team": auth("file:1") } }, "file:1"],
    ["b.example", { credsStore: "chain", auths: { "https://b.example": {} } }, "old:3"],
    ["c.example", { credsStore: "chain" }, undefined],
  ])("for %s in %j: %p", async (target, config, login) => {
    expect(await find(target, config)).toMatchObject({ login, warnings: [] } as never);
  });

  test("that are missing or broken are told with their file, and passed by", async () => {
    const broken = { credHelpers: { "a.example": "broken" }, auths: { "a.example": auth("same:1") } };
    expect(await find("a.example", broken)).toEqual({
      login: "same:1",
      source: "0.json",
      warnings: [expect.stringMatching(/^Cannot use \/\d+-0\.json: docker-credential-broken: "oh"$/)],
    });
    const next = { auths: { "c.example": auth("next:1") } };
    expect(await find("c.example", { credsStore: "none" }, { credsStore: "" }, next)).toMatchObject({
      login: "next:1",
      warnings: [expect.stringContaining("docker-credential-none: it is not on PATH")],
    });
  });
});

test("the first file that has a login counts; broken files and entries are told and passed by", async () => {
  const mine = { auths: { "localhost:5000": auth("me:1") } };
  expect((await find("localhost:5000", { auths: { other: auth("a:1") } }, mine)).source).toBe("1.json");
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
    expect(warnings[0]).toMatch(/^Cannot (parse|read the login in) \/\d+-0\.json/);
  }
});

test("a missing, an empty and an unreadable file stop nobody", async () => {
  expect(await find("localhost:5000", "", "\n", {}, { auths: null }, undefined)).toMatchObject({
    login: undefined,
    warnings: [],
  });
  const warnings: string[] = [];
  const files = [{ path: root, owner: "a folder" }];
  await findLogin({ fs, files, helpers }, parseLoginTarget("a"), (message) => warnings.push(message));
  expect(warnings).toEqual([expect.stringContaining(`Cannot read ${root}: EISDIR`)]);
});

test("every place is told, and behind the first login nothing is opened", async () => {
  const used = { auths: { "q.io/org": auth("me:1"), "q.io": auth("host:1") } };
  const sources = await sourcesOf([undefined, {}, used, { credsStore: "silent" }]);
  await writeKeychain(root, "silent");
  const findings = await Array.fromAsync(searchLogins(sources, parseLoginTarget("q.io/org/x")));
  expect(findings.map(({ file, outcome, key, helper }) => [file.owner, outcome, key, helper])).toEqual([
    ["0", "absent", undefined, undefined],
    ["1", "nothing", undefined, undefined],
    ["2", "login", "q.io/org", undefined],
    ["2", "passed by", "q.io", undefined],
    ["3", "passed by", "q.io", "silent"],
  ]);
  expect(await readFile(join(root, "silent.log"), "utf8").catch(() => "never run")).toBe("never run");
});
