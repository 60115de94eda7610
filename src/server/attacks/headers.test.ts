// Headers that are too large, that try to become an answer's, or to lead elsewhere; and lines of a log that try to be two.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { anyUser } from "../../testing/access.ts";
import { absentDigest } from "../../testing/artifacts.ts";
import { rawAnswers, statusesOf } from "../../testing/raw.ts";
import { type TestServer, testServer } from "../../testing/server.ts";
import { Front } from "../front.ts";

let server: TestServer;
let whole: TestServer;
beforeAll(async () => {
  server = await testServer({ authenticator: anyUser });
  const front = new Front({ base: undefined, absolute: true, headers: [], trusted: ["192.0.2.1"] });
  whole = await testServer({ front });
});
afterAll(() => Promise.all([server.dispose(), whole.dispose()]));

const login = `Authorization: Basic ${btoa("ann:pw")}\r\n`;
const get = (target: string, headers = "") => `GET ${target} HTTP/1.1\r\nHost: x\r\n${login}${headers}\r\n`;
const post = (target: string, headers = "") =>
  `POST ${target} HTTP/1.1\r\nHost: x\r\n${login}${headers}Content-Length: 0\r\n\r\n`;

test.each([
  ["one header of 100 kB", get("/v2/", `X-A: ${"a".repeat(100_000)}\r\n`)],
  ["a thousand headers", get("/v2/", Array.from({ length: 1000 }, (_, i) => `X-${i}: a\r\n`).join(""))],
  ["a name of 100 kB", get("/v2/", `${"a".repeat(100_000)}: x\r\n`)],
  ["a target of 100 kB", get(`/v2/${"a".repeat(100_000)}`)],
])("%s is 431, and the end of the connection", async (_, bytes) => {
  expect(statusesOf(await rawAnswers(server.url, bytes))).toEqual([431]);
});

const injected = [
  "%0d%0aX-Injected:%201",
  "%0aX-Injected:%201",
  "%0dX-Injected:%201",
  "%E5%98%8A%E5%98%8DX-Injected:%201",
];
const digest = absentDigest();

test.each(
  injected.flatMap((text) => [
    get(`/v2/${text}/tags/list`),
    get(`/v2/a/manifests/${text}`),
    get(`/v2/a/blobs/${text}`),
    get(`/v2/_catalog?n=0&last=${text}`),
    get(`/v2/a/referrers/${digest}?artifactType=${text}`),
    post(`/v2/a/blobs/uploads/?mount=${text}&from=${text}`),
    post(`/v2/a/blobs/uploads/?mount=${digest}&from=${text}`),
    post(`/v2/a/blobs/uploads/?digest-algorithm=${text}`),
    get(`/v2/a/blobs/uploads/${text}`),
    get("/v2/", `Range: ${decodeURIComponent(text).replaceAll(/[^\x20-\x7e]/g, "")}\r\n`),
  ]),
)("no header of an answer is the caller's: %j", async (bytes) => {
  const answers = await rawAnswers(server.url, bytes);
  expect(statusesOf(answers)).toHaveLength(2);
  // Errors tell what was found, in a JSON string, where CR and LF are escaped.
  const heads = answers.split(/(?<=\r\n\r\n)/).filter((part) => part.startsWith("HTTP/1.1 "));
  for (const head of heads) expect(head).not.toMatch(/^x-injected/im);
});

const evil = "evil.example";
const elsewhere: [what: string, headers: string][] = [
  ["X-Forwarded-Host", `X-Forwarded-Host: ${evil}\r\n`],
  ["X-Forwarded-Host and -Proto", `X-Forwarded-Host: ${evil}\r\nX-Forwarded-Proto: https\r\n`],
  ["Forwarded", `Forwarded: host=${evil};proto=https\r\n`],
  ["X-Original-URL", `X-Original-URL: http://${evil}/\r\nX-Rewrite-URL: http://${evil}/\r\n`],
  ["X-Forwarded-Prefix", `X-Forwarded-Prefix: //${evil}\r\n`],
  ["X-HTTP-Method-Override", "X-HTTP-Method-Override: DELETE\r\n"],
];

test.each(elsewhere)(
  "%s of a stranger leads nobody elsewhere, be Locations paths or whole URLs",
  async (_, headers) => {
    const path = await rawAnswers(server.url, post("/v2/a/blobs/uploads/", headers));
    expect(/^location: (.*)\r$/im.exec(path)?.[1]).toMatch(/^\/v2\/a\/blobs\/uploads\/[0-9a-f-]+$/);
    const url = await rawAnswers(whole.url, post("/v2/a/blobs/uploads/", headers));
    expect(/^location: (.*)\r$/im.exec(url)?.[1]).toMatch(/^http:\/\/x\/v2\/a\/blobs\/uploads\/[0-9a-f-]+$/);
  },
);

test("a target with another's host leads nobody there", async () => {
  const url = await rawAnswers(whole.url, post(`http://${evil}/v2/a/blobs/uploads/`));
  expect(statusesOf(url)).toEqual([202, 200]);
  expect(url).not.toContain(`http://${evil}`);
});

test("a line of the log is one request's, whatever its user, path and agent hold", async () => {
  const forged = "\r\n2026-11-26T00:00:00.000Z 192.0.2.1 root DELETE /v2/a/manifests/1 202 0B 1.0ms -";
  const user = Buffer.from("ann\r\nroot:pw").toString("base64");
  const requests = [
    `GET /v2/${encodeURIComponent(forged)} HTTP/1.1\r\nHost: x\r\n${login}\r\n`,
    `GET /v2/ HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${user}\r\n\r\n`,
    get("/v2/", `User-Agent: x\u009b2J\u0085\t${forged.trim()}\r\n`),
    get("/v2/", `X-Forwarded-For: ${forged.trim()}\r\n`),
    get("/v2/a/tags/list?n=1&last=secret-query"),
  ];
  const quiet = await testServer({ authenticator: anyUser });
  try {
    for (const bytes of requests) await rawAnswers(quiet.url, bytes);
    await quiet.stop(0);
    const lines = quiet.logged().split("\n").slice(0, -1);
    // Each is followed by the honest request that ends its connection.
    expect(lines).toHaveLength(2 * requests.length);
    for (const line of lines) expect(line).toMatch(/^[\d-]{10}T[\d:.]{12}Z 127\.0\.0\.1 [ -~]+$/);
    expect(quiet.logged()).toContain('127.0.0.1 "ann\\r\\nroot" GET /v2/ 200 ');
    expect(quiet.logged()).not.toContain("secret-query");
  } finally {
    await quiet.dispose();
  }
});
