import { expect, test } from "bun:test";
import { blobOf, pushContent } from "../testing/artifacts.ts";
import { testHandler } from "../testing/handler.ts";
import { noise } from "../testing/streams.ts";
import { debugAnswer } from "./debug.ts";
import { Health } from "./health.ts";
import { Metrics } from "./metrics.ts";

/** The samples of Prometheus' text, by name and labels; fails on a line that is none. */
function samplesOf(text: string): Map<string, number> {
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    samples.map((line) => {
      const [, name = "", value] = /^([a-z_:]+(?:\{(?:[a-z]+="[^"\\\n]*",?)+\})?) (\S+)$/.exec(line) ?? [];
      if (!Number.isFinite(Number(value))) throw new Error(`no sample: ${line}`);
      return [name, Number(value)];
    }),
  );
}

test("requests are counted by handler, method and code, with times and bytes of both ways", async () => {
  const metrics = new Metrics();
  const handler = testHandler(undefined, { metrics });
  const blob = blobOf(noise(5_000_000));
  await pushContent(handler.repository("a"), blob);
  const opened = await handler.ask("POST /v2/a/blobs/uploads/");
  await handler.ask(`PATCH ${opened.headers.get("location")}`, { body: noise(1000) });
  await (await handler.ask(`GET /v2/a/blobs/${blob.descriptor.digest}`)).bytes();
  await handler.ask("GET /v2/a/manifests/none");
  await handler.ask("GET /v2/a/manifests/none");
  await handler.ask("OPTIONS /v2/");
  const samples = samplesOf(await metrics.text());
  const requests = (labels: string) => samples.get(`registry_http_requests_total{${labels}}`);
  expect(requests('handler="blob_upload",method="post",code="202"')).toBe(1);
  expect(requests('handler="blob_upload_chunk",method="patch",code="202"')).toBe(1);
  expect(requests('handler="blob",method="get",code="200"')).toBe(1);
  expect(requests('handler="manifest",method="get",code="404"')).toBe(2);
  expect(requests('handler="other",method="options",code="405"')).toBe(1);
  const patched = '{handler="blob_upload_chunk",method="patch"}';
  expect(samples.get(`registry_http_request_size_bytes_sum${patched}`)).toBe(1000);
  const pulled = '{handler="blob",method="get"}';
  expect(samples.get(`registry_http_response_size_bytes_sum${pulled}`)).toBe(5_000_000);
  expect(samples.get(`registry_http_request_duration_seconds_count${pulled}`)).toBe(1);
  expect(
    samples.get('registry_http_request_duration_seconds_bucket{handler="blob",method="get",le="+Inf"}'),
  ).toBe(1);
  expect(samples.get("registry_http_in_flight_requests")).toBe(0);
  expect(samples.get("chartroom_uploads_in_flight")).toBe(0);
});

test("an answer under way is under way until it is through, an upload until it is answered", async () => {
  const metrics = new Metrics([{ name: "a_gauge", help: "Asked.", value: async () => 7 }]);
  const handler = testHandler(undefined, { metrics });
  const now = async (name: string) => samplesOf(await metrics.text()).get(name);
  const blob = blobOf(noise(5_000_000));
  await pushContent(handler.repository("a"), blob);
  const pull = await handler.ask(`GET /v2/a/blobs/${blob.descriptor.digest}`);
  expect(await now("registry_http_in_flight_requests")).toBe(1);
  await pull.body?.cancel();
  expect(await now("registry_http_in_flight_requests")).toBe(0);

  const location = (await handler.ask("POST /v2/a/blobs/uploads/")).headers.get("location");
  const { readable, writable } = new TransformStream<Uint8Array>();
  const pushed = handler.ask(`PATCH ${location}`, { body: readable });
  const writer = writable.getWriter();
  await writer.write(noise(10));
  expect(await now("chartroom_uploads_in_flight")).toBe(1);
  await writer.close();
  expect((await pushed).status).toBe(202);
  expect(await now("chartroom_uploads_in_flight")).toBe(0);
  expect(await now("a_gauge")).toBe(7);
});

test("buckets of a histogram hold all that is below them", async () => {
  const metrics = new Metrics();
  const { ask, logged } = testHandler(undefined, { metrics });
  await ask("GET /v2/");
  expect(logged()).toHaveLength(1);
  const values = [...samplesOf(await metrics.text())]
    .filter(([name]) => name.includes("_bucket{"))
    .map(([, value]) => value);
  expect(values).toHaveLength(12);
  expect(values.toSorted((a, b) => a - b)).toEqual(values);
  expect(values.at(-1)).toBe(1);
});

test("no caller makes labels: names, paths and methods of its own are in none", async () => {
  const metrics = new Metrics();
  const { ask } = testHandler(undefined, { metrics });
  for (const path of ["/v2/secret/tags/list", "/secret", '/v2/"}x{/tags/list', "/v2/a/manifests/secret"])
    await ask(`GET ${path}`);
  expect(await metrics.text()).not.toMatch(/secret|x\{/);
});

test("the debug address tells of life, readiness, health and metrics, and of nothing else", async () => {
  const [health, metrics] = [new Health(), new Metrics()];
  const ask = async (line: string) => {
    const [method = "", path = ""] = line.split(" ");
    const request = new Request(`http://debug${path}`, { method });
    const response = await debugAnswer({ health, metrics, metricsPath: "/m" }, request);
    return [response.status, await response.text()];
  };
  expect(await ask("GET /healthz")).toEqual([200, "ok\n"]);
  expect(await ask("GET /readyz")).toEqual([200, "ready\n"]);
  expect(await ask("GET /debug/health")).toEqual([200, "{}"]);
  expect(await ask("GET /m?x")).toEqual([200, await metrics.text()]);
  expect(await ask("HEAD /healthz")).toEqual([200, ""]);
  for (const line of ["GET /metrics", "GET /v2/", "GET /"]) expect((await ask(line))[0]).toBe(404);
  expect((await ask("POST /healthz"))[0]).toBe(405);
  let sick = true;
  const check = async () => {
    if (sick) throw new Error("the disk is gone");
  };
  await health.start([{ name: "storage", interval: 5, threshold: 2, check }]);
  expect(health.ready).toBe(true); // once is not twice
  while (health.ready) await Bun.sleep(5);
  expect(await ask("GET /debug/health")).toEqual([503, '{"storage":"the disk is gone"}']);
  expect((await ask("GET /readyz"))[0]).toBe(503);
  expect((await ask("GET /healthz"))[0]).toBe(200);
  sick = false;
  while (!health.ready) await Bun.sleep(5);
  health.stopping();
  expect(await ask("GET /readyz")).toEqual([503, "not ready\n"]);
  expect((await ask("GET /debug/health"))[0]).toBe(200);
  health.stop();
});
