// A page of another site, in the browser of somebody who is logged in here, or whose machine alone a registry answers.
import { expect, test } from "bun:test";
import { chartArchive, sampleChart } from "../../testing/charts.ts";
import { type TestHandlerOptions, testHandler } from "../../testing/handler.ts";
import { Front } from "../front.ts";

const archive = await chartArchive(sampleChart());
/** As a page sends it without asking beforehand. */
const form = () => {
  const body = new FormData();
  body.set("chart", new Blob([archive as Uint8Array<ArrayBuffer>]), "mychart.tgz");
  return body;
};
const frontOf = (base: string | undefined, headers: readonly (readonly [string, string])[] = []) =>
  new Front({ base, absolute: false, headers, trusted: [] });
const changes = [
  "POST /charts/api/charts?force",
  "POST /v2/a/blobs/uploads/",
  "PUT /v2/a/manifests/v1",
  "DELETE /v2/a/manifests/v1",
];

test.each([
  "http://evil.example",
  "http://registry.example.evil.example",
  "http://registry.example:81",
  "null",
  "x",
])("of %s changes nothing", async (origin) => {
  const { ask } = testHandler();
  for (const line of changes) {
    const response = await ask(line, { headers: { host: "registry.example", origin }, body: form() });
    expect([line, response.status]).toEqual([line, 403]);
  }
  expect(await (await ask("GET /charts/index.json", { headers: { origin } })).json()).toHaveProperty(
    "entries",
    {},
  );
});

test.each([
  ["the registry's own", "registry.example", undefined, "http://registry.example"],
  ["its own behind a proxy that ends TLS", "registry.example", undefined, "https://registry.example"],
  [
    "its own by its configured address",
    "127.0.0.1:5000",
    "https://charts.example.com",
    "https://charts.example.com",
  ],
])("%s may", async (_, host, base, origin) => {
  const { ask } = testHandler(undefined, { front: frontOf(base) });
  const response = await ask("POST /charts/api/charts", { headers: { host, origin }, body: form() });
  expect(response.status).toBe(201);
});

test("one of another site may where the operator lets sites read answers", async () => {
  const front = frontOf(undefined, [["Access-Control-Allow-Origin", "http://pages.example"]]);
  const { ask } = testHandler(undefined, { front });
  const headers = { host: "registry.example", origin: "http://pages.example" };
  expect((await ask("POST /charts/api/charts", { headers, body: form() })).status).toBe(201);
});

test("of a name that leads to this machine by now changes nothing, unless it is known to be ours", async () => {
  const post = async (origin: string, options: TestHandlerOptions, more: Record<string, string> = {}) => {
    const headers = { host: new URL(origin).host, origin, ...more };
    const { ask } = testHandler(undefined, options);
    return (await ask("POST /charts/api/charts", { headers, body: form() })).status;
  };
  const evil = "http://evil.example:5000";
  for (const peer of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) expect(await post(evil, { peer })).toBe(403);
  const peer = "127.0.0.1";
  const trusting = new Front({ base: undefined, absolute: false, headers: [], trusted: [peer] });
  for (const [origin, options, more] of [
    ["http://localhost:5000", { peer }],
    ["http://127.0.0.1:5000", { peer }],
    ["http://[::1]:5000", { peer }],
    ["http://192.0.2.1:5000", { peer }],
    ["https://charts.example.com", { peer }],
    [evil, { peer: "192.0.2.7" }],
    [evil, { peer, front: frontOf(evil) }],
    [evil, { peer, front: trusting }],
    [evil, { peer }, { authorization: "Basic eDp5" }],
  ] as const)
    expect([origin, await post(origin, options, more)]).toEqual([origin, 201]);
});
