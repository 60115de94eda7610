import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ChartroomError } from "../../../oci/errors.ts";
import { registrySettings } from "../settings.ts";
import { keys } from "./keys.ts";
import { limited, notified, type Part, type Row } from "./keysTold.suite.ts";

const place = { env: {}, cwd: "/work", platform: "linux" as const, home: "/home/me" };
const read = (body: string) =>
  registrySettings({ path: "config.yml", text: `version: 0.1\n${body}\n` }, {}, place);

const tls = "http: {tls: {certificate: /c, key: /k";
const proxy = "proxy: {remoteurl: 'https://registry.example.com'";
const stable = "mirrors: [{name: charts/stable, url: 'https://charts.example.com/stable'";
const week = 604_800_000;
const nothing = read("");

const granted = (pattern: string, grants: object): Part => {
  const nobody = { pull: new Set(), push: new Set(), delete: new Set() };
  return { access: { rules: { repositories: new Map([[pattern, { ...nobody, ...grants }]]) } } };
};

/** Each key with a file that says it, and what becomes of that. */
const honoured: Row[] = [
  ["version", "", {}],
  ["log.level", "log: {level: warn}", { log: { level: "warn" } }],
  ["log.formatter", "log: {formatter: logstash}", { log: { format: "logstash" } }],
  [
    "log.fields.*",
    "log: {fields: {service: registry, a.b: 1}}",
    { log: { fields: { service: "registry", "a.b": "1" } } },
  ],
  ["log.accesslog.disabled", "log: {accesslog: {disabled: true}}", { log: { requests: "off" } }],
  ["log.accesslog.format", "log: {accesslog: {format: combined}}", { log: { requests: "combined" } }],
  ["loglevel", "loglevel: error", { log: { level: "error" } }],
  [
    "storage.filesystem.rootdirectory",
    "storage: {filesystem: {rootdirectory: data}}",
    { data: "/work/data" },
  ],
  ["storage.inmemory", "storage: inmemory", { data: undefined }],
  ["storage.delete.enabled", "storage: {delete: {enabled: true}}", { rules: { refuseDeletes: false } }],
  [
    "storage.maintenance.readonly.enabled",
    "storage: {maintenance: {readonly: {enabled: true}}}",
    { readOnly: true, rules: { grace: undefined } },
  ],
  [
    "storage.maintenance.collection.enabled",
    "storage: {maintenance: {collection: {enabled: false}}}",
    { rules: { grace: undefined } },
  ],
  [
    "storage.maintenance.collection.untagged",
    "storage: {maintenance: {collection: {untagged: true}}}",
    { rules: { untagged: true } },
  ],
  [
    "storage.maintenance.collection.grace",
    "storage: {maintenance: {collection: {grace: 2h}}}",
    { rules: { grace: 7_200_000 } },
  ],
  [
    "storage.maintenance.uploadpurging.enabled",
    "storage: {maintenance: {uploadpurging: {enabled: false}}}",
    { sweep: "off" },
  ],
  [
    "storage.maintenance.uploadpurging.age",
    "storage: {maintenance: {uploadpurging: {age: 24h}}}",
    { sweep: { age: 86_400_000, interval: 3_600_000 } },
  ],
  [
    "storage.maintenance.uploadpurging.interval",
    "storage: {maintenance: {uploadpurging: {interval: 1m}}}",
    { sweep: { interval: 60_000 } },
  ],
  [
    "storage.maintenance.uploadpurging.dryrun",
    "storage: {maintenance: {uploadpurging: {dryrun: true}}}",
    { sweep: "off" },
  ],
  ["auth.htpasswd.realm", "auth: {htpasswd: {realm: r, path: /p}}", { users: { realm: "r" } }],
  [
    "auth.htpasswd.path",
    "auth: {htpasswd: {realm: r, path: p}}",
    { users: { path: "/work/p", namedBy: "configuration" } },
  ],
  ["auth.none", "auth: none", { users: undefined }],
  ["access.anonymouspull", "access: {anonymouspull: true}", { access: { anonymousPull: true } }],
  [
    "access.admins",
    "access: {admins: ann, repositories: {a: {pull: []}}}",
    { access: { rules: { admins: new Set(["ann"]) } } },
  ],
  [
    "access.groups.*",
    "access: {groups: {team: [ann, bob]}, repositories: {a: {push: team}}}",
    granted("a", { push: new Set(["ann", "bob"]) }),
  ],
  ...(["pull", "push", "delete"] as const).map((action): [string, string, Part] => [
    `access.repositories.*.${action}`,
    `access: {repositories: {'team/**': {${action}: users}}}`,
    granted("team/**", { [action]: "users" }),
  ]),
  ["http.addr", "http: {addr: ':80'}", { listen: { host: "", port: 80 } }],
  ["http.net", "http: {net: unix, addr: a.sock}", { listen: { socket: "/work/a.sock" } }],
  [
    "http.host",
    "http: {host: 'https://charts.example.com/'}",
    { http: { base: "https://charts.example.com", absolute: true } },
  ],
  ["http.prefix", "http: {prefix: /team/}", { prefix: "/team" }],
  ["http.relativeurls", "http: {relativeurls: false}", { http: { base: undefined, absolute: true } }],
  ["http.draintimeout", "http: {draintimeout: 1m}", { http: { drain: 60_000 } }],
  ["http.draindelay", "http: {draindelay: 15s}", { http: { drainDelay: 15_000 } }],
  [
    "http.trustedproxies.#",
    "http: {trustedproxies: [10.0.0.0/8, '::1', unix]}",
    { http: { trusted: ["10.0.0.0/8", "::1", "unix"] } },
  ],
  ["http.tls.certificate", `${tls}}}`, { tls: { certificate: "/c" } }],
  ["http.tls.key", `${tls}}}`, { tls: { key: "/k" } }],
  ["http.tls.clientcas.#", `${tls}, clientcas: [ca.pem]}}`, { tls: { clientCas: ["/work/ca.pem"] } }],
  [
    "http.tls.clientauth",
    `${tls}, clientcas: [/a], clientauth: require-and-verify-client-cert}}`,
    { tls: { clientCas: ["/a"] } },
  ],
  ["http.tls.minimumtls", `${tls}, minimumtls: tls1.3}}`, { tls: { minimum: "tls1.3" } }],
  [
    "http.tls.ciphersuites.#",
    `${tls}, ciphersuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]}}`,
    { tls: { ciphers: ["ECDHE-RSA-AES128-GCM-SHA256"] } },
  ],
  [
    "http.debug.addr",
    "http: {debug: {addr: 'localhost:5001'}}",
    { debug: { listen: { host: "localhost", port: 5001 }, metrics: undefined } },
  ],
  [
    "http.debug.prometheus.enabled",
    "http: {debug: {addr: ':1', prometheus: {enabled: true}}}",
    { debug: { metrics: "/metrics" } },
  ],
  [
    "http.debug.prometheus.path",
    "http: {debug: {addr: ':1', prometheus: {enabled: true, path: /m}}}",
    { debug: { metrics: "/m" } },
  ],
  [
    "http.headers.*",
    "http: {headers: {X-A: [one, two], X-B: three}}",
    {
      http: {
        headers: [
          ["X-A", "one"],
          ["X-A", "two"],
          ["X-B", "three"],
        ],
      },
    },
  ],
  ...notified,
  ...limited,
  [
    "health.storagedriver.enabled",
    "health: {storagedriver: {enabled: true}}",
    { health: { storage: { interval: 10_000, threshold: 3 } } },
  ],
  [
    "health.storagedriver.interval",
    "health: {storagedriver: {enabled: true, interval: 1s}}",
    { health: { storage: { interval: 1000 } } },
  ],
  [
    "health.storagedriver.threshold",
    "health: {storagedriver: {enabled: true, threshold: 5}}",
    { health: { storage: { threshold: 5 } } },
  ],
  [
    "health.file.#.file",
    "health: {file: [{file: /down}]}",
    { health: { files: [{ path: "/down", interval: 10_000, threshold: 1 }] } },
  ],
  [
    "health.file.#.interval",
    "health: {file: [{file: /down, interval: 2s}]}",
    { health: { files: [{ interval: 2000 }] } },
  ],
  [
    "health.file.#.threshold",
    "health: {file: [{file: /down, threshold: 2}]}",
    { health: { files: [{ threshold: 2 }] } },
  ],
  [
    "validation.manifests.indexes.platforms",
    "validation: {manifests: {indexes: {platforms: All}}}",
    { rules: { acceptMissing: false } },
  ],
  [
    "validation.manifests.missing",
    "validation: {manifests: {missing: accept}}",
    { rules: { acceptMissing: true } },
  ],
  [
    "proxy.remoteurl",
    `${proxy}}`,
    { mirrors: [{ prefix: "", url: new URL("oci://registry.example.com"), plainHttp: false, ttl: week }] },
  ],
  ["proxy.username", `${proxy}, username: u}`, { mirrors: [{ login: { username: "u", password: "" } }] }],
  [
    "proxy.password",
    `${proxy}, username: u, password: p}`,
    { mirrors: [{ login: { username: "u", password: "p" } }] },
  ],
  ["proxy.ttl", `${proxy}, ttl: 0}`, { mirrors: [{ ttl: 0 }] }],
  ["mirrors.#.name", `${stable}}]`, { mirrors: [{ prefix: "charts/stable", plainHttp: undefined }] }],
  [
    "mirrors.#.url",
    `${stable}}]`,
    { mirrors: [{ url: new URL("https://charts.example.com/stable"), ttl: 0 }] },
  ],
  ["mirrors.#.username", `${stable}, username: u}]`, { mirrors: [{ login: { username: "u" } }] }],
  [
    "mirrors.#.password",
    `${stable}, username: u, password: p}]`,
    { mirrors: [{ login: { password: "p" } }] },
  ],
  ["mirrors.#.ttl", `${stable}, ttl: 1h}]`, { mirrors: [{ ttl: 3_600_000 }] }],
  ["mirrors.#.refresh", `${stable}, refresh: 1m}]`, { mirrors: [{ refresh: 60_000 }] }],
  ["catalog.maxentries", "catalog: {maxentries: 10}", { pages: { repositories: 10 } }],
  ["tags.maxtags", "tags: {maxtags: 20}", { pages: { tags: 20 } }],
];

/** Each key with a file that says it; nothing becomes of that, and nothing is said. */
const moot: [key: string, yaml: string][] = [
  ["log.reportcaller", "log: {reportcaller: true}"],
  ["storage.filesystem.maxthreads", "storage: {filesystem: {rootdirectory: /d, maxthreads: 100}}"],
  ["storage.cache", "storage: {cache: {blobdescriptor: inmemory, blobdescriptorsize: 10, layerinfo: redis}}"],
  ["storage.redirect.disable", "storage: {redirect: {disable: true}}"],
  ["storage.tag.concurrencylimit", "storage: {tag: {concurrencylimit: 8}}"],
  ["http.secret", "http: {secret: asecretforlocaldevelopment}"],
  ["http.http2.disabled", "http: {http2: {disabled: true}}"],
  ["proxy.cachewritetimeout", "proxy: {cachewritetimeout: 5m}"],
  ["validation.enabled", "validation: {enabled: true}"],
  [
    "validation.manifests.indexes.platformlist",
    "validation: {manifests: {indexes: {platformlist: [{os: linux}]}}}",
  ],
  ["compatibility", "compatibility: {schema1: {signingkeyfile: /k}}"],
];

/** Each key with a file that asks for it, and the path that the refusal names. */
const refused: [key: string, yaml: string, named?: string][] = [
  [
    "log.hooks.#",
    "log: {hooks: [{type: mail, levels: [panic], options: {from: a@example.com}}]}",
    "log.hooks.0",
  ],
  ["storage.s3", "storage: {s3: {bucket: b}}"],
  ["storage.s3aws", "storage: s3aws"],
  ["storage.azure", "storage: {azure: {}}"],
  ["storage.gcs", "storage: {gcs: }"],
  ["storage.swift", "storage: swift"],
  ["storage.oss", "storage: {oss: {bucket: b}, delete: {enabled: true}}"],
  ["auth.token", "auth: {token: {realm: r, service: s, issuer: i}}"],
  ["auth.silly", "auth: {silly: {realm: r, service: s}}"],
  ["middleware.registry.#", "middleware: {registry: [{name: a}]}", "middleware.registry.0"],
  ["middleware.repository.#", "middleware: {repository: [{name: a}]}", "middleware.repository.0"],
  [
    "middleware.storage.#",
    "middleware: {storage: [{name: cloudfront, options: {a: b}}]}",
    "middleware.storage.0",
  ],
  ["http.tls.letsencrypt", `${tls}, letsencrypt: {cachefile: /l, email: a@example.com}}}`],
  ["http.h2c.enabled", "http: {h2c: {enabled: true}}"],
  ["redis", "redis: {addrs: ['localhost:6379']}"],
  ["health.http.#", "health: {http: [{uri: 'http://e'}]}", "health.http.0"],
  ["health.tcp.#", "health: {tcp: [{addr: 'a:1'}]}", "health.tcp.0"],
  ["proxy.exec", "proxy: {exec: {command: c}}"],
  ["validation.disabled", "validation: {disabled: true}"],
  ["validation.manifests.urls", "validation: {manifests: {urls: {allow: ['^https://']}}}"],
  ["policy.repository.classes.#", "policy: {repository: {classes: [image]}}", "policy.repository.classes.0"],
  ["reporting", "reporting: {bugsnag: {apikey: k}}"],
  ["compatibility.schema1.enabled", "compatibility: {schema1: {enabled: true}}"],
];

test.each(honoured)("%s is honoured: %s", (_, yaml, expected) => {
  const settings = read(yaml);
  expect(settings).toMatchObject(expected);
  expect(settings.warnings).toEqual([]);
});

test.each(moot)("%s is accepted: %s", (_, yaml) => {
  expect(read(yaml)).toEqual({
    ...nothing,
    data: yaml.includes("filesystem") ? "/d" : nothing.data,
    users: expect.anything(),
  });
});

test.each(refused)("%s is refused: %s", (key, yaml, named = key) => {
  expect(() => read(yaml)).toThrow(`Cannot use ${named} (config.yml:2): it is not supported here`);
  expect(hintOf(yaml)?.toLowerCase()).toBe(`${keys[key]?.note}.`.toLowerCase());
});

function hintOf(yaml: string): string | undefined {
  try {
    read(yaml);
  } catch (error) {
    return error instanceof ChartroomError ? error.hint : undefined;
  }
  return undefined;
}

test.each([
  "notifications: {endpoints: [{name: a, disabled: true, url: 'http://e'}]}",
  "log: {hooks: [{type: mail, disabled: true, levels: [panic]}]}",
  "middleware: {storage: [{name: redirect, disabled: true}], registry: []}",
  "http: {h2c: {enabled: false}, tls: {letsencrypt: {}}}",
  "redis: {}",
  "proxy: {remoteurl: ''}",
  "proxy: {username: u, password: p, ttl: 168h}",
  "validation: {disabled: false, manifests: {urls: {allow: []}}}",
  "reporting:",
])("what asks for nothing is not refused: %s", (yaml) => {
  expect(read(yaml)).toEqual(nothing);
});

describe("the table", () => {
  test("is tested key by key", () => {
    const rows = { honoured, moot, refused };
    for (const use of ["honoured", "moot", "refused"] as const)
      expect(rows[use].map(([key]) => key).sort()).toEqual(
        Object.keys(keys)
          .filter((key) => keys[key]?.use === use)
          .sort(),
      );
  });

  test("is the one of docs/configuration.md", () => {
    const docs = readFileSync(join(import.meta.dir, "../../../../docs/configuration.md"), "utf8");
    const words = { honoured: "honoured", moot: "accepted", refused: "**refused**" };
    expect(docs.split("\n").filter((line) => /^\| `[a-z0-9.*#]+` \|/.test(line))).toEqual(
      Object.entries(keys).map(([key, { use, note }]) => `| \`${key}\` | ${words[use]} | ${note} |`),
    );
  });
});
