import { expect, test } from "bun:test";
import { parseListenAddress, type RegistryOptions, registrySettings } from "./settings.ts";

const place = { env: {}, cwd: "/work", platform: "linux" as const, home: "/home/me" };
const settings = (options: RegistryOptions = {}, env: Record<string, string> = {}) =>
  registrySettings(options, { ...place, env });

test("by default it is localhost:5000, data below XDG's place, users beside them, no TLS", () => {
  const data = "/home/me/.local/share/chartroom/registry";
  expect(settings()).toEqual({
    listen: { host: "localhost", port: 5000 },
    data,
    users: { path: `${data}/htpasswd`, realm: "Chartroom", named: false },
    tls: undefined,
    prefix: undefined,
    rules: { acceptMissing: false, refuseDeletes: false },
    unheeded: [],
  });
});

const theirs = {
  REGISTRY_HTTP_PREFIX: "/theirs/",
  REGISTRY_STORAGE_DELETE_ENABLED: "false",
  REGISTRY_HTTP_ADDR: ":80",
  REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/theirs",
  REGISTRY_AUTH: "{htpasswd: {realm: house, path: theirs.htpasswd}}",
  REGISTRY_HTTP_TLS_CERTIFICATE: "/theirs.crt",
  REGISTRY_HTTP_TLS_KEY: "/theirs.key",
};

test("Distribution's environment goes over the defaults", () => {
  expect(settings({}, theirs)).toEqual({
    listen: { host: "", port: 80 },
    data: "/theirs",
    users: { path: "/work/theirs.htpasswd", realm: "house", named: true },
    tls: { certificate: "/theirs.crt", key: "/theirs.key" },
    prefix: "/theirs",
    rules: { acceptMissing: false, refuseDeletes: true },
    unheeded: [],
  });
});

test("flags go over both, one by one", () => {
  const flags = { addr: "127.0.0.1:1", data: "mine", htpasswd: "mine.htpasswd", tlsCert: "c", tlsKey: "k" };
  expect(settings(flags, theirs)).toEqual({
    listen: { host: "127.0.0.1", port: 1 },
    data: "/work/mine",
    users: { path: "/work/mine.htpasswd", realm: "house", named: true },
    tls: { certificate: "/work/c", key: "/work/k" },
    prefix: "/theirs",
    rules: { acceptMissing: false, refuseDeletes: true },
    unheeded: [],
  });
  expect(settings({ data: "mine" }, theirs).users.path).toBe("/work/theirs.htpasswd");
  expect(settings({ data: "mine" }).users).toEqual({
    path: "/work/mine/htpasswd",
    realm: "Chartroom",
    named: false,
  });
});

test.each([
  ["linux", { XDG_DATA_HOME: "/xdg" }, "/xdg/chartroom/registry"],
  ["darwin", {}, "/home/me/Library/Application Support/chartroom/registry"],
  ["darwin", { XDG_DATA_HOME: "/xdg" }, "/xdg/chartroom/registry"],
  ["win32", { LOCALAPPDATA: "/local" }, "/local/chartroom/registry"],
] as const)("on %s with %j data is in %s", (platform, env, data) => {
  expect(registrySettings({}, { ...place, platform, env }).data).toBe(data);
});

test("a certificate without its key, and a key without its certificate, are refused", () => {
  expect(() => settings({ tlsCert: "c" })).toThrow("Cannot serve https: the key is missing");
  expect(() => settings({ tlsKey: "k" })).toThrow("Cannot serve https: the certificate is missing");
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
