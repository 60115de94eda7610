import { expect, test } from "bun:test";
import { registrySettings } from "../settings.ts";

const place = { env: {}, cwd: "/work", platform: "linux" as const, home: "/home/me" };
const read = (body: string) =>
  registrySettings({ path: "config.yml", text: `version: 0.1\n${body}\n` }, {}, place);
const tls = "http: {tls: {certificate: /c, key: /k";

test.each([
  ["http: {adr: ':1'}", "http.adr (config.yml:2) is unknown and has no effect; did you mean http.addr?"],
  ["htpp:\n  addr: ':1'", "htpp (config.yml:2) is unknown and has no effect; did you mean http?"],
  [
    "http:\n  addr: ':1'\n  tls:\n    keey: /k",
    "http.tls.keey (config.yml:5) is unknown and has no effect; did you mean http.tls.key?",
  ],
  ["HTTP: {addr: ':1'}", "HTTP (config.yml:2) is unknown and has no effect"],
  [
    "health: {file: [{fill: /a, file: /b}]}",
    "health.file.0.fill (config.yml:2) is unknown and has no effect; did you mean health.file.0.file?",
  ],
  [
    "http: {tls: {minimumtls: tls1.3}}",
    "http.tls.minimumtls (config.yml:2) has no effect without http.tls.certificate",
  ],
  [
    "http: {debug: {prometheus: {enabled: true}}}",
    "http.debug.prometheus.enabled (config.yml:2) has no effect without http.debug.addr",
  ],
  ["catalog: {maxentries: 5000}", "catalog.maxentries (config.yml:2) is cut down to 1000"],
  ["tags: {maxtags: 1001}", "tags.maxtags (config.yml:2) is cut down to 1000"],
])("%j is warned of", (yaml, warning) => {
  expect(read(yaml).warnings).toEqual([warning]);
});

test.each([
  ["http: {addr: [1]}", "Cannot use http.addr (config.yml:2): expected a text, found a list"],
  ["http: {net: udp, addr: a}", 'Cannot use http.net (config.yml:2): expected tcp or unix, found "udp"'],
  ["http: {net: unix}", "Cannot use http.addr: expected the path of a socket, found nothing"],
  [
    "http: {host: charts.example.com}",
    "Cannot use http.host (config.yml:2): expected a URL like https://charts.example.com",
  ],
  ["http: {prefix: team}", 'Cannot use http.prefix (config.yml:2): expected a path, as /team/, found "team"'],
  [
    "http: {relativeurls: perhaps}",
    'Cannot use http.relativeurls (config.yml:2): expected true or false, found "perhaps"',
  ],
  [
    "http: {trustedproxies: [10.0.0.0/33]}",
    'Cannot use http.trustedproxies.0 (config.yml:2): expected an address, a network like 10.0.0.0/8, or unix, found "10.0.0.0/33"',
  ],
  [
    "http: {trustedproxies: 10.0.0.1}",
    "Cannot use http.trustedproxies (config.yml:2): expected keys below it, found a value",
  ],
  [
    'http: {headers: {"X-A": ["a\\r\\nb"]}}',
    "Cannot use http.headers (config.yml:2): expected names and values of headers",
  ],
  [
    "http: {headers: {Content-Length: ['1']}}",
    "Cannot use http.headers (config.yml:2): expected names and values of headers",
  ],
  [
    "http: {tls: {clientcas: [/a]}}",
    "Cannot use http.tls.clientcas (config.yml:2): expected http.tls.certificate and http.tls.key beside it",
  ],
  [
    `${tls}, clientauth: require-and-verify-client-cert}}`,
    "Cannot use http.tls.clientauth (config.yml:2): expected http.tls.clientcas beside it",
  ],
  [
    `${tls}, minimumtls: tls1.0}}`,
    'Cannot use http.tls.minimumtls (config.yml:2): expected tls1.2 or tls1.3, found "tls1.0"',
  ],
  [
    `${tls}, clientauth: request-client-cert}}`,
    "Cannot use http.tls.clientauth (config.yml:2): expected require-and-verify-client-cert",
  ],
  [
    `${tls}, ciphersuites: [TLS_RSA_WITH_RC4_128_SHA]}}`,
    "Cannot use http.tls.ciphersuites.0 (config.yml:2): expected one of TLS_ECDHE_",
  ],
  [
    "validation: {manifests: {indexes: {platforms: none}}}",
    "Cannot use validation.manifests.indexes.platforms (config.yml:2): expected all",
  ],
  [
    "catalog: {maxentries: many}",
    'Cannot use catalog.maxentries (config.yml:2): expected a whole number, found "many"',
  ],
  ["health: {file: [{interval: 1s}]}", "Cannot use health.file.0.file: expected a path, found nothing"],
  ["storage: {delte: {enabled: true}}", "Cannot use storage.delte (config.yml:2): it is not supported here"],
  [
    "storage: {filesystem: {rootdirectory: /a}, inmemory: {}}",
    "Cannot use storage (config.yml:2): it names both filesystem and inmemory",
  ],
  ["auth: {ldap: {}}", "Cannot use auth.ldap (config.yml:2): it is not supported here"],
  ["http: {addr: ':1'}\nhttp: {addr: ':2'}", "Cannot read config.yml:3: Map keys must be unique"],
  ["http: [", "Cannot read config.yml:3: "],
])("%j is a usage error", (yaml, why) => {
  expect(() => read(yaml)).toThrow(why);
});

test.each([
  ["version: 0.2", 'Cannot use version (config.yml:1): expected 0.1, found "0.2"'],
  ["storage: inmemory", "Cannot use version: expected 0.1, found nothing"],
  ["", "Cannot use version: expected 0.1, found nothing"],
  ["- a", "Cannot use configuration config.yml: expected keys and values"],
])("a file that is %j is refused", (text, why) => {
  expect(() => registrySettings({ path: "config.yml", text }, {}, place)).toThrow(why);
});

test("anchors and merge keys are followed", () => {
  const yaml =
    "health:\n  storagedriver: &often {enabled: true, interval: 1s}\n  file: [{<<: *often, file: /a}]";
  const { health, warnings } = registrySettings(
    { path: "config.yml", text: `version: 0.1\n${yaml}` },
    {},
    place,
  );
  expect(health.files).toEqual([{ path: "/a", interval: 1000, threshold: 1 }]);
  expect(warnings).toEqual([expect.stringContaining("health.file.0.enabled (config.yml:3) is unknown")]);
});
