import { expect } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { hostileArchive, rawEntry } from "../../src/testing/archives.ts";
import { makeCertificate } from "../../src/testing/certificates.ts";
import type { Bench } from "../bench.ts";
import { onBench, ref, refusalOf, refused, save } from "./cli.ts";

onBench("nobody listens, or there is no such host", async (bench) => {
  await save(bench, "localhost:1/a/b:1");
  for (const name of ["localhost:1/a/b:1", "no-such-host.invalid/a/b:1"]) {
    const said = await refused(bench, "chart", "pull", name);
    expect([name, said.exitCode]).toEqual([name, 7]);
    expect(said.hint).not.toBe("");
  }
  expect(await refused(bench, "chart", "push", "localhost:1/a/b:1")).toMatchObject({ exitCode: 7 });
});

onBench("a wrong password changes nothing that is kept", async (bench) => {
  const { host } = await bench.chartroom([{ name: "myuser", password: "mypass" }]);
  const login = (password: string) =>
    bench.run("chartroom", ["registry", "login", "-u", "myuser", "--password-stdin", host], {
      stdin: password,
    });
  expect(refusalOf(await login("wrong")).exitCode).toBe(4);
  await save(bench, `${host}/a/b:1`);
  const denied = await refused(bench, "chart", "push", `${host}/a/b:1`);
  expect(denied.exitCode).toBe(4);
  expect(denied.hint).toContain(`registry login ${host}`);
  expect((await login("mypass\n")).exitCode).toBe(0);
  expect(refusalOf(await login("wrong")).exitCode).toBe(4);
  await bench.done("chartroom", ["chart", "push", `${host}/a/b:1`]);
});

onBench("a certificate that nobody signed", async (bench) => {
  const { cert, key } = makeCertificate({ name: "localhost" });
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert, key },
    fetch: () => Response.json({}),
  });
  try {
    const host = `localhost:${server.port}`;
    const args = ["registry", "login", "-u", "u", "--password-stdin", "--plain-http=false", host];
    const run = async (...more: string[]) =>
      refusalOf(await bench.run("chartroom", [...args, ...more], { stdin: "p" }));
    const said = await run();
    expect(said.exitCode).toBe(7);
    expect(said.hint).toContain("--ca-file");
    expect((await run("--insecure")).exitCode).toBe(0);
    await writeFile(bench.path("ca.pem"), cert);
    expect((await run("--ca-file", "ca.pem")).exitCode).toBe(0);
  } finally {
    await server.stop(true);
  }
});

const manifestOf = (text: string) => () =>
  new Response(text, { headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" } });

for (const [what, answer] of [
  ["a page", () => new Response("<html>Welcome</html>", { headers: { "content-type": "text/html" } })],
  [
    "a page that says 404",
    () => new Response("<html>Gone</html>", { status: 404, headers: { "content-type": "text/html" } }),
  ],
  ["nothing at all", () => new Response("")],
  ["half a manifest", manifestOf('{"schemaVersion":2')],
  ["a list for a manifest", manifestOf("[]")],
  ["a manifest without layers", manifestOf('{"schemaVersion":2,"config":{}}')],
  ["a fault of its own", () => new Response("oops", { status: 500 })],
] as const)
  onBench(`a registry that answers with ${what}`, async (bench) => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
    try {
      const host = `127.0.0.1:${server.port}`;
      const said = await refused(bench, "chart", "pull", `${host}/a/b:1`);
      expect(said.exitCode).toBe(1);
      expect(said.message).toContain(host);
      expect(said.hint).not.toBe("");
      expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe("");
      // Without a tag, what is asked for is the list of them; a manifest is a list without any.
      const tags = await refused(bench, "chart", "pull", `${host}/a/b`);
      expect([1, 2]).toContain(tags.exitCode);
      expect(tags.hint).not.toBe("");
      await save(bench, `${host}/a/b:1`);
      const pushed = await bench.run("chartroom", ["chart", "push", `${host}/a/b:1`]);
      // Where a manifest came, whatever it is worth, the tag holds something else.
      expect([1, 5]).toContain(pushed.exitCode);
      expect(pushed.stdout).not.toContain("pushed");
      expect(refusalOf(pushed).hint).not.toBe("");
    } finally {
      await server.stop(true);
    }
  });

onBench("a tag that holds another chart is left alone unless forced", async (bench) => {
  const { host } = await bench.chartroom();
  const name = `${host}/a/b:1`;
  await save(bench, name);
  await bench.done("chartroom", ["chart", "push", name]);
  await writeFile(bench.path("mychart", "values.yaml"), "other: true\n");
  await save(bench, name);
  const said = await refused(bench, "chart", "push", name);
  expect(said.exitCode).toBe(5);
  expect(said.hint).toContain("--force");
  await bench.done("chartroom", ["chart", "push", "--force", name]);
  expect(await bench.done("chartroom", ["chart", "pull", name])).toContain("Status: Chart is up to date for");
});

onBench("something that is no chart is never named in the store", async (bench) => {
  const { host } = await bench.chartroom();
  const base = `http://${host}/v2/a/image`;
  const config = new TextEncoder().encode("{}");
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(config).digest("hex")}`;
  const opened = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
  await fetch(`http://${host}${opened.headers.get("location")}?digest=${digest}`, {
    method: "PUT",
    body: config,
  });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: 2 },
    layers: [],
  };
  const put = { method: "PUT", body: JSON.stringify(manifest), headers: { "content-type": mediaType } };
  expect((await fetch(`${base}/manifests/1`, put)).status).toBe(201);
  const said = await refused(bench, "chart", "pull", `${host}/a/image:1`);
  expect(said.exitCode).toBe(1);
  expect(said.message).toContain("not a chart");
  expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe("");
});

/** A registry that serves one chart and changes what it says on the way. */
async function tampering(
  bench: Bench,
  change: (path: string, body: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
) {
  const { host } = await bench.chartroom();
  await save(bench, `${host}/a/b:1`);
  await bench.done("chartroom", ["chart", "push", `${host}/a/b:1`]);
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const answer = await fetch(`http://${host}${pathname}`, {
        method: request.method,
        headers: request.headers,
      });
      const body = change(pathname, await answer.bytes());
      const headers = new Headers(answer.headers);
      headers.delete("content-length");
      return new Response(request.method === "HEAD" ? null : body, { status: answer.status, headers });
    },
  });
  return { host: `127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

for (const [what, part, change] of [
  [
    "a layer with one bit turned",
    "/blobs/",
    (body: Uint8Array) => body.map((byte, i) => (i === 20 ? byte ^ 1 : byte)),
  ],
  ["a layer that is cut", "/blobs/", (body: Uint8Array) => body.slice(0, -1)],
  ["a layer with a byte too many", "/blobs/", (body: Uint8Array) => Uint8Array.from([...body, 0])],
  ["a manifest with a blank too many", "/manifests/", (body: Uint8Array) => Uint8Array.from([...body, 32])],
] as const)
  onBench(`${what} is not accepted: exit 6, and nothing is named`, async (bench) => {
    const { host, stop } = await tampering(bench, (path, body) =>
      path.includes(part) ? (change(body) as Uint8Array<ArrayBuffer>) : body,
    );
    try {
      const store = ["--store", "other"];
      const said = await refused(bench, "chart", "pull", `${host}/a/b:1`, ...store);
      expect(said.exitCode).toBe(6);
      expect(said.hint).not.toBe("");
      expect(await bench.done("chartroom", ["chart", "list", "-q", ...store])).toBe("");
      await bench.done("chartroom", ["chart", "check", ...store]);
    } finally {
      await stop();
    }
  });

onBench("http spoken to https, and https to http, says which flag is meant", async (bench) => {
  const { cert, key } = makeCertificate({ name: "localhost" });
  await writeFile(bench.path("cert.pem"), cert);
  await writeFile(bench.path("key.pem"), key);
  const plain = await bench.chartroom();
  const secure = await bench.chartroom([], {
    CHARTROOM_TLS_CERT: bench.path("cert.pem"),
    CHARTROOM_TLS_KEY: bench.path("key.pem"),
  });
  for (const [{ host }, flag, hint] of [
    [plain, "--plain-http=false", "--plain-http"],
    [secure, "--plain-http", "--plain-http=false"],
  ] as const) {
    const name = `${host}/a/b:1`;
    await save(bench, name);
    const said = await refused(bench, "chart", "push", name, flag);
    expect([flag, said.exitCode]).toEqual([flag, 7]);
    expect(said.hint).toContain(hint);
  }
  const name = `localhost:${secure.host.split(":")[1]}/a/b:1`;
  await save(bench, name);
  expect(await refused(bench, "chart", "push", name, "--plain-http=false")).toMatchObject({
    exitCode: 7,
    message: expect.stringContaining("self-signed"),
    hint: expect.stringContaining("--ca-file"),
  });
  await bench.done("chartroom", ["chart", "push", name, "--ca-file", "cert.pem"]);
  await bench.done("chartroom", ["chart", "pull", name, "--insecure-skip-tls-verify"]);
});

const goodConfig = '{"name":"mychart","version":"0.1.0"}';
for (const [what, config, archive, says] of [
  [
    "a hostile archive",
    goodConfig,
    hostileArchive(rawEntry({ name: "../evil.txt", content: "x" })),
    "evil.txt",
  ],
  ["a config that is none", "{}", undefined, "the name is missing"],
  [
    "a config that is nested as deep as it is long",
    `{"x":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
    undefined,
    "nested too deep",
  ],
] as const)
  onBench(`${what} in a registry is never named in the store`, async (bench) => {
    const { host } = await bench.chartroom();
    const put = async (bytes: Uint8Array<ArrayBuffer>, type: string) => {
      const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
      const opened = await fetch(`http://${host}/v2/a/evil/blobs/uploads/`, { method: "POST" });
      const target = `http://${host}${opened.headers.get("location")}?digest=${digest}`;
      expect((await fetch(target, { method: "PUT", body: bytes })).status).toBe(201);
      return { mediaType: type, digest, size: bytes.byteLength };
    };
    await save(bench);
    await bench.done("chartroom", ["chart", "export", ref, "--archive"]);
    await bench.done("chartroom", ["chart", "remove", ref]);
    const content = archive ?? (await readFile(bench.path("mychart-0.1.0.tgz")));
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = {
      schemaVersion: 2,
      mediaType,
      config: await put(new TextEncoder().encode(config), "application/vnd.cncf.helm.config.v1+json"),
      layers: [await put(new Uint8Array(content), "application/vnd.cncf.helm.chart.content.v1.tar+gzip")],
    };
    await fetch(`http://${host}/v2/a/evil/manifests/1`, {
      method: "PUT",
      body: JSON.stringify(manifest),
      headers: { "content-type": mediaType },
    });
    const said = await refused(bench, "chart", "pull", `${host}/a/evil:1`);
    expect(said).toMatchObject({ exitCode: 1, message: expect.stringContaining(says) });
    expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe("");
  });

onBench("--debug shows what goes over the wire, and no password", async (bench) => {
  const { host } = await bench.chartroom([{ name: "myuser", password: "mypass" }]);
  const login = ["registry", "login", "-u", "myuser", "--password-stdin", "--debug", host];
  const { stderr, exitCode } = await bench.run("chartroom", login, { stdin: "mypass" });
  expect(exitCode).toBe(0);
  expect(stderr).toContain("GET");
  await save(bench, `${host}/a/b:1`);
  const pushed = await bench.run("chartroom", ["chart", "push", "--debug", `${host}/a/b:1`]);
  expect(pushed.exitCode).toBe(0);
  for (const secret of ["mypass", btoa("myuser:mypass")])
    expect(stderr + pushed.stderr).not.toContain(secret);
});
