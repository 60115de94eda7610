import { describe, expect, spyOn, test } from "bun:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { openArchive } from "../../chart/archive/archive.ts";
import { packForPush, signForPush } from "../../chart/packed.ts";
import { packMetadata, repositoryMetadataTag } from "../../chart/repositoryMetadata.ts";
import { copy } from "../../oci/copy.ts";
import { digestOf } from "../../oci/digest.ts";
import { parseTag } from "../../oci/reference.ts";
import { type AccessRules, accessOf } from "../../registry/access.ts";
import { chartArchive, sampleChart } from "../../testing/charts.ts";
import { nameOf } from "../../testing/commands.ts";
import { type TestHandler, testHandler } from "../../testing/handler.ts";
import { pushChart } from "../../testing/pushChart.ts";

const index = "/charts/team/index.yaml";
async function filled(handler: TestHandler = testHandler()): Promise<TestHandler> {
  await pushChart(handler.registry, "team/mychart", { version: "1.0.0" });
  await pushChart(handler.registry, "team/other", { version: "2.0.0-1" });
  return handler;
}
const entriesOf = async (response: Response) => {
  const parsed = Bun.YAML.parse(await response.text()) as { entries: Record<string, object[]> };
  return Object.keys(parsed.entries);
};

describe("an index", () => {
  test("is YAML, says how it may be cached, and lists what is below the prefix", async () => {
    const { ask } = await filled();
    const response = await ask(`GET ${index}`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/x-yaml",
      vary: "Accept-Encoding",
      "cache-control": "no-cache",
      etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
    });
    expect(await entriesOf(response)).toEqual(["mychart", "other"]);
    expect(await entriesOf(await ask("GET /charts/index.yaml"))).toEqual([]);
    const json = await ask("GET /charts/team/index.json");
    expect(json.headers.get("content-type")).toBe("application/json");
    expect(Object.keys(((await json.json()) as { entries: object }).entries)).toEqual(["mychart", "other"]);
  });

  test("comes as gzip or zstd to whoever asks, each with its own entity tag and length", async () => {
    const { ask } = await filled();
    const plain = await (await ask(`GET ${index}`)).text();
    for (const [coding, decode] of [
      ["gzip", gunzipSync],
      ["zstd", zstdDecompressSync],
    ] as const) {
      const headers = { "accept-encoding": coding };
      const response = await ask(`GET ${index}`, { headers });
      expect(response.headers.get("content-encoding")).toBe(coding);
      const bytes = await response.bytes();
      expect(decode(bytes).toString()).toBe(plain);
      const head = await ask(`HEAD ${index}`, { headers });
      expect(head.headers.get("content-length")).toBe(`${bytes.byteLength}`);
      expect(head.headers.get("etag")).toBe(response.headers.get("etag"));
      expect(await head.text()).toBe("");
    }
  });

  test("is not sent again to whoever has it", async () => {
    const { ask, registry } = await filled();
    const tag = (await ask(`HEAD ${index}`)).headers.get("etag")!;
    const asked = async (known: string, coding = "identity") =>
      (await ask(`GET ${index}`, { headers: { "if-none-match": known, "accept-encoding": coding } })).status;
    expect(await asked(tag)).toBe(304);
    expect(await asked(`"x", W/${tag}`)).toBe(304);
    expect(await asked("*")).toBe(304);
    expect(await asked('"x"')).toBe(200);
    expect(await asked(tag, "gzip")).toBe(200);
    await pushChart(registry, "team/mychart", { version: "1.1.0" });
    expect(await asked(tag)).toBe(200);
  });

  test("of more than fits one piece goes out as a stream, whole", async () => {
    const { ask, registry } = testHandler();
    const long = `# ${"x".repeat(100)}`;
    for (let i = 0; i < 45; i++)
      await pushChart(registry, "mychart", { version: `1.${i}.0`, description: long.repeat(1000) });
    const response = await ask("GET /charts/index.yaml");
    const text = await response.text();
    expect(text.length).toBeGreaterThan(4 * 1024 * 1024);
    const head = await ask("HEAD /charts/index.yaml");
    expect(head.headers.get("content-length")).toBe(`${Buffer.byteLength(text)}`);
    expect((Bun.YAML.parse(text) as { entries: { mychart: object[] } }).entries.mychart).toHaveLength(45);
  });

  test("tells ChartMuseum's clients where the API is, behind a prefix too", async () => {
    const { ask } = await filled(testHandler(undefined, { root: "/team" }));
    const { serverInfo } = (await (await ask("GET /team/charts/team/index.json")).json()) as {
      serverInfo: object;
    };
    expect(serverInfo).toEqual({ contextPath: "/team/charts" });
    expect((await ask("GET /charts/team/index.json")).status).toBe(404);
  });
});

describe("an archive", () => {
  test("is the layer's bytes, whole or in part, under the URL that the index gives", async () => {
    const { ask, registry } = await filled();
    const { entries } = (await (await ask("GET /charts/team/index.json")).json()) as {
      entries: Record<string, { urls: string[]; digest: string }[]>;
    };
    for (const [{ urls, digest } = { urls: [], digest: "" }] of Object.values(entries)) {
      const response = await ask(`GET /charts/team/${urls[0]}`);
      const bytes = await response.bytes();
      expect(`${digestOf(bytes)}`).toBe(`sha256:${digest}`);
      expect(response.headers.get("content-type")).toBe("application/gzip");
      const part = await ask(`GET /charts/team/${urls[0]}`, { headers: { range: "bytes=0-9" } });
      expect([part.status, (await part.bytes()).byteLength]).toEqual([206, 10]);
      const head = await ask(`HEAD /charts/team/${urls[0]}`);
      expect(head.headers.get("content-length")).toBe(`${bytes.byteLength}`);
    }
    expect(entries.other?.[0]?.urls).toEqual(["-/other/other-2.0.0-1.tgz"]);
    expect((await ask("GET /charts/team/other-2.0.0-1.tgz")).status).toBe(200);
    await registry.repository(nameOf("team/mychart")).untag(parseTag("1.0.0"));
    for (const path of [
      "mychart-1.0.0.tgz",
      "mychart-1.0.0.tgz.prov",
      "-/mychart/other-2.0.0-1.tgz",
      "x.tgz",
    ])
      expect((await ask(`GET /charts/team/${path}`)).status).toBe(404);
  });

  test("of a version with a plus has it in its name", async () => {
    const { ask, registry } = testHandler();
    const content = await pushChart(registry, "mychart", { version: "1.0.0+b.1" });
    for (const name of ["mychart-1.0.0+b.1.tgz", "mychart-1.0.0%2Bb.1.tgz"])
      expect(digestOf(await (await ask(`GET /charts/${name}`)).bytes())).toBe(content);
  });

  test("that is signed has its provenance beside it", async () => {
    const { ask, registry } = testHandler();
    const archive = await chartArchive(sampleChart());
    const { metadata } = await openArchive(archive);
    const provenance = new TextEncoder().encode("-----BEGIN PGP SIGNED MESSAGE-----");
    const packed = packForPush({ metadata, archive, provenance });
    const to = { tags: [parseTag("0.1.0")], expect: "any" } as const;
    await copy(packed.source, registry.repository(nameOf("mychart")), packed.manifest, to);
    const response = await ask("GET /charts/mychart-0.1.0.tgz.prov");
    expect(await response.bytes()).toEqual(provenance);
    expect(response.headers.get("content-type")).toBe("application/pgp-signature");
  });

  test("signed later has the manifest that it would have had at once", async () => {
    const archive = await chartArchive(sampleChart());
    const { metadata } = await openArchive(archive);
    const provenance = new TextEncoder().encode("-----BEGIN PGP SIGNED MESSAGE-----");
    const bare = packForPush({ metadata, archive, provenance: undefined });
    const signed = signForPush(bare.manifest, provenance);
    expect(signed.manifest).toEqual(packForPush({ metadata, archive, provenance }).manifest);
    expect(signForPush(signed.manifest, provenance)).toMatchObject({
      wasSigned: true,
      manifest: signed.manifest,
    });
  });
});

const password = "secret";
const authenticator = {
  realm: "here",
  authenticate: async (_user: string, given: string) => given === password,
};
const as = (user: string) => ({ headers: { authorization: `Basic ${btoa(`${user}:${password}`)}` } });
const users = (...names: string[]) => new Set(names);
const rules = {
  admins: new Set<string>(),
  repositories: new Map(
    Object.entries({
      "open/**": { pull: "everyone", push: users("ann"), delete: users() },
      "team/*": { pull: users("ann", "bob"), push: users("ann"), delete: users("ann") },
      "team/secret": { pull: users("ann"), push: users("ann"), delete: users("ann") },
    }),
  ),
} as unknown as AccessRules;

describe("access", () => {
  const guarded = async () => {
    const handler = testHandler(authenticator, { access: accessOf(rules) });
    for (const repository of ["open/app", "team/app", "team/secret"])
      await pushChart(handler.registry, repository, {});
    return handler;
  };

  test("an index shows what its reader may pull, with an entity tag of its own", async () => {
    const { ask } = await guarded();
    const ann = await ask("GET /charts/team/index.yaml", as("ann"));
    const bob = await ask("GET /charts/team/index.yaml", as("bob"));
    expect(ann.headers.get("etag")).not.toBe(bob.headers.get("etag"));
    expect([await entriesOf(ann), await entriesOf(bob)]).toEqual([["app", "secret"], ["app"]]);
    expect(await entriesOf(await ask("GET /charts/open/index.yaml"))).toEqual(["app"]);
  });

  test("for whom no rule lets pull anything there nothing is looked up there", async () => {
    const { ask, registry } = await guarded();
    const shelves = spyOn(registry.indexes, "shelf");
    const indexes = spyOn(registry.currentIndexes, "document");
    const looked = () => [
      ...shelves.mock.calls.map(([prefix]) => prefix),
      ...indexes.mock.calls.map(([{ prefix }]) => prefix),
    ];
    const files = ["team/index.yaml", "team/index.json", "team/misplaced.json", "team/artifacthub-repo.yml"];
    for (const file of [...files, "api/team/charts"]) {
      expect((await ask(`GET /charts/${file}`)).status).toBe(401);
      expect(looked()).toEqual([]);
    }
    for (const file of [...files, "api/team/charts"]) await ask(`GET /charts/${file}`, as("carl"));
    expect(looked()).not.toContain("team/");
    expect(await entriesOf(await ask("GET /charts/team/index.yaml", as("carl")))).toEqual([]);
    await ask("GET /charts/team/index.yaml", as("bob"));
    expect(looked()).toContain("team/");
  });

  test("what charts tell Artifact Hub is told by those alone that its reader may pull", async () => {
    const { ask, repository } = await guarded();
    const tell = (name: string, id: string) => {
      const { manifest, source } = packMetadata(Buffer.from(`repositoryID: ${id}\n`));
      return copy(source, repository(name), manifest, { tags: [repositoryMetadataTag], expect: "any" });
    };
    const told = async (user: string, prefix = "team") => {
      const response = await ask(`GET /charts/${prefix}/artifacthub-repo.yml`, as(user));
      return response.status === 200 ? await response.text() : response.status;
    };
    await tell("team/secret", "hidden");
    expect([await told("ann"), await told("bob")]).toEqual(["repositoryID: hidden\n", 404]);
    await tell("team/app", "shown");
    expect([await told("ann"), await told("bob")]).toEqual([404, "repositoryID: shown\n"]);
    await tell("open/app", "open");
    expect(await (await ask("GET /charts/open/artifacthub-repo.yml")).text()).toBe("repositoryID: open\n");
  });

  test("whoever sees nothing is asked to log in, and a wrong login is refused", async () => {
    const { ask } = await guarded();
    const lines = [
      "GET /charts/team/index.yaml",
      "GET /charts/nobody/index.yaml",
      "GET /charts/team/artifacthub-repo.yml",
      "GET /charts/nobody/artifacthub-repo.yml",
      "GET /charts/team/app-0.1.0.tgz",
      "GET /charts/team/nothing-0.1.0.tgz",
      "GET /charts/api/team/charts",
      "GET /charts/api/team/charts/app",
      "GET /charts/api/team/charts/app/0.1.0",
      "GET /charts/api/team/charts/app/0.1.0/values",
      "DELETE /charts/api/team/charts/app/0.1.0",
    ];
    for (const line of lines) {
      const response = await ask(line);
      expect([line, response.status]).toEqual([line, 401]);
      expect(response.headers.get("www-authenticate")).toBe('Basic realm="here", charset="UTF-8"');
    }
    const wrong = { headers: { authorization: `Basic ${btoa("ann:wrong")}` } };
    expect((await ask("GET /charts/open/index.yaml", wrong)).status).toBe(401);
  });

  test("where everybody has to log in, nothing is looked at before", async () => {
    const { ask } = await filled(testHandler(authenticator));
    const post = { body: await chartArchive(sampleChart()) };
    for (const line of [
      "GET /charts/team/index.yaml",
      "POST /charts/api/team/charts",
      "POST /charts/api/team/prov",
    ])
      expect([line, (await ask(line, line.startsWith("POST") ? post : {})).status]).toEqual([line, 401]);
    for (const line of ["GET /charts/health", "GET /charts/info"]) expect((await ask(line)).status).toBe(200);
    expect((await ask("POST /charts/api/team/charts", { ...as("ann"), ...post })).status).toBe(201);
  });

  test("who is logged in and may not is refused, whether the chart is there or not", async () => {
    const { ask } = await guarded();
    for (const line of [
      "GET /charts/team/secret-0.1.0.tgz",
      "GET /charts/team/secret-9.9.9.tgz",
      "GET /charts/api/team/charts/secret",
      "GET /charts/api/team/charts/secret/0.1.0",
      "DELETE /charts/api/team/charts/app/0.1.0",
    ])
      expect([line, (await ask(line, as("bob"))).status]).toEqual([line, 403]);
    const archive = await chartArchive(sampleChart());
    const post = { ...as("bob"), body: archive };
    expect((await ask("POST /charts/api/team/charts", post)).status).toBe(403);
    expect((await ask("POST /charts/api/team/charts", { ...as("ann"), body: archive })).status).toBe(201);
  });

  test("of whoever may push nothing there no body is read", async () => {
    const { ask } = await guarded();
    const body = new TextEncoder().encode("no archive");
    for (const path of ["charts", "prov"]) {
      const status = async (headers = {}) =>
        (await ask(`POST /charts/api/team/${path}`, { headers, body })).status;
      expect([path, await status(), await status(as("bob").headers)]).toEqual([path, 401, 403]);
      expect([path, await status(as("ann").headers)]).toEqual([path, 400]);
    }
  });

  test("what no index lists is named to those who may pull it", async () => {
    const { ask, registry } = await guarded();
    await pushChart(registry, "team/secret", { name: "other", tag: "1" });
    const seen = async (user: string) => (await ask("GET /charts/team/misplaced.json", as(user))).json();
    expect((await seen("ann")) as unknown).toEqual([
      {
        repository: "team/secret",
        tag: "1",
        why: 'it is the chart "other", and the repository\'s name ends with secret',
      },
    ]);
    expect((await seen("bob")) as unknown).toEqual([]);
  });
});
