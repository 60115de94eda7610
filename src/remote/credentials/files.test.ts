import { expect, test } from "bun:test";
import { type CredentialPlace, credentialFiles } from "./files.ts";

const place = { env: {}, platform: "linux", home: "/home/me", cache: "/cache", uid: 7 } as const;
const paths = (given: Partial<CredentialPlace>) =>
  credentialFiles({ ...place, ...given }).map(({ path }) => path);

test.each([
  ["linux", {}, "/home/me/.config/helm/registry/config.json"],
  ["darwin", {}, "/home/me/Library/Preferences/helm/registry/config.json"],
  ["win32", { APPDATA: "/data" }, "/data/helm/registry/config.json"],
  ["darwin", { XDG_CONFIG_HOME: "/xdg" }, "/xdg/helm/registry/config.json"],
  ["linux", { XDG_CONFIG_HOME: "/xdg", HELM_CONFIG_HOME: "/helm" }, "/helm/registry/config.json"],
  ["linux", { HELM_CONFIG_HOME: "/helm", HELM_REGISTRY_CONFIG: "/here" }, "/here"],
  ["linux", { HELM_REGISTRY_CONFIG: "" }, "/home/me/.config/helm/registry/config.json"],
] as const)("on %s with %j logins are kept in %s", (platform, env, own) => {
  expect(paths({ platform, env })[0]).toBe(own);
});

test("Helm's places of all versions come first, then Docker's, then Podman's", () => {
  expect(credentialFiles(place)).toEqual([
    { path: "/home/me/.config/helm/registry/config.json", owner: "Helm" },
    { path: "/home/me/.config/helm/registry.json", owner: "Helm 3.3 to 3.7" },
    { path: "/cache/registry/config.json", owner: "Helm 3.0 to 3.2" },
    { path: "/home/me/.docker/config.json", owner: "Docker" },
    { path: "/home/me/.dockercfg", owner: "Docker before 1.7", bare: true },
    { path: "/run/containers/7/auth.json", owner: "Podman" },
    { path: "/home/me/.config/containers/auth.json", owner: "Podman" },
  ]);
});

test("a named file goes before all others, hides none, and is read once", () => {
  const env = { HELM_REGISTRY_CONFIG: "/env", DOCKER_CONFIG: "/docker" };
  expect(paths({ env, registryConfig: "/flag" })).toEqual(["/flag", ...paths({ env }).slice(1)]);
  expect(paths({ env })).toEqual(["/env", ...paths({ env: { DOCKER_CONFIG: "/docker" } })]);
  expect(paths({ env })).toContain("/docker/config.json");
  expect(paths({ registryConfig: "/home/me/.docker/config.json" }).sort()).toEqual(paths({}).sort());
});

test("Podman's files are where containers-auth.json(5) has them", () => {
  expect(paths({ env: { REGISTRY_AUTH_FILE: "/auth" } }).slice(5)).toEqual(["/auth"]);
  expect(paths({ env: { XDG_RUNTIME_DIR: "/run/user/7", XDG_CONFIG_HOME: "/xdg" } }).slice(5)).toEqual([
    "/run/user/7/containers/auth.json",
    "/xdg/containers/auth.json",
  ]);
  expect(paths({ platform: "darwin" }).slice(5)).toEqual(["/home/me/.config/containers/auth.json"]);
});
