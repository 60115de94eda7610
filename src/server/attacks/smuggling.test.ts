// Requests whose end can be read in two ways. A proxy in front may read the other one: what it took for a body must never
// become a request here. Nothing of it is ours, it is the runtime's parser that is held to this (RFC 9112 §6.3, §7.1, §11.2).
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rawAnswers, statusesOf } from "../../testing/raw.ts";
import { type TestServer, testServer } from "../../testing/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.dispose());

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
const post = (...headers: string[]) =>
  ["POST /v2/a/blobs/uploads/ HTTP/1.1", "Host: x", ...headers, "", ""].join("\r\n");
const chunked = "Transfer-Encoding: chunked";
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

/** Refused with its connection: whatever comes behind it is nobody's. */
const refused: [what: string, bytes: string][] = [
  ["both a length and chunks", post("Content-Length: 5", chunked) + chunk("") + smuggled],
  ["both chunks and a length", post(chunked, "Content-Length: 5") + chunk("") + smuggled],
  [
    "a length of the body and chunks",
    post(`Content-Length: ${smuggled.length + 5}`, chunked) + chunk("") + smuggled,
  ],
  ["two lengths", post("Content-Length: 0", `Content-Length: ${smuggled.length}`) + smuggled],
  [
    "two lengths, the other way round",
    post(`Content-Length: ${smuggled.length}`, "Content-Length: 0") + smuggled,
  ],
  ["two lengths in one header", post(`Content-Length: 0, ${smuggled.length}`) + smuggled],
  ...["+5", "-5", "0x5", "5 5", "5.0", "", "99999999999999999999999", "٥"].map((length): [string, string] => [
    `a length of ${JSON.stringify(length)}`,
    `${post(`Content-Length: ${length}`)}abcde${smuggled}`,
  ]),
  ["a blank before the colon of a length", `${post("Content-Length : 5")}abcde${smuggled}`],
  ["a blank before the colon of an encoding", post("Transfer-Encoding : chunked") + chunk("") + smuggled],
  ["an encoding on a line of its own", post("Transfer-Encoding:", " chunked") + chunk("") + smuggled],
  ...[
    "xchunked",
    "identity",
    "gzip",
    "chunked, gzip",
    "gzip, chunked",
    "chunked, chunked",
    '"chunked"',
    "chunked;q=1",
  ].map((coding): [string, string] => [
    `an encoding of ${coding}`,
    post(`Transfer-Encoding: ${coding}`) + chunk("") + smuggled,
  ]),
  ["two encodings", post(chunked, "Transfer-Encoding: identity") + chunk("") + smuggled],
  ["chunks in HTTP/1.0", post(chunked).replace("HTTP/1.1", "HTTP/1.0") + chunk("") + smuggled],
  ["lines that end with LF alone", `GET /v2/ HTTP/1.1\nHost: x\n\n${smuggled}`],
  [
    "LF alone within the head",
    `GET /v2/ HTTP/1.1\r\nHost: x\r\nX-A: b\nContent-Length: 5\r\n\r\n${smuggled}`,
  ],
  [
    "CR alone within the head",
    `GET /v2/ HTTP/1.1\r\nHost: x\r\nX-A: b\rContent-Length: 5\r\n\r\n${smuggled}`,
  ],
  ["NUL within the head", `GET /v2/ HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n${smuggled}`],
  ["a line without a colon", `GET /v2/ HTTP/1.1\r\nHost: x\r\nsmuggled\r\n\r\n${smuggled}`],
  ["no host", `GET /v2/ HTTP/1.1\r\n\r\n${smuggled}`],
  ["a blank within the target", `GET /v2/ HTTP/1.1 HTTP/1.1\r\nHost: x\r\n\r\n${smuggled}`],
  ["another version", `GET /v2/ HTTP/1.9\r\nHost: x\r\n\r\n${smuggled}`],
  ["no version", `GET /v2/\r\n${smuggled}`],
  ["the preface of HTTP/2", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${smuggled}`],
  ...["-5", "0x5", "FFFFFFFFFFFFFFFFFF", "5 ", " 5", "g", ""].map((size): [string, string] => [
    `a chunk of ${JSON.stringify(size)}`,
    `${post(chunked)}${size}\r\nabcde\r\n0\r\n\r\n${smuggled}`,
  ]),
  ["a chunk that is longer than it says", `${post(chunked)}3\r\nabcde\r\n0\r\n\r\n${smuggled}`],
  ["chunks that end with LF alone", `${post(chunked)}5\nabcde\n0\n\n${smuggled}`],
  ["a trailer that names a host", `${post(chunked)}0\r\nHost: smuggled\r\n\r\n${smuggled}`],
];

test.each(refused)("%s is refused with its connection", async (_, bytes) => {
  const statuses = statusesOf(await rawAnswers(server.url, bytes));
  // Some are cut off without a word; the honest request behind them is answered in no case.
  expect(statuses.length).toBeLessThanOrEqual(1);
  for (const status of statuses) expect(status).toBeWithin(400, 600);
});

/** Bodies that look like requests, and are bodies to everybody. */
const honest: [what: string, status: number, bytes: string][] = [
  ["a body of a POST", 202, post(`Content-Length: ${smuggled.length}`) + smuggled],
  [
    "a body of a GET",
    200,
    `GET /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  ],
  [
    "a body that is refused",
    404,
    `PATCH /v2/a/blobs/uploads/x HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  ],
  ["the same length twice", 202, post("Content-Length: 0", "Content-Length: 0")],
];

test.each(honest)("%s is read to its end, and what follows is the next request", async (_, status, bytes) => {
  expect(statusesOf(await rawAnswers(server.url, bytes))).toEqual([status, 200]);
});

test("chunks that look like a request are no request", async () => {
  expect(
    statusesOf(await rawAnswers(server.url, post(chunked) + chunk(smuggled))).length,
  ).toBeLessThanOrEqual(2);
});

test("of all these nothing became a request that was not one; a real one is seen", async () => {
  await server.stop(0); // writes the log's last lines
  expect(server.logged()).toContain("POST /v2/a/blobs/uploads/ 202");
  expect(server.logged()).not.toContain("/smuggled");
});
