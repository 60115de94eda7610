import { describe, expect } from "bun:test";
import { existsSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { makeCertificate } from "../../src/testing/certificates.ts";
import type { Bench } from "../bench.ts";
import { onBench, refusalOf } from "./cli.ts";
import { started } from "./serving.ts";

const put = async (bench: Bench, text: string, name = "config.yml") => {
  await writeFile(bench.path(name), text);
  return name;
};
const greeted = "may pull and push";

/** A blob's upload, from its beginning to where it says that it may go on. */
const open = async (url: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/v2/a/blobs/uploads/`, { method: "POST", headers });

describe("a configuration of Distribution's", () => {
  onBench("as its repository's development file serves, with its debug address", async (bench) => {
    const file = await put(
      bench,
      `version: 0.1
log:
  level: debug
  fields: {service: registry, environment: development}
storage:
  delete: {enabled: true}
  cache: {blobdescriptor: inmemory}
  filesystem: {rootdirectory: ${bench.path("data")}}
  maintenance: {uploadpurging: {enabled: false}}
  tag: {concurrencylimit: 8}
http:
  addr: 127.0.0.1:0
  debug: {addr: "127.0.0.1:0", prometheus: {enabled: true, path: /metrics}}
  headers: {X-Content-Type-Options: [nosniff]}
health: {storagedriver: {enabled: true, interval: 10s, threshold: 3}}
`,
    );
    const server = await started(bench, [file], { REGISTRY_LOG_FORMATTER: "" });
    const lines = () =>
      server
        .said()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    expect(lines().every(({ level, service }) => level === "info" && service === "registry")).toBe(true);
    const debug = /metrics on (http:\/\/[^"]+)/.exec(server.said())?.[1] ?? "";
    expect((await open(server.url)).status).toBe(202);
    expect((await fetch(`${server.url}/v2/a/manifests/1`, { method: "DELETE" })).status).toBe(404);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
    for (const path of ["/healthz", "/readyz", "/debug/health"])
      expect([path, (await fetch(debug + path)).status]).toEqual([path, 200]);
    expect(await (await fetch(`${debug}/metrics`)).text()).toContain(
      'registry_http_requests_total{handler="blob_upload",method="post",code="202"} 1\n',
    );
    expect(await server.stop()).toBe(0);
    expect(lines().find(({ operation }) => operation === "open-upload")).toMatchObject({
      msg: "request",
      method: "POST",
      repository: "a",
      status: 202,
      environment: "development",
    });
  });

  onBench(
    "gives way to the environment, and that to flags; without a word deletes are off",
    async (bench) => {
      const file = await put(
        bench,
        `version: 0.1\nstorage: {filesystem: {rootdirectory: ${bench.path("file")}}}\nhttp: {addr: nonsense}\n`,
      );
      const env = {
        REGISTRY_CONFIGURATION_PATH: file,
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: bench.path("environment"),
        REGISTRY_DUCKS: "quack",
      };
      const server = await started(bench, ["--addr", "127.0.0.1:0"], env);
      expect(server.said()).toContain("Warning: REGISTRY_DUCKS has no effect: there is no ducks\n");
      expect(server.said()).toContain(`Keeping data in ${bench.path("environment")}\n`);
      expect((await fetch(`${server.url}/v2/a/manifests/1`, { method: "DELETE" })).status).toBe(405);
      await server.stop();
    },
  );

  onBench("that we cannot keep is refused before anything is touched", async (bench) => {
    const file = await put(bench, "version: 0.1\nstorage:\n  s3: {bucket: charts}\n");
    expect(refusalOf(await bench.run("chartroom", ["registry", "serve", file]))).toEqual({
      exitCode: 2,
      message: "Cannot use storage.s3 (config.yml:3): it is not supported here",
      hint: expect.stringContaining("Use `storage.filesystem` for now"),
    });
    const none = await bench.run("chartroom", ["registry", "serve", "none.yml"]);
    expect(refusalOf(none)).toMatchObject({
      exitCode: 1,
      message: "Cannot read configuration none.yml: no such file",
    });
    using taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const busy = await put(bench, `version: 0.1\nhttp: {debug: {addr: "127.0.0.1:${taken.port}"}}\n`);
    const args = ["registry", "serve", busy, "--addr", "127.0.0.1:0"];
    expect(refusalOf(await bench.run("chartroom", args))).toMatchObject({
      exitCode: 5,
      message: `Cannot listen on 127.0.0.1:${taken.port}: the port is in use`,
    });
    expect(existsSync(bench.path("home/.local/share/chartroom"))).toBe(false);
  });

  onBench("names a file of users that is missing: it is made, its password said once", async (bench) => {
    const path = bench.path("auth/htpasswd");
    const auth = { REGISTRY_AUTH: `{htpasswd: {realm: here, path: ${path}}}` };
    // Also to whom nothing but errors is told.
    const quiet = { REGISTRY_LOG_LEVEL: "error", REGISTRY_AUTH: `{htpasswd: {realm: here, path: ${path}2}}` };
    const hushed = await started(bench, ["--addr", "127.0.0.1:0", "--data", "other"], quiet, "password=");
    expect(hushed.said()).toMatch(/user=docker password=\S{43}\n$/);
    await hushed.stop();
    const args = ["--addr", "127.0.0.1:0", "--data", "data"];
    const server = await started(bench, args, auth);
    const [, password = ""] = /^Warning: .* user=docker password=(\S+)$/m.exec(server.said()) ?? [];
    const status = async (secret?: string) => {
      const headers = secret === undefined ? {} : { authorization: `Basic ${btoa(`docker:${secret}`)}` };
      const response = await fetch(`${server.url}/v2/`, { headers });
      return [response.status, response.headers.get("www-authenticate")];
    };
    expect(await status(password)).toEqual([200, null]);
    expect(await status()).toEqual([401, 'Basic realm="here", charset="UTF-8"']);
    expect(await status("wrong")).toEqual([401, 'Basic realm="here", charset="UTF-8"']);
    await server.stop();
    const again = await started(bench, args, auth);
    expect(again.said()).not.toContain("password");
    await again.stop();
    const flag = await bench.run("chartroom", ["registry", "serve", ...args, "--htpasswd", "none"]);
    expect(refusalOf(flag)).toMatchObject({ exitCode: 1, hint: expect.stringContaining("user add") });
  });

  onBench("lets a request under way finish, and says before that it wants no more", async (bench) => {
    const env = {
      REGISTRY_HTTP_DEBUG: "{addr: '127.0.0.1:0', prometheus: {enabled: true}}",
      REGISTRY_HTTP_DRAINTIMEOUT: "1m",
    };
    const server = await started(bench, ["--addr", "127.0.0.1:0", "--data", "data"], env);
    const debug = /metrics on (\S+)/.exec(server.said())?.[1] ?? "";
    const location = (await open(server.url)).headers.get("location");
    const { readable, writable } = new TransformStream<Uint8Array>();
    const writer = writable.getWriter();
    const pushed = fetch(server.url + location, { method: "PATCH", body: readable });
    await writer.write(new Uint8Array(10));
    const metrics = async () => (await fetch(`${debug}/metrics`)).text();
    while (!(await metrics()).includes("chartroom_uploads_in_flight 1\n")) await Bun.sleep(10);
    const stopped = server.stop();
    const ready = async () => (await fetch(`${debug}/readyz`)).status;
    while ((await ready()) !== 503) await Bun.sleep(10);
    expect((await fetch(`${debug}/healthz`)).status).toBe(200);
    await writer.close();
    expect((await pushed).status).toBe(202);
    expect(await stopped).toBe(0);
  });

  onBench("in memory keeps nothing", async (bench) => {
    const env = { REGISTRY_STORAGE: "inmemory" };
    const server = await started(bench, ["--addr", "127.0.0.1:0"], env);
    expect(server.said()).toContain("Keeping data in memory: it is gone when this stops\n");
    expect((await open(server.url)).status).toBe(202);
    expect(await server.stop()).toBe(0);
    expect(existsSync(bench.path("home/.local/share/chartroom"))).toBe(false);
  });
});

describe("from outside", () => {
  onBench("behind a proxy: a socket, a prefix, whole URLs, the client's address", async (bench) => {
    const socket = bench.path("registry.sock");
    const file = await put(
      bench,
      `version: 0.1
storage: {filesystem: {rootdirectory: ${bench.path("data")}}}
http: {net: unix, addr: ${socket}, prefix: /team/, relativeurls: false, trustedproxies: [unix]}
`,
    );
    const server = await started(bench, [file], {}, greeted);
    const ask = (path: string, headers: Record<string, string>, method = "GET") =>
      fetch(`http://inner${path}`, { unix: socket, headers, method });
    const proxied = {
      "x-forwarded-proto": "https",
      "x-forwarded-host": "charts.example.com",
      "x-forwarded-for": "192.0.2.9",
    };
    const opened = await ask("/team/v2/a/blobs/uploads/", proxied, "POST");
    expect(opened.headers.get("location")).toStartWith("https://charts.example.com/team/v2/a/blobs/uploads/");
    expect((await ask("/v2/", {})).status).toBe(404);
    expect((await ask("/", {})).status).toBe(200);
    expect(await server.stop()).toBe(0);
    expect(server.said()).toMatch(/Z 192\.0\.2\.9 - POST \/team\/v2\/a\/blobs\/uploads\/ 202 /);
    expect(existsSync(socket)).toBe(false);
  });

  onBench("over TCP no stranger moves a Location or writes himself an address", async (bench) => {
    const env = { REGISTRY_HTTP_RELATIVEURLS: "false" };
    const server = await started(bench, ["--addr", "127.0.0.1:0", "--data", "data"], env);
    const evil = {
      "x-forwarded-host": "evil.example",
      forwarded: "host=evil.example;for=6.6.6.6",
      "x-forwarded-for": "6.6.6.6",
    };
    const opened = await open(server.url, evil);
    expect(opened.headers.get("location")).toStartWith(`${server.url}/v2/a/blobs/uploads/`);
    await server.stop();
    expect(server.said()).toMatch(/Z 127\.0\.0\.1 - POST /);
    expect(server.said()).not.toContain("6.6.6.6");
  });

  onBench("read-only by the variable that ends Distribution with a panic", async (bench) => {
    const env = { REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: "true" };
    const server = await started(bench, ["--addr", ":0", "--data", "data"], env);
    expect((await open(server.url)).status).toBe(405);
    expect((await fetch(`${server.url}/v2/_catalog`)).status).toBe(200);
    expect(server.said()).not.toContain("may push and delete");
    await server.stop();
  });

  onBench("a certificate that is replaced is shown without a restart", async (bench) => {
    const [old, fresh] = ["old.example", "new.example"].map((name) => makeCertificate({ name }));
    const pair = async (certificate: typeof old) => {
      for (const [name, text] of [
        ["cert.pem", certificate?.cert],
        ["key.pem", certificate?.key],
      ] as const) {
        await put(bench, text ?? "", `${name}.new`);
        await rename(bench.path(`${name}.new`), bench.path(name));
      }
    };
    await pair(old);
    const args = [
      "--addr",
      "127.0.0.1:0",
      "--data",
      "data",
      "--tls-cert",
      "cert.pem",
      "--tls-key",
      "key.pem",
    ];
    const server = await started(bench, args);
    const trusts = (certificate: typeof old) =>
      fetch(`${server.url}/v2/`, {
        tls: {
          ca: certificate?.cert ?? "",
          serverName: certificate?.name ?? "",
          checkServerIdentity: () => undefined,
        },
        keepalive: false,
      }).then(
        ({ status }) => status === 200,
        () => false,
      );
    expect([await trusts(old), await trusts(fresh)]).toEqual([true, false]);
    await pair(fresh);
    await server.until("New connections get the new certificate");
    expect([await trusts(old), await trusts(fresh)]).toEqual([false, true]);
    expect(await server.stop()).toBe(0);
  });
});
