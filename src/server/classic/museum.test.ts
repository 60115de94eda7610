import { expect, test } from "bun:test";
import { openArchive } from "../../chart/archive/archive.ts";
import { packForPush } from "../../chart/packed.ts";
import { digestOf, hexOf } from "../../oci/digest.ts";
import { parseTag } from "../../oci/reference.ts";
import { chartArchive, sampleChart } from "../../testing/charts.ts";
import { type Carried, type TestHandler, testHandler } from "../../testing/handler.ts";
import { pushChart } from "../../testing/pushChart.ts";

// ChartMuseum's documented answers (its README, and `pkg/chartmuseum/server/multitenant`), route by route.

const archiveOf = (version: string, name = "mychart", values = "a: 1\n") =>
  chartArchive(
    sampleChart({
      "Chart.yaml": `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: A sample chart\n`,
      "values.yaml": values,
    }),
  );
const signatureOf = (archive: Uint8Array, version: string, name = "mychart") =>
  new TextEncoder().encode(
    `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: ${name}\nversion: ${version}\n\n...\nfiles:\n  ${name}-${version}.tgz: sha256:${hexOf(digestOf(archive))}\n-----BEGIN PGP SIGNATURE-----\n`,
  );

const [one, two, another] = [
  await archiveOf("1.0.0"),
  await archiveOf("2.0.0-rc.1"),
  await archiveOf("1.0.0", "mychart", "a: 2\n"),
];
const [signature, foreign] = [signatureOf(one, "1.0.0"), signatureOf(two, "1.0.0")];

function form(fields: Readonly<Record<string, Uint8Array>>): Carried {
  const body = new FormData();
  for (const [name, bytes] of Object.entries(fields))
    body.set(name, new Blob([bytes as Uint8Array<ArrayBuffer>]), name);
  return { body };
}
const raw = (body: Uint8Array): Carried => ({ body });

/** A registry with two charts below `org/repo/`. */
async function filled(): Promise<TestHandler> {
  const handler = testHandler();
  await pushChart(handler.registry, "org/repo/mychart", { version: "1.0.0" });
  await pushChart(handler.registry, "org/repo/mychart", { version: "2.0.0-rc.1" });
  await pushChart(handler.registry, "org/repo/other", { version: "0.1.0" });
  return handler;
}
const api = "/charts/api/org/repo";
/** An entry as far as the table looks at it. */
const entry = (name: string, version: string) =>
  expect.objectContaining({ name, version, urls: [`${name}-${version}.tgz`] });
const mychart = [entry("mychart", "2.0.0-rc.1"), entry("mychart", "1.0.0")];
const other = [entry("other", "0.1.0")];

const questions: [line: string, status: number, body: unknown][] = [
  ["GET /charts/health", 200, { healthy: true }],
  ["GET /charts/info", 200, { version: expect.any(String) }],
  [`GET ${api}/charts`, 200, { mychart, other }],
  [`GET ${api}/charts?offset=0&limit=1`, 200, { mychart }],
  [`GET ${api}/charts?offset=1&limit=5`, 200, { other }],
  [`GET ${api}/charts?offset=1`, 200, { other }],
  [`GET ${api}/charts?offset=7&limit=1`, 200, {}],
  [`GET ${api}/charts?offset=-1`, 400, { error: "offset is not a valid non-negative integer" }],
  [`GET ${api}/charts?offset=x`, 400, { error: "offset is not a valid non-negative integer" }],
  [`GET ${api}/charts?limit=0`, 400, { error: "limit is not a valid positive integer" }],
  [`GET ${api}/charts?limit=-2`, 400, { error: "limit is not a valid positive integer" }],
  ["GET /charts/api/charts", 200, {}],
  ["GET /charts/api/nobody/charts", 200, {}],
  [`GET ${api}/charts/mychart`, 200, mychart],
  [`GET ${api}/charts/nothing`, 404, { error: "chart not found" }],
  [`GET ${api}/charts/Upper`, 404, { error: "chart not found" }],
  [`GET ${api}/charts/mychart/1.0.0`, 200, entry("mychart", "1.0.0")],
  [`GET ${api}/charts/mychart/2.0.0-rc.1`, 200, entry("mychart", "2.0.0-rc.1")],
  [`GET ${api}/charts/mychart/latest`, 200, entry("mychart", "1.0.0")],
  [`GET ${api}/charts/mychart/${encodeURIComponent(">1.9-0")}`, 200, entry("mychart", "2.0.0-rc.1")],
  [`GET ${api}/charts/mychart/9.9.9`, 404, { error: "no chart version found for mychart-9.9.9" }],
  [`GET ${api}/charts/mychart/nonsense`, 404, { error: "no chart version found for mychart-nonsense" }],
  [`GET ${api}/charts/nothing/1.0.0`, 404, { error: "no chart name found" }],
  [`GET ${api}/charts/nothing/1.0.0/values`, 404, { error: "no chart name found" }],
  [`GET ${api}/charts/nothing/1.0.0/templates`, 404, { error: "no chart name found" }],
];

for (const [line, status, body] of questions)
  test(`${line}: ${status}`, async () => {
    const { ask } = await filled();
    const response = await ask(line);
    expect([response.status, await response.json()] as unknown[]).toEqual([status, body]);
    const head = await ask(line.replace("GET", "HEAD"));
    expect([head.status, await head.text()]).toEqual([status, ""]);
  });

test(`GET ${api}/charts/mychart/1.0.0/values: the file`, async () => {
  const { ask } = await filled();
  const response = await ask(`GET ${api}/charts/mychart/1.0.0/values`);
  expect(await response.text()).toBe("replicas: 1\n");
  expect(response.headers.get("content-type")).toBe("application/yaml");
});

test("a range that is longer than anybody's is not read", async () => {
  const { ask } = await filled();
  const statusOf = async (count: number) =>
    (await ask(`GET ${api}/charts/mychart/${encodeURIComponent("1.0.0||".repeat(count))}1.0.0`)).status;
  expect([await statusOf(9), await statusOf(90)]).toEqual([200, 404]);
});

test("templates of more than is told at once are refused", async () => {
  const { ask } = testHandler();
  const large = "x".repeat(4 * 1024 * 1024);
  const archive = await chartArchive(
    sampleChart({
      "Chart.yaml": "apiVersion: v2\nname: mychart\nversion: 1.0.0\n",
      "templates/large.yaml": large,
    }),
  );
  expect((await ask(charts, raw(archive))).status).toBe(201);
  const response = await ask(`GET ${api}/charts/mychart/1.0.0/templates`);
  expect([response.status, await response.json()] as unknown[]).toEqual([
    400,
    { error: expect.stringContaining("too large") },
  ]);
});

test(`GET ${api}/charts/mychart/1.0.0/templates: files in base64, and the values parsed`, async () => {
  const { ask } = await filled();
  const found = await (await ask(`GET ${api}/charts/mychart/1.0.0/templates`)).json();
  const file = (name: string, content: string) => ({ name: `templates/${name}`, data: btoa(content) });
  expect(found as unknown).toEqual({
    templates: [
      file("NOTES.txt", "Thank you for installing {{ .Chart.Name }}.\n"),
      file("deployment.yaml", "kind: Deployment\nreplicas: {{ .Values.replicas }}\n"),
    ],
    values: { replicas: 1 },
  });
});

const saved = { saved: true };
const exists = (what: string) => ({ error: `${what} already exists` });
const charts = `POST ${api}/charts`;
const prov = `POST ${api}/prov`;

/** Requests one after the other, each with what it is answered. */
const stories: Record<string, readonly [line: string, carried: Carried, status: number, body: unknown][]> = {
  "an archive as the body": [
    [charts, raw(one), 201, saved],
    [charts, raw(one), 409, exists("file")],
    [charts, raw(another), 409, exists("file")],
    [`${charts}?force`, raw(another), 201, saved],
    [`GET ${api}/charts/mychart/1.0.0/values`, {}, 200, "a: 2\n"],
    [charts, raw(two), 201, saved],
  ],
  "an archive in a form": [
    [charts, form({ chart: one }), 201, saved],
    [charts, form({ chart: one }), 409, exists("chart")],
    [`${charts}?force=true`, form({ chart: another }), 201, saved],
    ["GET /charts/org/repo/mychart-1.0.0.tgz.prov", {}, 404, { error: "not found" }],
  ],
  "archive and provenance in a form": [
    [charts, form({ chart: one, prov: signature }), 201, saved],
    ["GET /charts/org/repo/mychart-1.0.0.tgz.prov", {}, 200, new TextDecoder().decode(signature)],
    [charts, form({ chart: one, prov: signature }), 409, exists("chart")],
    [prov, raw(signature), 409, exists("file")],
  ],
  "a provenance file after its archive": [
    [prov, raw(signature), 404, { error: expect.stringContaining("send the chart first") }],
    [charts, raw(one), 201, saved],
    [prov, raw(signature), 201, saved],
    [prov, raw(signature), 409, exists("file")],
    [`${prov}?force`, raw(signature), 201, saved],
    ["GET /charts/org/repo/mychart-1.0.0.tgz.prov", {}, 200, new TextDecoder().decode(signature)],
  ],
  "a provenance file in a form of its own": [
    [charts, raw(one), 201, saved],
    [charts, form({ prov: signature }), 201, saved],
  ],
  "what is no chart": [
    [charts, raw(new TextEncoder().encode("no archive")), 400, { error: "it is not gzip" }],
    [charts, form({ chart: new Uint8Array(3) }), 400, { error: "it is not gzip" }],
    [charts, form({ file: one }), 400, { error: expect.stringContaining("form fields chart and prov") }],
    [charts, form({ chart: one, prov: foreign }), 400, { error: "invalid provenance file" }],
    [charts, raw(one), 201, saved],
    [prov, raw(foreign), 400, { error: "invalid provenance file" }],
    [prov, raw(one), 400, { error: "invalid provenance file" }],
    [
      charts,
      { headers: { "content-type": "multipart/form-data; boundary=x" }, body: "no form" },
      400,
      { error: "the body is no form" },
    ],
  ],
  "a chart whose name is no repository's": [
    [
      charts,
      raw(await archiveOf("1.0.0", "MyChart")),
      400,
      { error: expect.stringContaining("improperly formatted") },
    ],
  ],
  "a body that is too large": [
    [
      charts,
      { headers: { "content-length": "999999999" }, body: one },
      413,
      { error: expect.stringContaining("request too large") },
    ],
    [
      prov,
      raw(new Uint8Array(2 * 1024 * 1024)),
      413,
      { error: expect.stringContaining("request too large") },
    ],
  ],
  "a version taken away": [
    [charts, raw(one), 201, saved],
    [`DELETE ${api}/charts/mychart/1.0.0`, {}, 200, { deleted: true }],
    [`DELETE ${api}/charts/mychart/1.0.0`, {}, 404, { error: "not found" }],
    [`DELETE ${api}/charts/nothing/1.0.0`, {}, 404, { error: "not found" }],
    ["GET /charts/org/repo/mychart-1.0.0.tgz", {}, 404, { error: "not found" }],
    [charts, raw(another), 201, saved],
  ],
};

for (const [name, story] of Object.entries(stories))
  test(name, async () => {
    const { ask } = testHandler();
    for (const [line, carried, status, body] of story) {
      const response = await ask(line, carried);
      const text = await response.text();
      const found = typeof body === "string" ? text : JSON.parse(text);
      expect([line, response.status, found] as unknown[]).toEqual([line, status, body]);
    }
  });

test("what is posted has the manifest that `chart push` makes of it", async () => {
  const { ask, repository } = testHandler();
  await ask("POST /charts/api/org/repo/charts", form({ chart: one, prov: signature }));
  const { metadata } = await openArchive(one);
  const { manifest } = packForPush({ metadata, archive: one, provenance: signature });
  const stored = await repository("org/repo/mychart").manifest(parseTag("1.0.0"));
  expect(stored?.bytes).toEqual(manifest.bytes);
});

test("a version with a plus is a tag with a line", async () => {
  const { ask, repository } = testHandler();
  expect((await ask("POST /charts/api/charts", raw(await archiveOf("1.0.0+b.1")))).status).toBe(201);
  expect(await repository("mychart").resolve(parseTag("1.0.0_b.1"))).toBeDefined();
  expect((await ask("GET /charts/api/charts/mychart/1.0.0+b.1")).status).toBe(200);
  expect((await ask("DELETE /charts/api/charts/mychart/1.0.0+b.1")).status).toBe(200);
});

test("of two who post one version at once, one is told that it exists", async () => {
  const { ask } = testHandler();
  const [first, second] = await Promise.all([
    ask("POST /charts/api/charts", raw(one)),
    ask("POST /charts/api/charts", raw(another)),
  ]);
  expect([first.status, second.status].toSorted()).toEqual([201, 409]);
});

test("a registry that deletes nothing, or is read-only, says so", async () => {
  const keeping = testHandler(undefined, { rules: { refuseDeletes: true } });
  await pushChart(keeping.registry, "mychart", {});
  const refused = await keeping.ask("DELETE /charts/api/charts/mychart/0.1.0");
  expect([refused.status, await refused.json()] as unknown[]).toEqual([
    405,
    { error: expect.stringContaining("deletion is switched off") },
  ]);
  const { ask } = testHandler(undefined, { readOnly: true });
  for (const line of [
    "POST /charts/api/charts",
    "POST /charts/api/prov",
    "DELETE /charts/api/charts/a/1.0.0",
  ])
    expect((await ask(line, line.startsWith("POST") ? raw(one) : {})).status).toBe(405);
});
