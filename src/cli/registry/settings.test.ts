import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf } from "../../testing/errors.ts";
import { parseListenAddress } from "./address.ts";
import { type RegistryOptions, readSettings, registrySettings } from "./settings.ts";

const place = { env: {}, cwd: "/work", platform: "linux" as const, home: "/home/me" };
const settings = (options: RegistryOptions = {}, env: Record<string, string> = {}, text?: string) =>
  registrySettings(text === undefined ? undefined : { path: "config.yml", text }, options, { ...place, env });

test("by default it is localhost:5000, data below XDG's place, users beside them, open, no TLS", () => {
  const data = "/home/me/.local/share/chartroom/registry";
  expect(settings()).toEqual({
    listen: { host: "localhost", port: 5000 },
    data,
    users: { path: `${data}/htpasswd`, realm: "Chartroom", namedBy: "nobody" },
    access: undefined,
    tls: undefined,
    http: { base: undefined, absolute: false, headers: [], trusted: [], drainDelay: 0, drain: 8000 },
    log: { level: "info", format: undefined, requests: "as-all", fields: {} },
    debug: undefined,
    health: { storage: undefined, files: [] },
    notifications: { endpoints: [], includeReferences: false },
    limits: {
      address: undefined,
      user: undefined,
      uploads: { total: 1000, each: undefined },
      logins: 60,
      stall: 60_000,
    },
    prefix: "",
    rules: { acceptMissing: false, refuseDeletes: false, grace: 24 * 3600_000, untagged: false },
    readOnly: false,
    pages: { repositories: 1000, tags: 1000 },
    mirrors: [],
    sweep: { age: 604_800_000, interval: 3_600_000 },
    warnings: [],
  });
});

test("a read-only registry collects nothing, whoever says that it is one", () => {
  const grace = (...given: Parameters<typeof settings>) => settings(...given).rules.grace;
  const key = "REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED";
  expect(grace({ readOnly: true })).toBeUndefined();
  expect(grace({}, { [key]: "true" })).toBeUndefined();
  expect(grace({ readOnly: false }, { [key]: "true" })).toBe(24 * 3600_000);
});

const theirs = {
  REGISTRY_HTTP_ADDR: ":80",
  REGISTRY_HTTP_PREFIX: "/theirs/",
  REGISTRY_STORAGE_DELETE_ENABLED: "false",
  REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/theirs",
  REGISTRY_AUTH: "{htpasswd: {realm: house, path: theirs.htpasswd}}",
  REGISTRY_HTTP_TLS_CERTIFICATE: "/theirs.crt",
  REGISTRY_HTTP_TLS_KEY: "/theirs.key",
};
const file = `
version: 0.1
http: {addr: ":70", prefix: /file/, tls: {certificate: /file.crt, key: /file.key}}
storage: {filesystem: {rootdirectory: /file}, delete: {enabled: true}}
auth: {htpasswd: {realm: file, path: /file.htpasswd}}
log: {level: warn}
`;
const plainTls = { clientCas: [], minimum: "tls1.2", ciphers: [] };

test("a file goes over the defaults, Distribution's environment over the file", () => {
  expect(settings({}, {}, file)).toMatchObject({
    listen: { host: "", port: 70 },
    data: "/file",
    users: { path: "/file.htpasswd", realm: "file", namedBy: "configuration" },
    tls: { certificate: "/file.crt", key: "/file.key", ...plainTls },
    prefix: "/file",
    rules: { refuseDeletes: false },
    log: { level: "warn" },
  });
  expect(settings({}, theirs, file)).toMatchObject({
    listen: { host: "", port: 80 },
    data: "/theirs",
    users: { path: "/work/theirs.htpasswd", realm: "house", namedBy: "configuration" },
    tls: { certificate: "/theirs.crt", key: "/theirs.key", ...plainTls },
    prefix: "/theirs",
    rules: { refuseDeletes: true },
    log: { level: "warn" },
    warnings: [],
  });
});

test("flags go over all, one by one", () => {
  const flags = { addr: "127.0.0.1:1", data: "mine", htpasswd: "mine.htpasswd", tlsCert: "c", tlsKey: "k" };
  expect(settings(flags, theirs, file)).toMatchObject({
    listen: { host: "127.0.0.1", port: 1 },
    data: "/work/mine",
    users: { path: "/work/mine.htpasswd", realm: "house", namedBy: "flag" },
    tls: { certificate: "/work/c", key: "/work/k" },
  });
  expect(settings({ data: "mine" }, theirs).users?.path).toBe("/work/theirs.htpasswd");
  expect(settings({ data: "mine" }).users).toEqual({
    path: "/work/mine/htpasswd",
    realm: "Chartroom",
    namedBy: "nobody",
  });
  expect(settings({ addr: ":9" }, { REGISTRY_HTTP_NET: "unix", REGISTRY_HTTP_ADDR: "s" }).listen).toEqual({
    host: "",
    port: 9,
  });
});

test("deletes are on without a file, and off with one that says nothing of them", () => {
  expect(settings().rules.refuseDeletes).toBe(false);
  expect(settings({}, {}, "version: 0.1").rules.refuseDeletes).toBe(true);
  expect(settings({}, { REGISTRY_STORAGE_DELETE_ENABLED: "true" }, "version: 0.1").rules.refuseDeletes).toBe(
    false,
  );
});

test("who says that nobody logs in means it; a flag that names users goes over that", () => {
  expect(settings({}, { REGISTRY_AUTH: "none" }).users).toBeUndefined();
  expect(settings({ htpasswd: "/u" }, { REGISTRY_AUTH: "none" }).users).toMatchObject({ path: "/u" });
});

// setInterval and setTimeout take more for 1 ms (Bun and Node).
test("no time to wait is longer than a timer can", () => {
  const wait = "1000h";
  expect(
    settings(
      {},
      {
        REGISTRY_HTTP_DRAINTIMEOUT: wait,
        REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_INTERVAL: wait,
        REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_AGE: wait,
        REGISTRY_HEALTH_STORAGEDRIVER: "{enabled: true, interval: 1000h}",
      },
    ),
  ).toMatchObject({
    http: { drain: 2_147_483_647 },
    sweep: { interval: 2_147_483_647, age: 3_600_000_000 },
    health: { storage: { interval: 2_147_483_647 } },
  });
});

test("a path of metrics that no request could have, and a password in the address, are refused", () => {
  const prometheus = "{addr: ':1', prometheus: {enabled: true, path: m}}";
  expect(() => settings({}, { REGISTRY_HTTP_DEBUG: prometheus })).toThrow("expected a path, as /metrics");
  expect(() => settings({}, { REGISTRY_HTTP_HOST: "https://:secret@a.example" })).toThrow("expected a URL");
});

test("a storage driver without a directory has Distribution's", () => {
  expect(settings({}, {}, "version: 0.1\nstorage: filesystem").data).toBe("/var/lib/registry");
  expect(settings({}, { REGISTRY_STORAGE: "inmemory" })).toMatchObject({ data: undefined, users: undefined });
  expect(settings({ data: "d" }, { REGISTRY_STORAGE: "inmemory" }).data).toBe("/work/d");
});

test.each([
  ["linux", { XDG_DATA_HOME: "/xdg" }, "/xdg/chartroom/registry"],
  ["darwin", {}, "/home/me/Library/Application Support/chartroom/registry"],
  ["darwin", { XDG_DATA_HOME: "/xdg" }, "/xdg/chartroom/registry"],
  ["win32", { LOCALAPPDATA: "/local" }, "/local/chartroom/registry"],
] as const)("on %s with %j data is in %s", (platform, env, data) => {
  expect(registrySettings(undefined, {}, { ...place, platform, env }).data).toBe(data);
});

test("a certificate without its key, and a key without its certificate, are refused", () => {
  expect(() => settings({ tlsCert: "c" })).toThrow("Cannot serve https: the key is missing");
  expect(() => settings({ tlsKey: "k" })).toThrow("Cannot serve https: the certificate is missing");
});

test("the file is the argument, else REGISTRY_CONFIGURATION_PATH; one that cannot be read is named", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "chartroom-settings-"));
  try {
    await writeFile(join(cwd, "a.yml"), "version: 0.1\nhttp: {addr: ':1'}");
    await writeFile(join(cwd, "b.yml"), "version: 0.1\nhttp: {addr: ':2'}");
    const here = { ...place, cwd, env: { REGISTRY_CONFIGURATION_PATH: join(cwd, "b.yml") } };
    expect((await readSettings("a.yml", {}, here)).listen).toEqual({ host: "", port: 1 });
    expect((await readSettings(undefined, {}, here)).listen).toEqual({ host: "", port: 2 });
    expect((await readSettings(undefined, {}, { ...here, env: {} })).listen).toEqual({
      host: "localhost",
      port: 5000,
    });
    const missing = readSettings("none.yml", {}, here);
    expect(missing).rejects.toThrow("Cannot read configuration none.yml: no such file");
    expect(await codeOf(missing)).toBe("invalid");
    expect(await codeOf(readSettings(".", {}, here))).toBe("invalid");
  } finally {
    await rm(cwd, { recursive: true });
  }
});

test.each([
  ["localhost:5000", "localhost", 5000],
  [":5000", "", 5000],
  ["0.0.0.0:0", "0.0.0.0", 0],
  ["[::1]:65535", "::1", 65535],
  ["my-host.example:443", "my-host.example", 443],
])("%s is host %j, port %d", (text, host, port) => {
  expect(parseListenAddress(text)).toEqual({ host, port });
});

test.each([
  "",
  "localhost",
  "5000",
  "localhost:",
  "localhost:65536",
  "::1:5000",
  "http://localhost:5000",
  "a b:1",
  "[]:1",
  "h:5e3",
])("%j is no address to listen on", (text) => {
  expect(() => parseListenAddress(text)).toThrow(`Cannot listen on "${text}": expected HOST:PORT`);
});
