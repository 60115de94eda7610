import { expect, test } from "bun:test";
import type { Endpoint } from "../notify/endpoint.ts";
import { digestOf } from "../oci/digest.ts";
import { parseTag } from "../oci/reference.ts";
import { blobOf, imageOf, pushArtifact, pushContent } from "../testing/artifacts.ts";
import { chartArchive, sampleChart } from "../testing/charts.ts";
import { type Carried, testHandler } from "../testing/handler.ts";
import { Front } from "./front.ts";

const endpoint = (ignored: Partial<Endpoint["ignored"]> = {}): Endpoint => ({
  name: "a",
  url: new URL("http://127.0.0.1:1/"),
  headers: {},
  timeout: 1,
  threshold: 1,
  backoff: 1,
  ignored: { mediaTypes: [], actions: [], ...ignored },
});
const everything = { endpoints: [endpoint()], includeReferences: false };

const layer = blobOf("layer");
const image = imageOf([layer]);
const { digest, size, mediaType } = image.descriptor;
const blob = layer.descriptor;
const at = "/v2/a/b";
const origin = "http://registry.example";

const ofBlob = {
  mediaType: "application/octet-stream",
  digest: blob.digest,
  size: blob.size,
  length: blob.size,
  repository: "a/b",
  url: `${origin}${at}/blobs/${blob.digest}`,
};
const ofManifest = {
  mediaType,
  digest,
  size,
  length: size,
  repository: "a/b",
  url: `${origin}${at}/manifests/${digest}`,
};
const inC = { ...ofBlob, repository: "c", url: `${origin}/v2/c/blobs/${blob.digest}` };
const put = { body: image.bytes, headers: { "content-type": mediaType } };
const known = { "if-none-match": `"${digest}"` };

/** What is asked of a registry that holds the image as a/b:1 and a/b:2, and what is told of it. */
const rows: [line: string, carried: Carried, status: number, told: [action: string, target: object][]][] = [
  [`POST ${at}/blobs/uploads/`, {}, 202, []],
  [`POST ${at}/blobs/uploads/?digest=${blob.digest}`, { body: layer.bytes }, 201, [["push", ofBlob]]],
  [
    `POST /v2/c/blobs/uploads/?mount=${blob.digest}&from=a/b`,
    {},
    201,
    [["mount", { ...inC, fromRepository: "a/b" }]],
  ],
  [`POST /v2/c/blobs/uploads/?mount=${blob.digest}`, {}, 201, [["mount", { ...inC, fromRepository: "a/b" }]]],
  [`POST /v2/c/blobs/uploads/?mount=${digest}&from=a/b`, {}, 202, []],
  [`PUT ${at}/manifests/3`, put, 201, [["push", { ...ofManifest, tag: "3" }]]],
  [`PUT ${at}/manifests/1`, put, 201, [["push", { ...ofManifest, tag: "1" }]]],
  [`PUT ${at}/manifests/${digest}`, put, 201, [["push", ofManifest]]],
  [
    `PUT ${at}/manifests/${digest}?tag=x&tag=y`,
    put,
    201,
    [
      ["push", { ...ofManifest, tag: "x" }],
      ["push", { ...ofManifest, tag: "y" }],
    ],
  ],
  [`PUT ${at}/manifests/9`, { ...put, headers: { ...put.headers, "if-match": `"${blob.digest}"` } }, 412, []],
  [`PUT /v2/c/manifests/1`, put, 404, []],
  [`GET ${at}/manifests/1`, {}, 200, [["pull", { ...ofManifest, tag: "1" }]]],
  [`HEAD ${at}/manifests/1`, {}, 200, [["pull", { ...ofManifest, tag: "1" }]]],
  [`GET ${at}/manifests/${digest}`, {}, 200, [["pull", ofManifest]]],
  [`GET ${at}/manifests/1`, { headers: known }, 304, []],
  [`GET ${at}/manifests/9`, {}, 404, []],
  [`GET ${at}/blobs/${blob.digest}`, {}, 200, [["pull", ofBlob]]],
  [`HEAD ${at}/blobs/${blob.digest}`, {}, 200, [["pull", ofBlob]]],
  [`GET ${at}/blobs/${blob.digest}`, { headers: { range: "bytes=0-1" } }, 206, [["pull", ofBlob]]],
  [`GET ${at}/blobs/${blob.digest}`, { headers: { range: "bytes=99-" } }, 416, []],
  [`GET /v2/c/blobs/${blob.digest}`, {}, 404, []],
  [`DELETE ${at}/manifests/1`, {}, 202, [["delete", { repository: "a/b", tag: "1" }]]],
  [`DELETE ${at}/manifests/9`, {}, 404, []],
  [
    `DELETE ${at}/manifests/${digest}`,
    {},
    202,
    [
      ["delete", { digest, repository: "a/b" }],
      ["delete", { repository: "a/b", tag: "1" }],
      ["delete", { repository: "a/b", tag: "2" }],
    ],
  ],
  [`DELETE ${at}/blobs/${blob.digest}`, {}, 409, []],
  [`GET ${at}/tags/list`, {}, 200, []],
  ["GET /v2/", {}, 200, []],
];

async function filled(notify = everything, more: Parameters<typeof testHandler>[1] = {}) {
  const handler = testHandler(undefined, { notify, ...more });
  await pushArtifact(handler.repository("a/b"), image, {
    tags: [parseTag("1"), parseTag("2")],
    expect: "any",
  });
  const ask = (line: string, carried: Carried = {}) =>
    handler.ask(line, { ...carried, headers: { host: "registry.example", ...carried.headers } });
  return { ...handler, ask };
}

test.each(rows)("%s", async (line, carried, status, expected) => {
  const { ask, told } = await filled();
  expect((await ask(line, carried)).status).toBe(status);
  expect((await told()).map(({ action, target }) => [action, JSON.parse(JSON.stringify(target))])).toEqual(
    JSON.parse(JSON.stringify(expected)),
  );
});

test("an upload is told of once it is a blob, by the request that finished it", async () => {
  const { ask, told } = await filled();
  const session = (await ask(`POST ${at}/blobs/uploads/`)).headers.get("location");
  await ask(`PATCH ${session}`, { body: layer.bytes });
  expect(await told()).toEqual([]);
  await ask(`PUT ${session}?digest=${blob.digest}`);
  expect(await told()).toMatchObject([{ action: "push", target: ofBlob, request: { method: "PUT" } }]);
});

test("what comes and goes through the classic door is told as all else", async () => {
  const { ask, told } = await filled();
  const archive = await chartArchive(
    sampleChart({ "Chart.yaml": "apiVersion: v2\nname: mychart\nversion: 1.0.0\n" }),
  );
  expect((await ask("POST /charts/api/team/charts", { body: archive })).status).toBe(201);
  expect((await ask("GET /charts/team/mychart-1.0.0.tgz")).status).toBe(200);
  expect((await ask("DELETE /charts/api/team/charts/mychart/1.0.0")).status).toBe(200);
  const repository = "team/mychart";
  const events = await told();
  expect(
    events.map(({ action, target, request }) => [action, target.tag, target.repository, request.method]),
  ).toEqual([
    ["push", undefined, repository, "POST"],
    ["push", undefined, repository, "POST"],
    ["push", "1.0.0", repository, "POST"],
    ["delete", "1.0.0", repository, "DELETE"],
    ["pull", undefined, repository, "GET"],
  ]);
  expect(String(events.at(-1)?.target.digest)).toBe(digestOf(archive));
});

test("a blob that is deleted", async () => {
  const { ask, told, repository } = await filled();
  const alone = blobOf("alone");
  await pushContent(repository("a/b"), alone);
  expect((await ask(`DELETE ${at}/blobs/${alone.descriptor.digest}`)).status).toBe(202);
  const target = { digest: alone.descriptor.digest, repository: "a/b" };
  expect(await told()).toMatchObject([{ action: "delete", target }]);
});

test("who asked, how, when, by the id that the log has; each event has its own", async () => {
  const handler = testHandler(
    { realm: "here", authenticate: async () => true },
    {
      notify: everything,
      front: new Front({ base: undefined, absolute: false, headers: [], trusted: ["192.0.2.7"] }),
    },
  );
  const headers = {
    authorization: `Basic ${btoa("ann:secret")}`,
    "user-agent": "client/1",
    "x-forwarded-for": "198.51.100.4",
    host: "registry.example",
  };
  const line = `POST ${at}/blobs/uploads/?digest=${blob.digest}`;
  for (let times = 0; times < 2; times++) await handler.ask(line, { body: layer.bytes, headers });
  const told = await handler.told();
  expect(told[0]).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    timestamp: "2026-11-24T00:00:00.000Z",
    action: "push",
    target: { ...ofBlob, repository: told[0]!.target.repository },
    request: {
      id: expect.stringMatching(/^[0-9a-f]{8}-1$/),
      addr: "198.51.100.4",
      host: "registry.example",
      method: "POST",
      useragent: "client/1",
    },
    actor: { name: "ann" },
    source: { addr: "here:5000", instanceID: "run" },
  });
  expect(told[1]!.id).not.toBe(told[0]!.id);
  expect(told[1]!.request.id).toBe(told[0]!.request.id.replace(/1$/, "2"));
});

test("URLs begin as the configured host, and go below the prefix", async () => {
  const front = new Front({ base: "https://charts.example.com", absolute: true, headers: [], trusted: [] });
  const { ask, told } = await filled(everything, { front, root: "/team" });
  await ask(`GET /team${at}/manifests/1`);
  expect((await told())[0]?.target.url).toBe(`https://charts.example.com/team${at}/manifests/${digest}`);
});

test("what a manifest names is told where it is asked for, of pushes and pulls", async () => {
  const { ask, told } = await filled({ ...everything, includeReferences: true });
  await ask(`PUT ${at}/manifests/1`, put);
  await ask(`GET ${at}/manifests/1`);
  const references = image.blobs.map(({ descriptor }) => descriptor);
  expect((await told()).map(({ target }) => target.references)).toEqual([references, references]);
});

test("more than 64 KiB of references are left out", async () => {
  const large = imageOf(Array.from({ length: 1000 }, () => layer));
  const { ask, told } = await filled({ ...everything, includeReferences: true });
  const headers = { "content-type": large.descriptor.mediaType };
  expect((await ask(`PUT ${at}/manifests/large`, { body: large.bytes, headers })).status).toBe(201);
  expect((await told()).map(({ target }) => target.references)).toEqual([undefined]);
});

test("what no endpoint wants is not kept; what one wants is", async () => {
  const pulls = endpoint({ actions: ["pull"] });
  const blobs = endpoint({ mediaTypes: ["application/octet-stream"] });
  const actionsOf = async (...endpoints: Endpoint[]) => {
    const { ask, told } = await filled({ endpoints, includeReferences: false });
    await ask(`GET ${at}/blobs/${blob.digest}`);
    await ask(`GET ${at}/manifests/1`);
    await ask(`DELETE ${at}/manifests/1`);
    return (await told()).map(({ action, target }) => `${action} ${target.mediaType === mediaType}`).sort();
  };
  expect(await actionsOf(pulls)).toEqual(["delete false"]);
  expect(await actionsOf(blobs)).toEqual(["delete false", "pull true"]);
  expect(await actionsOf(pulls, blobs)).toEqual(["delete false", "pull true"]);
});

test("what is done without a request is nobody's business", async () => {
  const { repository, told } = await filled();
  await repository("a/b").delete(digest);
  expect(await told()).toEqual([]);
});

test("a long name of a client is cut", async () => {
  const { ask, told } = await filled();
  await ask(`GET ${at}/manifests/1`, { headers: { "user-agent": "x".repeat(5000) } });
  expect((await told())[0]?.request.useragent).toBe("x".repeat(1000));
});
