import { expect, test } from "bun:test";
import fc from "fast-check";
import { ChartroomError } from "../../oci/errors.ts";
import { distributionSettings } from "./distribution.ts";

const nothing = {
  addr: undefined,
  certificate: undefined,
  key: undefined,
  rootDirectory: undefined,
  prefix: undefined,
  rules: { acceptMissing: false, refuseDeletes: false },
  htpasswd: undefined,
  unheeded: [],
};
const sparse = { acceptMissing: true, refuseDeletes: false };
const kept = { acceptMissing: false, refuseDeletes: true };
const file = { realm: "localhost", path: "/auth/htpasswd" };

test.each([
  ["nothing", { PATH: "/bin", CHARTROOM_ADDR: ":1" }, {}],
  [
    "the page's line",
    { REGISTRY_AUTH: "{htpasswd: {realm: localhost, path: /auth/htpasswd}}" },
    { htpasswd: file },
  ],
  [
    "JSON",
    { REGISTRY_AUTH: '{"htpasswd":{"realm":"localhost","path":"/auth/htpasswd"}}' },
    { htpasswd: file },
  ],
  [
    "YAML of more lines",
    { REGISTRY_AUTH: "htpasswd:\n  realm: localhost\n  path: /auth/htpasswd\n" },
    { htpasswd: file },
  ],
  [
    "a name and its parts",
    {
      REGISTRY_AUTH: "htpasswd",
      REGISTRY_AUTH_HTPASSWD_REALM: "localhost",
      REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd",
    },
    { htpasswd: file },
  ],
  [
    "parts alone",
    { REGISTRY_AUTH_HTPASSWD_REALM: "localhost", REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd" },
    { htpasswd: file },
  ],
  [
    "a block and a part that is newer",
    { REGISTRY_AUTH_HTPASSWD_REALM: "5000", REGISTRY_AUTH: "{htpasswd: {realm: old, path: /auth/htpasswd}}" },
    { htpasswd: { ...file, realm: "5000" } },
  ],
  [
    "a block below",
    { REGISTRY_AUTH_HTPASSWD: "{realm: localhost, path: /auth/htpasswd}" },
    { htpasswd: file },
  ],
  ["none", { REGISTRY_AUTH: "none" }, {}],
  ["a block of none", { REGISTRY_AUTH: "{none: {}}" }, {}],
  ["an empty value", { REGISTRY_AUTH: "" }, {}],
  ["an empty block", { REGISTRY_AUTH: "{}" }, {}],
  ["another tool's variable", { REGISTRY_AUTH_FILE: "/run/containers/auth.json" }, {}],
  ["an address", { REGISTRY_HTTP_ADDR: "0.0.0.0:5000" }, { addr: "0.0.0.0:5000" }],
  ["an address that is no YAML", { REGISTRY_HTTP_ADDR: "[::1]:5000" }, { addr: "[::1]:5000" }],
  ["an address in quotes", { REGISTRY_HTTP_ADDR: '":5000"' }, { addr: ":5000" }],
  [
    "a block of http",
    { REGISTRY_HTTP: "{addr: ':80', secret: x}" },
    { addr: ":80", unheeded: ["REGISTRY_HTTP_SECRET"] },
  ],
  [
    "certificates",
    {
      REGISTRY_HTTP_TLS_CERTIFICATE: "/c.pem",
      REGISTRY_HTTP_TLS_KEY: "/k.pem",
      REGISTRY_HTTP_TLS_CLIENTCAS_0: "/a",
    },
    { certificate: "/c.pem", key: "/k.pem", unheeded: ["REGISTRY_HTTP_TLS_CLIENTCAS_0"] },
  ],
  [
    "a directory",
    { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/var/lib/registry" },
    { rootDirectory: "/var/lib/registry" },
  ],
  [
    "a storage and its parts",
    { REGISTRY_STORAGE: "filesystem", REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/data" },
    { rootDirectory: "/data" },
  ],
  [
    "what has no effect here",
    {
      REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR: "inmemory",
      REGISTRY_LOG_LEVEL: "debug",
      REGISTRY_PORT: "tcp://10.0.0.1:5000",
    },
    { unheeded: ["REGISTRY_LOG_LEVEL", "REGISTRY_PORT", "REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR"] },
  ],
  ["a prefix", { REGISTRY_HTTP_PREFIX: "/team/charts/" }, { prefix: "/team/charts" }],
  ["a prefix of nothing", { REGISTRY_HTTP_PREFIX: "/" }, {}],
  ["sparse manifests", { REGISTRY_VALIDATION_MANIFESTS_MISSING: "accept" }, { rules: sparse }],
  [
    "sparse manifests, in a block",
    { REGISTRY_VALIDATION: "{manifests: {missing: accept}}" },
    { rules: sparse },
  ],
  ["whole manifests", { REGISTRY_VALIDATION_MANIFESTS_MISSING: "refuse" }, {}],
  ["deletes", { REGISTRY_STORAGE_DELETE_ENABLED: "true" }, {}],
  ["no word about deletes", { REGISTRY_STORAGE_DELETE_ENABLED: "" }, {}],
  ["no deletes", { REGISTRY_STORAGE_DELETE_ENABLED: "false" }, { rules: kept }],
  ["no deletes, in a block", { REGISTRY_STORAGE_DELETE: "{enabled: no}" }, { rules: kept }],
])("%s", (_, env, expected) => {
  expect(distributionSettings(env)).toEqual({ ...nothing, ...expected });
});

test.each([
  [{ REGISTRY_HTTP_PREFIX: "team" }, 'REGISTRY_HTTP_PREFIX: expected a path, as /team/, found "team"'],
  [{ REGISTRY_HTTP_PREFIX: "/a b" }, "REGISTRY_HTTP_PREFIX: expected a path"],
  [{ REGISTRY_HTTP_PREFIX: "//" }, "REGISTRY_HTTP_PREFIX: expected a path"],
  [
    { REGISTRY_VALIDATION_MANIFESTS_MISSING: "yes" },
    'REGISTRY_VALIDATION_MANIFESTS_MISSING: expected accept or refuse, found "yes"',
  ],
  [
    { REGISTRY_STORAGE_DELETE_ENABLED: "perhaps" },
    'REGISTRY_STORAGE_DELETE_ENABLED: expected true or false, found "perhaps"',
  ],
] as const)("%j is refused: %s", (env, why) => {
  expect(() => distributionSettings(env)).toThrow(`Cannot use ${why}`);
});

test.each([
  ["{token: {realm: x}}", 'expected htpasswd or none, found "token"'],
  ["silly", 'expected htpasswd or none, found "silly"'],
  ["{htpasswd: {realm: a, path: b}, token: {}}", "it names both htpasswd and token"],
  ["htpasswd", "htpasswd needs a realm"],
  ["{htpasswd: {realm: localhost}}", "htpasswd needs a path"],
  ["{htpasswd: {realm: 5, path: /a}}", "htpasswd needs a realm"],
  ["{htpasswd: {realm: localhost, path: /a}", "expected htpasswd or none, found"],
])("REGISTRY_AUTH=%s is refused: %s", (REGISTRY_AUTH, why) => {
  expect(() => distributionSettings({ REGISTRY_AUTH })).toThrow(`Cannot use REGISTRY_AUTH: ${why}`);
});

test.each([
  { REGISTRY_STORAGE: "s3" },
  { REGISTRY_STORAGE: "{s3: {bucket: charts}}" },
  { REGISTRY_STORAGE_S3_BUCKET: "charts" },
  { REGISTRY_STORAGE: "filesystem", REGISTRY_STORAGE_S3_BUCKET: "charts" },
])("%j is refused: nothing is kept elsewhere than was asked for", (env) => {
  expect(() => distributionSettings(env)).toThrow(
    'Cannot use REGISTRY_STORAGE: expected filesystem, found "s3"',
  );
});

test("any values give settings or one of our own errors", () => {
  const names = fc.constantFrom(
    "AUTH",
    "AUTH_HTPASSWD",
    "AUTH_HTPASSWD_PATH",
    "HTTP",
    "HTTP_ADDR",
    "STORAGE",
    "_",
    "__PROTO__",
  );
  const values = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom("[", "&a [*a]", "{constructor: {x: 1}}", "? x", "__proto__: {a: b}"),
  );
  fc.assert(
    fc.property(fc.dictionary(names, values), (dictionary) => {
      const env = Object.fromEntries(
        Object.entries(dictionary).map(([name, value]) => [`REGISTRY_${name}`, value]),
      );
      try {
        distributionSettings(env);
      } catch (error) {
        expect(error).toBeInstanceOf(ChartroomError);
      }
    }),
  );
});
