// Targets that mean one repository to whoever guards it and another to whoever serves it. Here the name that is asked for is
// parsed once, and rules are asked about just that.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { accessOf } from "../../registry/access.ts";
import { anyUser, rulesOf, who } from "../../testing/access.ts";
import { blobOf } from "../../testing/artifacts.ts";
import { rawAnswers, statusesOf } from "../../testing/raw.ts";
import { type TestServer, testServer } from "../../testing/server.ts";

const secret = blobOf("the secret");
const { digest } = secret.descriptor;
const authorization = `Basic ${btoa("ann:pw")}`;

let server: TestServer;
beforeAll(async () => {
  const access = accessOf(
    rulesOf({
      "**": { pull: "everyone", push: "users" },
      "secret/**": { push: who("ann") },
      v2: { pull: "everyone" },
    }),
  );
  server = await testServer({ authenticator: anyUser, access });
  for (const name of ["secret/a", "open/a"]) {
    const made = await fetch(`${server.url}/v2/${name}/blobs/uploads/?digest=${digest}`, {
      method: "POST",
      headers: { authorization },
      body: secret.bytes as BodyInit,
    });
    expect(made.status).toBe(201);
  }
});
afterAll(() => server.dispose());

const get = (target: string, host = "x") => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

/** Targets of the secret, and what they are answered, besides which nothing may come. */
const secrets: [status: number, target: string][] = [
  [401, `/v2/secret/a/blobs/${digest}`],
  [401, `/v2/secret/a/blobs/${digest}?x=/v2/open/a/blobs/${digest}`],
  [401, `/v2/secret/a/blobs/${digest}#/v2/open/a/blobs/${digest}`],
  [401, `/v2/secret/a/blobs/${digest.replace(":", "%3A")}`],
  [401, `/v2/%73ecret/a/blobs/${digest}`],
  [401, `/v2/secret%2Fa/blobs/${digest}`],
  [401, `/v2/secret%2fa%2fblobs%2f${digest}`],
  [401, `/%76%32/secret/a/blobs/${digest}`],
  [401, `/v2/open/../secret/a/blobs/${digest}`],
  [401, `/v2/open/%2e%2e/secret/a/blobs/${digest}`],
  [401, `/v2/open/.%2E/secret/./a/blobs/${digest}`],
  [401, `/v2/open/a/blobs/../../../secret/a/blobs/${digest}`],
  [401, `/v2/open\\..\\secret/a/blobs/${digest}`],
  [401, `/v2/secret\\a/blobs/${digest}`],
  [401, `/../../v2/secret/a/blobs/${digest}`],
  [401, `http://x/v2/secret/a/blobs/${digest}`],
  [401, `http://open.example/v2/secret/a/blobs/${digest}`],
  [401, `http://ann:pw@x/v2/secret/a/blobs/${digest}`],
  [400, `/v2/secret%252Fa/blobs/${digest}`],
  [400, `/v2/open/%252e%252e/secret/a/blobs/${digest}`],
  [400, `/v2/open%2F..%2Fsecret/a/blobs/${digest}`],
  [400, `/v2/open%5C..%5Csecret/a/blobs/${digest}`],
  [400, `/v2/secret//a/blobs/${digest}`],
  [400, `/v2//secret/a/blobs/${digest}`],
  [400, `/v2/secret/a%00/blobs/${digest}`],
  [400, `/v2/SECRET/a/blobs/${digest}`],
  [400, `/v2/secret/a%20/blobs/${digest}`],
  [400, `/v2/secret/a;x=1/blobs/${digest}`],
  [400, `/v2/secret/a%3F/blobs/${digest}`],
  [400, `/v2/secret/a/blobs/${digest}%20`],
  [400, `/v2/secret/a/blobs/${digest}%0d%0a`],
  [400, `/v2/s\u00c3\u00a9cret/a/blobs/${digest}`],
  [400, `/v2/%c0%ae%c0%ae/secret/a/blobs/${digest}`],
  [400, `/v2/secret/a%/blobs/${digest}`],
  [401, `//v2/secret/a/blobs/${digest}`],
  [401, `/v2/secret/a/blobs/${digest}/`],
  [401, `/x/v2/secret/a/blobs/${digest}`],
];

test.each(secrets)("%d %s", async (status, target) => {
  const answers = await rawAnswers(server.url, get(target));
  expect(statusesOf(answers)[0]).toBe(status);
  expect(answers).not.toContain("the secret");
});

test("the same for what is open gives it: these targets are read, and not refused for their looks alone", async () => {
  for (const target of [
    `/v2/open/a/blobs/${digest}`,
    `/v2/secret/../open/a/blobs/${digest}`,
    `/v2/open%2Fa/blobs/${digest}`,
    `http://anything/v2/open/a/blobs/${digest}`,
  ])
    expect([target, await rawAnswers(server.url, get(target))]).toEqual([
      target,
      expect.stringContaining("\r\n\r\nthe secret"),
    ]);
});

test("a Host that is none, two, or another's changes neither the repository nor where it is", async () => {
  for (const host of [
    "a b",
    "a/b",
    "a@b",
    "",
    "x\r\nHost: evil.example",
    "evil.example",
    "[::1",
    "x:99999",
  ]) {
    const refused = await rawAnswers(server.url, get(`/v2/secret/a/blobs/${digest}`, host));
    expect(refused).not.toContain("the secret");
    const opened = await rawAnswers(
      server.url,
      `POST /v2/open/a/blobs/uploads/ HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\nContent-Length: 0\r\n\r\n`,
    );
    for (const [, location] of opened.matchAll(/^location: (.*)\r$/gim))
      expect(location).toMatch(/^\/v2\/open\/a\/blobs\/uploads\/[0-9a-f-]{36}$/);
  }
});

test("two Hosts are refused, even when they are the same", async () => {
  for (const host of ["x\r\nHost: evil.example", "x\r\nHost: x", "x, evil.example"]) {
    const answers = await rawAnswers(server.url, get("/v2/open/a/tags/list", host));
    expect([host, statusesOf(answers)[0]]).toEqual([host, 400]);
  }
});

test("a session's name is looked up, and never a path", async () => {
  for (const id of [
    "..",
    "../..",
    "%2e%2e",
    "..%2f..%2fcatalog.db",
    "..%5ccatalog.db",
    "%00",
    "CON",
    "a".repeat(4000),
  ]) {
    for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
      const answers = await rawAnswers(
        server.url,
        `${method} /v2/open/a/blobs/uploads/${id}?digest=${digest} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: 0\r\n\r\n`,
      );
      expect([400, 404, 405]).toContain(statusesOf(answers)[0] ?? 0);
    }
  }
  expect(await server.ingests()).toEqual([]);
});
