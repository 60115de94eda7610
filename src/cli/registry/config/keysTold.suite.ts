import type { RegistrySettings } from "../settings.ts";

/** Some of the settings. */
export type Part = { readonly [Key in keyof RegistrySettings]?: unknown };
/** A key that is honoured, a file that says it, and what becomes of that. */
export type Row = [key: string, yaml: string, expected: Part];

/** A file with one endpoint. */
const endpoint = (more: string) => `notifications: {endpoints: [{name: a, url: 'http://e/'${more}}]}`;

/** Keys of `notifications`. */
export const notified: Row[] = [
  [
    "notifications.endpoints.#.name",
    endpoint(""),
    {
      notifications: {
        endpoints: [
          {
            name: "a",
            headers: {},
            timeout: 1000,
            threshold: 10,
            backoff: 1000,
            ignored: { mediaTypes: [], actions: [] },
          },
        ],
      },
    },
  ],
  ["notifications.endpoints.#.disabled", endpoint(", disabled: true"), { notifications: { endpoints: [] } }],
  [
    "notifications.endpoints.#.url",
    "notifications: {endpoints: [{name: a, url: 'http://me:p%40ss@e/x?y=1#z'}]}",
    {
      notifications: {
        endpoints: [
          { url: new URL("http://e/x?y=1"), headers: { authorization: `Basic ${btoa("me:p@ss")}` } },
        ],
      },
    },
  ],
  [
    "notifications.endpoints.#.headers.*",
    endpoint(", headers: {Authorization: [Bearer t], X-A: [one, two]}"),
    { notifications: { endpoints: [{ headers: { authorization: "Bearer t", "x-a": "one, two" } }] } },
  ],
  [
    "notifications.endpoints.#.timeout",
    endpoint(", timeout: 500ms"),
    { notifications: { endpoints: [{ timeout: 500 }] } },
  ],
  [
    "notifications.endpoints.#.threshold",
    endpoint(", threshold: 5"),
    { notifications: { endpoints: [{ threshold: 5 }] } },
  ],
  [
    "notifications.endpoints.#.backoff",
    endpoint(", backoff: 1m"),
    { notifications: { endpoints: [{ backoff: 60_000 }] } },
  ],
  [
    "notifications.endpoints.#.ignoredmediatypes.#",
    endpoint(", ignoredmediatypes: [a/b]"),
    { notifications: { endpoints: [{ ignored: { mediaTypes: ["a/b"] } }] } },
  ],
  [
    "notifications.endpoints.#.ignore.mediatypes.#",
    endpoint(", ignoredmediatypes: [a/b], ignore: {mediatypes: [c/d]}"),
    { notifications: { endpoints: [{ ignored: { mediaTypes: ["a/b", "c/d"] } }] } },
  ],
  [
    "notifications.endpoints.#.ignore.actions.#",
    endpoint(", ignore: {actions: [pull, mount]}"),
    { notifications: { endpoints: [{ ignored: { actions: ["pull", "mount"] } }] } },
  ],
  [
    "notifications.events.includereferences",
    "notifications: {events: {includereferences: true}}",
    { notifications: { includeReferences: true } },
  ],
];

/** Keys of `limits`. */
export const limited: Row[] = [
  [
    "limits.requests.address",
    "limits: {requests: {address: 50}}",
    { limits: { address: { perSecond: 50, burst: 500 }, user: undefined } },
  ],
  [
    "limits.requests.user",
    "limits: {requests: {user: 5}}",
    { limits: { user: { perSecond: 5, burst: 50 }, address: undefined } },
  ],
  [
    "limits.requests.burst",
    "limits: {requests: {user: 5, burst: 7}}",
    { limits: { user: { perSecond: 5, burst: 7 } } },
  ],
  ["limits.logins", "limits: {logins: 0}", { limits: { logins: undefined } }],
  ["limits.uploads.total", "limits: {uploads: {total: 9}}", { limits: { uploads: { total: 9 } } }],
  ["limits.uploads.user", "limits: {uploads: {user: 4}}", { limits: { uploads: { total: 1000, each: 4 } } }],
  ["limits.blob", "limits: {blob: 10GiB}", { rules: { largestBlob: 10 * 2 ** 30 } }],
  ["limits.stall", "limits: {stall: 10s}", { limits: { stall: 10_000 } }],
];
