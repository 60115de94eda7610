import { expect, test } from "bun:test";
import { registrySettings } from "./settings.ts";

const place = { cwd: "/work", platform: "linux" as const, home: "/home/me" };
const read = (endpoints: string, env = {}) =>
  registrySettings(
    { path: "config.yml", text: `version: 0.1\nnotifications: {endpoints: ${endpoints}}\n` },
    {},
    { ...place, env },
  ).notifications.endpoints;

const secret = "hunter2";
test.each([
  ["[{url: 'http://e'}]", "notifications.endpoints.0.name: expected a name"],
  ["[{name: a}]", "notifications.endpoints.0.url: expected a URL"],
  [
    `[{name: a, url: 'ftp://me:${secret}@e'}]`,
    "notifications.endpoints.0.url (config.yml:2): expected a URL",
  ],
  [`[{name: a, url: '${secret}'}]`, "notifications.endpoints.0.url (config.yml:2): expected a URL"],
  [
    "[{name: a, url: 'http://e'}, {name: a, url: 'http://f'}]",
    "notifications.endpoints.1.name (config.yml:2): expected a name that no other endpoint has",
  ],
  [
    `[{name: a, url: 'http://e', headers: {Authorization: ["${secret} ☃"]}}]`,
    "notifications.endpoints.0.headers.Authorization (config.yml:2): expected a header's name and values",
  ],
  [
    "[{name: a, url: 'http://e', headers: {Content-Length: [1]}}]",
    "notifications.endpoints.0.headers.Content-Length (config.yml:2): expected a header's name",
  ],
  [
    "[{name: a, url: 'http://e', timeout: soon}]",
    "notifications.endpoints.0.timeout (config.yml:2): expected a duration",
  ],
])("%s is refused, and no secret shown", (endpoints, says) => {
  expect(() => read(endpoints)).toThrow(`Cannot use ${says}`);
  expect(() => read(endpoints)).not.toThrow(secret);
});

test("a disabled endpoint is not looked at, and takes no name", () => {
  const endpoints = read("[{name: a, disabled: true}, {name: a, url: 'http://e'}]");
  expect(endpoints.map(({ url }) => url.href)).toEqual(["http://e/"]);
});

test("variables go over the file, part by part or as a whole", () => {
  const one = "[{name: a, url: 'http://e'}]";
  const part = {
    REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL: "https://v/",
    REGISTRY_NOTIFICATIONS_ENDPOINTS_0_IGNORE_ACTIONS: "[pull]",
    REGISTRY_NOTIFICATIONS_ENDPOINTS_1_NAME: "b",
    REGISTRY_NOTIFICATIONS_ENDPOINTS_1_URL: "http://w/",
    REGISTRY_NOTIFICATIONS_ENDPOINTS_1_HEADERS_Authorization: "[Bearer t]",
  };
  expect(read(one, part)).toMatchObject([
    { name: "a", url: new URL("https://v/"), ignored: { actions: ["pull"] } },
    { name: "b", url: new URL("http://w/"), headers: { authorization: "Bearer t" } },
  ]);
  const whole = { REGISTRY_NOTIFICATIONS_ENDPOINTS: "[{name: c, url: 'http://c', timeout: 2s}]" };
  expect(read(one, whole)).toMatchObject([{ name: "c", timeout: 2000 }]);
});
