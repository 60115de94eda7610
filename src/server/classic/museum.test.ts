import { expect, test } from "bun:test";
import { openArchive } from "../../chart/archive/archive.ts";
import { packForPush } from "../../chart/packed.ts";
import { parseTag } from "../../oci/reference.ts";
import { chartArchive, sampleChart } from "../../testing/charts.ts";
import { errorCodes, type TestHandler, testHandler } from "../../testing/handler.ts";
import { pushChart } from "../../testing/pushChart.ts";
import { archiveOf, form, museumSuite, raw, signatureOf } from "./museum.suite.ts";

await museumSuite({
  name: "chartroom",
  archives: "",
  hasHead: () => true,
  open: async () => testHandler(),
});

const [one, another] = [await archiveOf("1.0.0"), await archiveOf("1.0.0", "mychart", "a: 2\n")];
const signature = signatureOf(one, "1.0.0");

/** A registry with a chart of two versions below `org/repo/`, pushed as OCI clients do. */
async function filled(): Promise<TestHandler> {
  const handler = testHandler();
  await pushChart(handler.registry, "org/repo/mychart", { version: "1.0.0" });
  await pushChart(handler.registry, "org/repo/mychart", { version: "2.0.0-rc.1" });
  return handler;
}
const api = "/charts/api/org/repo";
const charts = `POST ${api}/charts`;

test("what OCI clients pushed is told too", async () => {
  const { ask } = await filled();
  const found = (await (await ask(`GET ${api}/charts`)).json()) as { mychart: { version: string }[] };
  expect(found.mychart.map(({ version }) => version)).toEqual(["2.0.0-rc.1", "1.0.0"]);
  const response = await ask(`GET ${api}/charts/mychart/1.0.0/values`);
  expect(await response.text()).toBe("replicas: 1\n");
  expect(response.headers.get("content-type")).toBe("application/yaml");
});

test("a body that says that it is too large is not read", async () => {
  const { ask } = testHandler();
  const response = await ask(charts, { headers: { "content-length": "999999999" }, body: one });
  expect([response.status, await response.json()] as unknown[]).toEqual([
    413,
    { error: expect.stringContaining("request too large") },
  ]);
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
  ]) {
    const response = await ask(line, line.startsWith("POST") ? raw(one) : {});
    expect([response.status, await response.json()] as unknown[]).toEqual([
      405,
      { error: "the registry is read-only for maintenance" },
    ]);
  }
});

test("a wrong password is refused in ChartMuseum's words, and the distribution API's stay its own", async () => {
  const { ask } = testHandler({ realm: "here", authenticate: async () => false });
  const headers = { authorization: `Basic ${btoa("ann:wrong")}` };
  const response = await ask(charts, { ...raw(one), headers });
  expect(response.headers.get("www-authenticate")).toContain('realm="here"');
  expect([response.status, await response.json()] as unknown[]).toEqual([401, { error: "unauthorized" }]);
  expect(await errorCodes(await ask("GET /v2/", { headers }))).toEqual(["UNAUTHORIZED"]);
});
