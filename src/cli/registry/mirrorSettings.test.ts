import { describe, expect, test } from "bun:test";
import { failureOf } from "../../testing/errors.ts";
import { mirrorLine } from "./mirrorSettings.ts";
import { type RegistryOptions, registrySettings } from "./settings.ts";

const place = { cwd: "/work", platform: "linux" as const, home: "/home/me" };
const mirrors = (text = "", options: RegistryOptions = {}, env: Record<string, string> = {}) =>
  registrySettings({ path: "config.yml", text: `version: 0.1\n${text}` }, options, { ...place, env }).mirrors;
const refusal = async (text: string, options: RegistryOptions = {}) =>
  ((await failureOf(async () => mirrors(text, options))) as Error | undefined)?.message;

const there = "https://charts.example.com/stable";

describe("mirrors", () => {
  test("come from flags, one each, and are kept for good", () => {
    const flags = { mirror: [`stable=${there}`, "a/b=oci://registry.example.com:5000/team"] };
    expect(mirrors("", flags)).toEqual([
      {
        prefix: "stable",
        url: new URL(there),
        plainHttp: undefined,
        login: undefined,
        ttl: 0,
        refresh: 300_000,
      },
      {
        prefix: "a/b",
        url: new URL("oci://registry.example.com:5000/team"),
        plainHttp: undefined,
        login: undefined,
        ttl: 0,
        refresh: 300_000,
      },
    ]);
  });

  test("come from the environment, a password alone, too", () => {
    const env = {
      REGISTRY_MIRRORS_0_NAME: "stable",
      REGISTRY_MIRRORS_0_URL: there,
      REGISTRY_MIRRORS_0_USERNAME: "reader",
      REGISTRY_MIRRORS_0_PASSWORD: "secret",
    };
    expect(mirrors("", {}, env)).toMatchObject([{ login: { username: "reader", password: "secret" } }]);
    const text = `mirrors: [{name: stable, url: '${there}', username: reader}]`;
    const password = { REGISTRY_MIRRORS_0_PASSWORD: "secret" };
    expect(mirrors(text, {}, password)).toMatchObject([{ login: { password: "secret" } }]);
  });

  test("stand beside a proxy, which is spoken to as its URL says", () => {
    const text = "proxy: {remoteurl: 'http://registry.example.com:5000'}";
    expect(mirrors(text, { mirror: [`stable=${there}`] })).toMatchObject([
      { prefix: "", url: new URL("oci://registry.example.com:5000"), plainHttp: true },
      { prefix: "stable" },
    ]);
  });

  test.each([
    ["proxy: {remoteurl: 'registry.example.com'}", "proxy.remoteurl"],
    ["proxy: {remoteurl: 'https://registry.example.com/team'}", "proxy.remoteurl"],
    ["proxy: {remoteurl: 'https://user:pw@registry.example.com'}", "proxy.remoteurl"],
    ["proxy: {remoteurl: 'https://registry.example.com', password: pw}", "proxy.username"],
    [`mirrors: [{url: '${there}'}]`, "mirrors.0.name"],
    [`mirrors: [{name: Stable, url: '${there}'}]`, "mirrors.0.name"],
    ["mirrors: [{name: stable}]", "mirrors.0.url"],
    ["mirrors: [{name: stable, url: 'ftp://charts.example.com'}]", "mirrors.0.url"],
    ["mirrors: [{name: stable, url: 'oci://registry.example.com/a?b=c'}]", "mirrors.0.url"],
    [`mirrors: [{name: stable, url: '${there}', ttl: soon}]`, "mirrors.0.ttl"],
  ])("are refused by name: %s", async (text, key) => {
    expect(await refusal(text)).toStartWith(`Cannot use ${key}`);
  });

  test.each([
    ["proxy: {remoteurl: 'https://user:hunter2@registry.example.com'}"],
    ["mirrors: [{name: stable, url: 'oci://user:hunter2@registry.example.com'}]"],
  ])("with a login in their URL are refused, and it is not repeated: %s", async (text) => {
    const message = await refusal(text);
    expect(message).toContain("it has a login in it");
    expect(message).not.toContain("hunter2");
  });

  test("of two places under one name are refused, wherever they are asked for", async () => {
    const text = `mirrors: [{name: stable, url: '${there}'}]`;
    expect(await refusal(text, { mirror: ["stable=oci://registry.example.com"] })).toContain(
      "two places as stable",
    );
  });

  test("are told without what may be secret", () => {
    const [signed] = mirrors("", { mirror: [`stable=${there}?key=secret`] });
    expect(mirrorLine(signed!)).toBe(`stable/ is a mirror of ${there}, where pushes go`);
  });
});
