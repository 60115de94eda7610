// One configuration, two registries: docker-registry and ours, side by side. A row is what they must agree on.
import { describe, expect } from "bun:test";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Bench, freePort } from "../bench.ts";
import { interop } from "./support.ts";

const programs = ["docker-registry", "chartroom"] as const;

/** A configuration with a directory of its own, and what a test adds block by block. */
const configOf =
  (http: object = {}, storage: object = {}, more: object = {}) =>
  (host: string, folder: string) => ({
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(folder, "data") }, ...storage },
    http: { addr: host, ...http },
    ...more,
  });

/** What a request is answered by both, in one shape; what must differ (hosts, ids, Distribution's state) is taken out. */
async function answers(
  bench: Bench,
  config: ReturnType<typeof configOf>,
  lines: readonly string[],
  { headers = {}, env = {} }: { headers?: Record<string, string>; env?: Record<string, string> } = {},
) {
  const found: Record<string, unknown[]> = {};
  for (const program of programs) {
    const { host } = await bench.configured(program, config, env);
    const told: unknown[] = [];
    for (const line of lines) {
      const [method = "", path = ""] = line.split(" ");
      const response = await fetch(`http://${host}${path}`, { method, headers, proxy: false });
      const location = response.headers
        .get("location")
        ?.replace(host, "HOST")
        .replace(/[0-9a-f-]{36}(\?.*)?$/, "ID");
      told.push([line, response.status, location, response.headers.get("x-extra")]);
      await response.body?.cancel();
    }
    found[program] = told;
  }
  return found;
}

/** Both gave these answers. */
async function both(expected: readonly (readonly unknown[])[], found: Promise<Record<string, unknown[]>>) {
  const rows = expected.map(([line, status, location, extra = null]) => [line, status, location, extra]);
  expect(await found).toEqual(Object.fromEntries(programs.map((program) => [program, rows])));
}

const needs = ["docker-registry"] as const;
const upload = "POST /v2/a/blobs/uploads/";
const digest = `sha256:${"0".repeat(64)}`;

describe("docker-registry and ours answer alike", () => {
  interop("to deletes that nobody allowed", needs, async (bench) => {
    const lines = [`DELETE /v2/a/manifests/${digest}`, `DELETE /v2/a/blobs/${digest}`];
    await both(
      lines.map((line) => [line, 405]),
      answers(bench, configOf(), lines),
    );
  });

  interop("to deletes that are allowed", needs, async (bench) => {
    const lines = [`DELETE /v2/a/manifests/${digest}`, `DELETE /v2/a/blobs/${digest}`];
    await both(
      lines.map((line) => [line, 404]),
      answers(bench, configOf({}, { delete: { enabled: true } }), lines),
    );
  });

  interop("to everything that writes, in maintenance", needs, async (bench) => {
    const lines = [
      upload,
      "PUT /v2/a/manifests/1",
      `DELETE /v2/a/manifests/${digest}`,
      `DELETE /v2/a/blobs/${digest}`,
    ];
    const config = configOf({}, { maintenance: { readonly: { enabled: true } }, delete: { enabled: true } });
    await both(
      [...lines.map((line) => [line, 405]), ["GET /v2/", 200], ["GET /v2/_catalog", 200]],
      answers(bench, config, [...lines, "GET /v2/", "GET /v2/_catalog"]),
    );
  });

  // As whole URLs: in its paths docker-registry 2.8.2 leaves the prefix out, and they lead nowhere.
  interop("below a prefix", needs, async (bench) => {
    await both(
      [
        ["GET /team/v2/", 200],
        ["GET /v2/", 404],
        ["GET /", 200],
        ["POST /team/v2/a/blobs/uploads/", 202, "http://HOST/team/v2/a/blobs/uploads/ID"],
      ],
      answers(bench, configOf({ prefix: "/team/", relativeurls: false }), [
        "GET /team/v2/",
        "GET /v2/",
        "GET /",
        "POST /team/v2/a/blobs/uploads/",
      ]),
    );
  });

  interop("with paths, whole URLs, and those of a host", needs, async (bench) => {
    const path = "/v2/a/blobs/uploads/ID";
    await both([[upload, 202, path]], answers(bench, configOf({ relativeurls: true }), [upload]));
    await both(
      [[upload, 202, `http://HOST${path}`]],
      answers(bench, configOf({ relativeurls: false }), [upload]),
    );
    for (const host of ["https://charts.example.com", "https://charts.example.com:8443/"])
      await both(
        [[upload, 202, host.replace(/\/$/, "") + path]],
        answers(bench, configOf({ host }), [upload]),
      );
  });

  interop("with a proxy's word, which ours must be told to believe", needs, async (bench) => {
    const location = "https://charts.example.com/v2/a/blobs/uploads/ID";
    const config = configOf({ relativeurls: false, trustedproxies: ["127.0.0.1"] });
    for (const headers of [
      { "x-forwarded-proto": "https", "x-forwarded-host": "charts.example.com, inner" },
      { forwarded: "for=192.0.2.1;host=charts.example.com;proto=https" },
    ] as Record<string, string>[])
      await both([[upload, 202, location]], answers(bench, config, [upload], { headers }));
  });

  interop("with headers of the configuration", needs, async (bench) => {
    const config = configOf({ headers: { "X-Extra": ["one"] } });
    await both(
      [
        ["GET /v2/", 200, undefined, "one"],
        ["GET /v2/_catalog", 200, undefined, "one"],
        [`GET /v2/a/blobs/${digest}`, 404, undefined, "one"],
      ],
      answers(bench, config, ["GET /v2/", "GET /v2/_catalog", `GET /v2/a/blobs/${digest}`]),
    );
  });

  interop("to variables over the file", needs, async (bench) => {
    const env = {
      REGISTRY_STORAGE_DELETE_ENABLED: "true",
      REGISTRY_HTTP_HEADERS: "{X-Extra: [variable]}",
      REGISTRY_DUCKS: "quack",
    };
    const line = `DELETE /v2/a/blobs/${digest}`;
    await both([[line, 404, undefined, "variable"]], answers(bench, configOf(), [line], { env }));
  });

  interop("to Prometheus, by the same names and labels", needs, async (bench) => {
    const counted: Record<string, string[]> = {};
    for (const program of programs) {
      const debug = `127.0.0.1:${await freePort()}`;
      const http = { debug: { addr: debug, prometheus: { enabled: true } } };
      const { host } = await bench.configured(program, configOf(http));
      for (const line of [
        "GET /v2/",
        "GET /v2/_catalog",
        "GET /v2/a/tags/list",
        "GET /v2/a/manifests/1",
        `HEAD /v2/a/blobs/${digest}`,
        upload,
      ]) {
        const [method = "", path = ""] = line.split(" ");
        await fetch(`http://${host}${path}`, { method, proxy: false }).then((response) => response.bytes());
      }
      const text = await (await fetch(`http://${debug}/metrics`, { proxy: false })).text();
      counted[program] = [
        ...text.matchAll(
          /^(registry_http_requests_total|registry_http_request_duration_seconds_count)\{(.*)\} (\d+)$/gm,
        ),
      ]
        .map(([, name, labels = "", count]) => `${name} ${labels.split(",").sort().join(" ")} ${count}`)
        .filter((line) => !/handler="alive"/.test(line))
        .sort();
      expect((await fetch(`http://${debug}/debug/health`, { proxy: false })).status).toBe(200);
    }
    // Who asked whether it is there is counted by ours alone, as "alive".
    expect(counted["docker-registry"]).toHaveLength(12);
    expect(counted.chartroom).toEqual(counted["docker-registry"] ?? []);
  });

  interop("to users of a file that both made", needs, async (bench) => {
    for (const program of programs) {
      let made = "";
      const registry = await bench.configured(program, (host, folder) => {
        made = join(folder, "auth", "htpasswd");
        return configOf(
          {},
          {},
          { auth: { htpasswd: { realm: "here", path: made } }, log: { formatter: "json" } },
        )(host, folder);
      });
      const line = (await registry.log()).split("\n").find((each) => each.includes('"password"')) ?? "{}";
      const { user, password, level } = JSON.parse(line);
      expect([program, user, level, password?.length]).toEqual([
        program,
        "docker",
        expect.stringMatching(/^warn/),
        43,
      ]);
      expect((await stat(made)).mode & 0o777).toBe(0o600);
      expect((await stat(join(made, ".."))).mode & 0o777).toBe(0o700);
      expect(await readFile(made, "utf8")).toMatch(/^docker:\$2[aby]\$10\$\S{53}\n?$/);
      const ask = async (secret: string) => {
        const authorization = `Basic ${btoa(`docker:${secret}`)}`;
        return (await fetch(`http://${registry.host}/v2/`, { headers: { authorization }, proxy: false }))
          .status;
      };
      expect([program, await ask(password), await ask("wrong")]).toEqual([program, 200, 401]);
    }
  });
});
