import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ReadFacts, readFacts } from "../chart/facts.ts";
import { chartMediaTypes } from "../chart/mediaTypes.ts";
import { packForPush } from "../chart/packed.ts";
import { copy } from "../oci/copy.ts";
import { digestOf } from "../oci/digest.ts";
import { limiter } from "../oci/limiter.ts";
import { parseTag, type Reference } from "../oci/reference.ts";
import { AnsweringServers } from "../testing/answering.ts";
import { blobOf, imageOf, pushArtifact } from "../testing/artifacts.ts";
import { nameOf } from "../testing/commands.ts";
import { errorCodes, type TestHandler, testHandler } from "../testing/handler.ts";
import { archiveOf, indexOf, provenanceOf, rowOf } from "../testing/migrate.ts";
import { hastyTransport, mirrorOf } from "../testing/mirrored.ts";
import { testRegistry } from "../testing/registry.ts";
import { ChartUpstream } from "./chartUpstream.ts";
import type { IndexRow } from "./indexRow.ts";
import { MirroredSite } from "./mirroredSite.ts";
import { Site } from "./site.ts";
import { takeChart } from "./take.ts";
import { parseSite } from "./urls.ts";

const servers = new AnsweringServers();
afterEach(() => servers.closeAll());

const created = "2026-01-02T03:04:05Z";
const archive = await archiveOf("mychart", "1.2.3");
const strange = await archiveOf("other", "1.2.3");
const digest = digestOf(archive);
const row = rowOf("mychart", "1.2.3", { digest, created });
const at = (tag: string, name = "stable/mychart") => `/v2/${name}/manifests/${tag}`;

let rows: IndexRow[];
let files: Map<string, Uint8Array<ArrayBuffer> | string>;
let away: boolean;
let now: number;
let asked: string[];
/** Archives that the reader of another thread was given. */
let opened: number;
let front: TestHandler;
let site: Site;

beforeEach(() => {
  rows = [row];
  files = new Map([["/mychart-1.2.3.tgz", archive]]);
  away = false;
  now = 1_000_000;
  asked = [];
  const url = servers.serve((request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    if (away) return new Response("no", { status: 503 });
    const text = indexOf(rows);
    const etag = `"${digestOf(new TextEncoder().encode(text))}"`;
    if (pathname === "/index.yaml")
      return request.headers.get("if-none-match") === etag
        ? new Response(null, { status: 304 })
        : new Response(text, { headers: { etag } });
    const file = files.get(pathname);
    return file === undefined ? new Response("none", { status: 404 }) : new Response(file);
  });
  site = new Site(parseSite(url.href), { transport: hastyTransport() });
  const registry = ({ registry: host, repository }: Reference) => mirrorOf(host).open(repository);
  opened = 0;
  const read: ReadFacts = async (bytes) => {
    opened++;
    return readFacts(bytes);
  };
  const mirrored = new MirroredSite(site, { home: url, registry, read, refresh: 300_000, now: () => now });
  const open = (repository: Parameters<typeof mirrored.tags>[0]) => new ChartUpstream(mirrored, repository);
  front = testHandler(undefined, { mirrors: [{ prefix: "stable", ttl: 0, open }], now: () => now });
});

/** What was asked of the repository since this was asked last. */
const requests = () => asked.splice(0);

interface ChartJson {
  readonly layers: readonly { readonly mediaType: string; readonly digest: string }[];
  readonly config: { readonly digest: string };
  readonly annotations: Readonly<Record<string, string>>;
}

async function pulled(tag = "1.2.3"): Promise<ChartJson> {
  const answer = await front.ask(`GET ${at(tag)}`);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    200,
    "application/vnd.oci.image.manifest.v1+json",
  ]);
  return (await answer.json()) as ChartJson;
}
const blob = async (named: string) => (await front.ask(`GET /v2/stable/mychart/blobs/${named}`)).bytes();

describe("a mirror of a classic repository", () => {
  test("gives a version as the chart that migrate would push, its archive to the byte", async () => {
    const manifest = await pulled();
    expect<Uint8Array>(await blob(manifest.layers[0]!.digest)).toEqual(archive);
    expect(JSON.parse(new TextDecoder().decode(await blob(manifest.config.digest)))).toMatchObject({
      name: "mychart",
      version: "1.2.3",
    });
    expect(manifest.annotations["org.opencontainers.image.created"]).toBe(created);
    const taken = await takeChart(site, row, { onMismatch: "fail", openings: limiter(1) });
    const answer = await front.ask(`HEAD ${at("1.2.3")}`);
    const migrated = packForPush(taken, created).manifest.descriptor.digest;
    expect(answer.headers.get("docker-content-digest")).toBe(migrated);
    expect(opened).toBe(1);
  });

  test("takes the provenance file along, as the second layer", async () => {
    files.set("/mychart-1.2.3.tgz.prov", provenanceOf(digest));
    const { layers } = await pulled();
    expect(layers.map(({ mediaType }) => mediaType)).toEqual([
      chartMediaTypes.content,
      chartMediaTypes.provenance,
    ]);
    expect(new TextDecoder().decode(await blob(layers[1]!.digest))).toBe(provenanceOf(digest));
  });

  test("asks for the index once in its time, for an archive once", async () => {
    const manifest = await pulled();
    expect(requests()).toEqual(["/index.yaml", "/mychart-1.2.3.tgz", "/mychart-1.2.3.tgz.prov"]);
    await blob(manifest.layers[0]!.digest);
    await pulled();
    expect(requests()).toEqual([]);
    now += 300_000;
    await pulled();
    expect(requests()).toEqual(["/index.yaml"]);
    await pulled();
    expect(requests()).toEqual([]);
  });

  test("looks again for a version that the index does not name, but not for every asker", async () => {
    await pulled();
    files.set("/mychart-1.3.0.tgz", await archiveOf("mychart", "1.3.0"));
    rows = [row, rowOf("mychart", "1.3.0")];
    requests();
    expect((await front.ask(`GET ${at("1.3.0")}`)).status).toBe(404);
    expect(requests()).toEqual([]);
    now += 10_000;
    await pulled("1.3.0");
    expect(requests()).toContain("/mychart-1.3.0.tgz");
  });

  test("lists the index's versions as tags, and knows nothing that is not there", async () => {
    rows = [
      row,
      rowOf("mychart", "1.10.0+build.7"),
      rowOf("mychart", "1.9.0-rc.1"),
      rowOf("Odd Name", "0.1.0"),
    ];
    expect(await (await front.ask("GET /v2/stable/mychart/tags/list")).json()).toEqual({
      name: "stable/mychart",
      tags: ["1.10.0_build.7", "1.2.3", "1.9.0-rc.1"],
    });
    expect(await (await front.ask("GET /v2/stable/odd-name/tags/list")).json()).toMatchObject({
      tags: ["0.1.0"],
    });
    for (const [path, code] of [
      ["/v2/stable/none/tags/list", "NAME_UNKNOWN"],
      [at("1.2.3", "stable/none"), "MANIFEST_UNKNOWN"],
      [at(digest), "MANIFEST_UNKNOWN"],
      [`/v2/stable/mychart/blobs/${digest}`, "BLOB_UNKNOWN"],
    ] as const) {
      const answer = await front.ask(`GET ${path}`);
      expect([path, answer.status, await errorCodes(answer)]).toEqual([path, 404, [code]]);
    }
  });

  test("is asked a thousand times at once, and asks once", async () => {
    const answers = await Promise.all(Array.from({ length: 1000 }, () => front.ask(`GET ${at("1.2.3")}`)));
    for (const { status } of answers) expect(status).toBe(200);
    expect(requests()).toEqual(["/index.yaml", "/mychart-1.2.3.tgz", "/mychart-1.2.3.tgz.prov"]);
  });

  test("keeps its digest when an index is made anew, and follows one that names another archive", async () => {
    const held = async () => (await front.ask(`HEAD ${at("1.2.3")}`)).headers.get("docker-content-digest");
    const first = await held();
    rows = [rowOf("mychart", "1.2.3", { digest, created: "2026-05-05T05:05:05Z" })];
    now += 300_000;
    expect(await held()).toBe(first);
    const other = await archiveOf("mychart", "1.2.3+other");
    files.set("/mychart-1.2.3.tgz", other);
    rows = [rowOf("mychart", "1.2.3", { digest: digestOf(other), created })];
    now += 300_000;
    const manifest = await pulled();
    expect(manifest.layers[0]?.digest).toBe(digestOf(other));
  });

  test("whose repository is away gives what is kept, and says so of all else", async () => {
    rows = [row, rowOf("mychart", "2.0.0")];
    const manifest = await pulled();
    away = true;
    now += 300_000;
    expect(await pulled()).toEqual(manifest);
    expect<Uint8Array>(await blob(manifest.layers[0]!.digest)).toEqual(archive);
    expect(await (await front.ask("GET /v2/stable/mychart/tags/list")).json()).toMatchObject({
      tags: ["1.2.3"],
    });
    const other = await front.ask(`GET ${at("2.0.0")}`);
    expect([other.status, await errorCodes(other)]).toEqual([502, ["UNKNOWN"]]);
  });

  test("gives a chart that the index says to be in a registry, as it is there", async () => {
    const there = testRegistry();
    servers.closeLater(() => there.stop());
    const taken = await takeChart(site, row, { onMismatch: "fail", openings: limiter(1) });
    const packed = packForPush(taken);
    const tags = [parseTag("1.2.3")];
    await copy(packed.source, there.repository, packed.manifest, { tags, expect: "any" });
    const urls = [`oci://${there.host}/charts/mychart:1.2.3`];
    rows = [rowOf("mychart", "1.2.3", { urls, digest })];
    const manifest = await pulled();
    expect(manifest.layers[0]?.digest).toBe(digest);
    there.requests.splice(0);
    away = true;
    expect<Uint8Array>(await blob(digest)).toEqual(archive);
    expect(await pulled()).toEqual(manifest);
    expect(there.requests).toEqual([]);
    rows = [rowOf("mychart", "1.2.3", { urls, digest: digestOf(strange) })];
    [away, now] = [false, now + 300_000];
    await front.ask(`GET ${at("1.2.3")}`);
    expect(front.registry.mirrored).toMatchObject({ stale: 1, failures: 1 });
  });

  test("takes no push, and what is beside it takes them as ever", async () => {
    const refused = await front.ask("POST /v2/stable/mychart/blobs/uploads/");
    expect([refused.status, await errorCodes(refused)]).toEqual([405, ["UNSUPPORTED"]]);
    await pushArtifact(front.repository("stabler/mychart"), imageOf([blobOf("x")]));
    await pushArtifact(front.repository("stable"), imageOf([blobOf("x")]));
  });

  for (const [what, row_, file] of [
    ["another archive than the index means", row, strange],
    ["an archive of another chart", rowOf("mychart", "1.2.3"), strange],
    ["a page instead of an archive", rowOf("mychart", "1.2.3"), "<html>please log in</html>"],
    [
      "an archive in a place of its own machine",
      rowOf("mychart", "1.2.3", { urls: ["file:///etc/passwd"] }),
      archive,
    ],
    [
      "an archive that is in a registry",
      rowOf("mychart", "1.2.3", { urls: ["oci://localhost:1/a"] }),
      archive,
    ],
  ] as const)
    test(`that is given ${what} keeps nothing and answers 502`, async () => {
      rows = [row_];
      files.set("/mychart-1.2.3.tgz", file);
      const answer = await front.ask(`GET ${at("1.2.3")}`);
      expect([answer.status, await errorCodes(answer)]).toEqual([502, ["UNKNOWN"]]);
      expect(await Array.fromAsync(front.blobs.list())).toEqual([]);
      expect(await (await front.ask("GET /v2/_catalog")).json()).toEqual({ repositories: [] });
    });

  test("whose archive is gone answers 404", async () => {
    files.clear();
    expect((await front.ask(`GET ${at("1.2.3")}`)).status).toBe(404);
  });
});

test("others have their turns while an index is read", async () => {
  async function* entries() {
    for (let i = 0; i < 1000; i++) yield { row: rowOf("mychart", `1.${i}.0`), line: i };
  }
  const index = async () => ({ entries: entries(), version: undefined });
  const source = { index, places: () => [], repositoryMetadata: async () => undefined };
  const home = new URL("https://charts.example.com/");
  const mirrored = new MirroredSite(source, { home, registry: mirrorless, refresh: 1, now: () => now });
  let [turns, isRead] = [0, false];
  const turn = () => {
    turns++;
    if (!isRead) setImmediate(turn);
  };
  setImmediate(turn);
  expect(await mirrored.tags(nameOf("mychart"))).toHaveLength(1000);
  isRead = true;
  expect(turns).toBeGreaterThanOrEqual(40);
});

const mirrorless = () => {
  throw new Error("no registry is asked");
};
