import { expect, test } from "bun:test";
import fc from "fast-check";
import { ChartroomError } from "../../../oci/errors.ts";
import { registrySettings } from "../settings.ts";

const place = { env: {}, cwd: "/work", platform: "linux" as const, home: "/home/me" };
const settings = (env: Record<string, string>, text?: string) =>
  registrySettings(text === undefined ? undefined : { path: "config.yml", text }, {}, { ...place, env });
const named = (realm: string, path: string) => ({ path, realm, namedBy: "configuration" as const });
const users = named("localhost", "/auth/htpasswd");

/** As Distribution's official image has it. */
const image = `
version: 0.1
storage:
  delete: {enabled: true}
  cache: {blobdescriptor: inmemory}
  filesystem: {rootdirectory: /var/lib/registry}
  tag: {concurrencylimit: 5}
http: {addr: ":5000", debug: {addr: ":5001", prometheus: {enabled: true, path: /metrics}}}
`;

test.each([
  ["the page's line", { REGISTRY_AUTH: "{htpasswd: {realm: localhost, path: /auth/htpasswd}}" }, { users }],
  ["JSON", { REGISTRY_AUTH: '{"htpasswd":{"realm":"localhost","path":"/auth/htpasswd"}}' }, { users }],
  [
    "YAML of more lines",
    { REGISTRY_AUTH: "htpasswd:\n  realm: localhost\n  path: /auth/htpasswd\n" },
    { users },
  ],
  [
    "a name and its parts",
    {
      REGISTRY_AUTH: "htpasswd",
      REGISTRY_AUTH_HTPASSWD_REALM: "localhost",
      REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd",
    },
    { users },
  ],
  [
    "parts alone",
    { REGISTRY_AUTH_HTPASSWD_REALM: "localhost", REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd" },
    { users },
  ],
  [
    "a block and a part, which comes after it, and looks like a number",
    { REGISTRY_AUTH_HTPASSWD_REALM: "5000", REGISTRY_AUTH: "{htpasswd: {realm: old, path: /auth/htpasswd}}" },
    { users: named("5000", "/auth/htpasswd") },
  ],
  ["a block below", { REGISTRY_AUTH_HTPASSWD: "{realm: localhost, path: /auth/htpasswd}" }, { users }],
  [
    "a text that looks like a boolean",
    { REGISTRY_AUTH: "{htpasswd: {realm: yes, path: /a}}" },
    { users: named("yes", "/a") },
  ],
  ["nobody", { REGISTRY_AUTH: "none" }, { users: undefined }],
  ["a block of none", { REGISTRY_AUTH: "{none: {}}" }, { users: undefined }],
  ["an empty value", { REGISTRY_AUTH: "" }, { users: { namedBy: "nobody" } }],
  ["an empty block", { REGISTRY_AUTH: "{}" }, { users: { namedBy: "nobody" } }],
  [
    "another tool's variable",
    { REGISTRY_AUTH_FILE: "/run/containers/auth.json" },
    { users: { namedBy: "nobody" } },
  ],
  ["an address", { REGISTRY_HTTP_ADDR: "0.0.0.0:5000" }, { listen: { host: "0.0.0.0", port: 5000 } }],
  [
    "an address that is no YAML",
    { REGISTRY_HTTP_ADDR: "[::1]:5000" },
    { listen: { host: "::1", port: 5000 } },
  ],
  ["an address in quotes", { REGISTRY_HTTP_ADDR: '":5000"' }, { listen: { host: "", port: 5000 } }],
  ["a block of http", { REGISTRY_HTTP: "{addr: ':80', secret: x}" }, { listen: { host: "", port: 80 } }],
  [
    "an element of a list that is not there yet, and one after it",
    {
      REGISTRY_HTTP_TLS_CERTIFICATE: "/c.pem",
      REGISTRY_HTTP_TLS_KEY: "/k.pem",
      REGISTRY_HTTP_TLS_CLIENTCAS_0: "/a",
      REGISTRY_HTTP_TLS_CLIENTCAS_1: "/b",
    },
    { tls: { certificate: "/c.pem", key: "/k.pem", clientCas: ["/a", "/b"] } },
  ],
  [
    "a list, and one of its elements",
    { REGISTRY_HTTP_TRUSTEDPROXIES: "[10.0.0.1, 10.0.0.2]", REGISTRY_HTTP_TRUSTEDPROXIES_1: "10.0.0.0/8" },
    { http: { trusted: ["10.0.0.1", "10.0.0.0/8"] } },
  ],
  [
    "members of elements",
    { REGISTRY_HEALTH_FILE_0_FILE: "/down", REGISTRY_HEALTH_FILE_0_INTERVAL: "1m30s" },
    { health: { files: [{ path: "/down", interval: 90_000, threshold: 1 }] } },
  ],
  [
    "a header, by a name of mixed case",
    { "REGISTRY_HTTP_HEADERS_Access-Control-Allow-Origin": '["*"]' },
    { http: { headers: [["access-control-allow-origin", "*"]] } },
  ],
  ["a name in lower case", { REGISTRY_http_addr: ":1" }, { listen: { host: "", port: 1 } }],
  ["YAML 1.1's booleans", { REGISTRY_STORAGE_DELETE_ENABLED: "off" }, { rules: { refuseDeletes: true } }],
  ["read-only, written out", { REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: "true" }, { readOnly: true }],
  ["read-only, in JSON", { REGISTRY_STORAGE_MAINTENANCE_READONLY: '{"enabled":true}' }, { readOnly: true }],
  ["read-only, a block", { REGISTRY_STORAGE_MAINTENANCE: "{readonly: {enabled: true}}" }, { readOnly: true }],
  [
    "the log",
    { REGISTRY_LOG_LEVEL: "ERROR", REGISTRY_LOG_FORMATTER: "json" },
    { log: { level: "error", format: "json" } },
  ],
  ["no access log", { REGISTRY_LOG_ACCESSLOG_DISABLED: "true" }, { log: { requests: "off" } }],
  ["the log's level in its older form", { REGISTRY_LOGLEVEL: "warn" }, { log: { level: "warn" } }],
  [
    "both forms of it",
    { REGISTRY_LOGLEVEL: "warn", REGISTRY_LOG_LEVEL: "debug" },
    { log: { level: "debug" } },
  ],
  [
    "what is nobody's key",
    { REGISTRY_PORT: "tcp://10.0.0.1:5000", REGISTRY_DUCKS: "quack", REGISTRY_VERSION: "0.1" },
    {
      warnings: [
        "REGISTRY_DUCKS has no effect: there is no ducks",
        "REGISTRY_PORT has no effect: there is no port",
      ],
    },
  ],
  [
    "what Kubernetes sets for a service of that name",
    {
      REGISTRY_PORT: "tcp://10.0.0.1:5000",
      REGISTRY_PORT_5000_TCP: "tcp://10.0.0.1:5000",
      REGISTRY_PORT_5000_TCP_PROTO: "tcp",
      REGISTRY_SERVICE_HOST: "10.0.0.1",
    },
    { listen: { host: "localhost", port: 5000 }, warnings: { length: 4 } },
  ],
  [
    "a misspelt key",
    { REGISTRY_HTTP_ADR: ":1" },
    { warnings: ["REGISTRY_HTTP_ADR has no effect: there is no http.adr; did you mean http.addr?"] },
  ],
])("%s", (_, env, expected) => {
  expect(settings(env as Record<string, string>)).toMatchObject(expected);
});

test.each([
  ["a part of what the file has", { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/d" }, { data: "/d" }],
  [
    "a block replaces the file's, and its parts come after",
    { REGISTRY_STORAGE: "filesystem", REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/d" },
    { data: "/d", rules: { refuseDeletes: true } },
  ],
  [
    "read-only, where the file has the storage block",
    { REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: "true" },
    { readOnly: true },
  ],
  [
    "another driver than the file's goes before it, and says so",
    { REGISTRY_STORAGE_INMEMORY: "" },
    {
      data: undefined,
      warnings: [
        "storage.filesystem (config.yml:6) gives way to storage.inmemory (REGISTRY_STORAGE_INMEMORY)",
      ],
    },
  ],
  [
    "nothing",
    {},
    {
      data: "/var/lib/registry",
      rules: { refuseDeletes: false },
      debug: { listen: { host: "", port: 5001 }, metrics: "/metrics" },
    },
  ],
  ["a value is taken away", { REGISTRY_HTTP_DEBUG_ADDR: "" }, { debug: undefined }],
])("over the official image's file: %s", (_, env, expected) => {
  expect(settings(env as Record<string, string>, image)).toMatchObject(expected);
});

test("a key of the file is found whatever its case, and keeps it", () => {
  const text = `${image}`.replace("http: {addr", "http: {headers: {X-Extra: [file], X-Other: [file]}, addr");
  const found = settings({ "REGISTRY_HTTP_HEADERS_x-extra": "[variable]" }, text);
  expect(found.http.headers).toEqual([
    ["X-Extra", "variable"],
    ["X-Other", "file"],
  ]);
});

test("a maintenance block that the file has is no obstacle", () => {
  const text = `${image}\n`.replace("storage:", "storage:\n  maintenance: {uploadpurging: {enabled: false}}");
  const found = settings({ REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: "true" }, text);
  expect(found).toMatchObject({ readOnly: true, sweep: "off" });
});

test.each([
  ["{token: {realm: x}}", "Cannot use auth.token (REGISTRY_AUTH): it is not supported here"],
  ["silly", "Cannot use auth.silly (REGISTRY_AUTH): it is not supported here"],
  [
    "{htpasswd: {realm: a, path: b}, token: {}}",
    "Cannot use auth (REGISTRY_AUTH): it names both htpasswd and token",
  ],
  ["htpasswd", "Cannot use auth.htpasswd.realm: expected a realm, found nothing"],
  ["{htpasswd: {realm: localhost}}", "Cannot use auth.htpasswd.path: expected a path, found nothing"],
  [
    "{htpasswd: {realm: [5], path: /a}}",
    "Cannot use auth.htpasswd.realm (REGISTRY_AUTH): expected a text, found a list",
  ],
  ["{htpasswd: {realm: localhost, path: /a}", "Cannot use auth.{htpasswd: {realm: localhost, path: /a}"],
])("REGISTRY_AUTH=%s is refused", (REGISTRY_AUTH, why) => {
  expect(() => settings({ REGISTRY_AUTH })).toThrow(why);
});

test.each([
  { REGISTRY_STORAGE: "s3" },
  { REGISTRY_STORAGE: "{s3: {bucket: charts}}" },
  { REGISTRY_STORAGE_S3_BUCKET: "charts" },
  { REGISTRY_STORAGE: "s3", REGISTRY_STORAGE_S3_BUCKET: "charts" },
] as Record<string, string>[])("%j is refused: nothing is kept elsewhere than was asked for", (env) => {
  for (const text of [undefined, image])
    expect(() => settings(env, text)).toThrow("Cannot use storage.s3 (REGISTRY_STORAGE");
});

test.each([
  [
    { REGISTRY_HTTP_TLS_CLIENTCAS_1: "/a" },
    "Cannot use REGISTRY_HTTP_TLS_CLIENTCAS_1: http.tls.clientcas has 0 items: expected an index up to 0, found 1",
  ],
  [{ REGISTRY_HTTP_TLS_CLIENTCAS_FIRST: "/a" }, "expected an index up to 0, found FIRST"],
  [{ REGISTRY_LOG: "loud", REGISTRY_LOG_LEVEL: "info" }, "Cannot use REGISTRY_LOG_LEVEL: log is not a map"],
  [{ REGISTRY_LOG: "loud" }, "Cannot use log (REGISTRY_LOG): expected keys below it, found a value"],
  [
    { REGISTRY_LOG_HOOKS: "somestring" },
    "Cannot use log.hooks (REGISTRY_LOG_HOOKS): expected keys below it, found a value",
  ],
  [
    { REGISTRY_LOGLEVEL: "derp" },
    'Cannot use loglevel (REGISTRY_LOGLEVEL): expected error or warn or info or debug, found "derp"',
  ],
  [
    { REGISTRY_STORAGE_FILESYSTEM: "somestring" },
    "Cannot use storage.filesystem (REGISTRY_STORAGE_FILESYSTEM): expected keys below it",
  ],
  [
    { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/a", REGISTRY_STORAGE_INMEMORY: "" },
    "Cannot use storage (REGISTRY_STORAGE_INMEMORY): it names both filesystem and inmemory",
  ],
  [
    { REGISTRY_HTTP_DRAINTIMEOUT: "soon" },
    'Cannot use http.draintimeout (REGISTRY_HTTP_DRAINTIMEOUT): expected a duration like 30s or 1h30m, found "soon"',
  ],
] as [Record<string, string>, string][])("%j is a usage error", (env, why) => {
  expect(() => settings(env)).toThrow(why);
});

test("any values give settings or one of our own errors", () => {
  const names = fc.constantFrom(
    "AUTH",
    "AUTH_HTPASSWD",
    "AUTH_HTPASSWD_PATH",
    "HTTP",
    "HTTP_ADDR",
    "HTTP_HEADERS",
    "HTTP_TLS_CLIENTCAS_0",
    "STORAGE",
    "_",
    "__PROTO__",
    "HEALTH_FILE_0_FILE",
  );
  const values = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom(
      "[",
      "&a [*a]",
      "&a {b: *a}",
      "{constructor: {x: 1}}",
      "? x",
      "__proto__: {a: b}",
      "<<: {a: b}",
    ),
  );
  fc.assert(
    fc.property(fc.dictionary(names, values), (dictionary) => {
      const env = Object.fromEntries(
        Object.entries(dictionary).map(([name, value]) => [`REGISTRY_${name}`, value]),
      );
      try {
        settings(env);
      } catch (error) {
        expect(error).toBeInstanceOf(ChartroomError);
      }
    }),
  );
});
