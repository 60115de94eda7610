import { expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { parseDocument } from "yaml";
import { openArchive } from "../../chart/archive/archive.ts";
import { packForPush } from "../../chart/packed.ts";
import { tryVersion } from "../../chart/version.ts";
import { copy } from "../../oci/copy.ts";
import { digestOf, hexOf } from "../../oci/digest.ts";
import { parseTag } from "../../oci/reference.ts";
import { chartArchive, sampleChart } from "../../testing/charts.ts";
import { nameOf } from "../../testing/commands.ts";
import { type TestHandler, testHandler } from "../../testing/handler.ts";

/*
 * How Flux and Argo CD read a classic repository, as rules over what ours answers. From their source: Flux's source-controller 1.10.1
 * (over Helm's SDK 4.3), Argo CD 3.6.1 (over gopkg.in/yaml.v2 and the program helm). Both lose the whole index to one wrong entry.
 */

/** All that Chart.yaml can say, and versions that are ordered, written or named in ways that readers differ about. */
const charts: readonly [name: string, version: string, more?: object][] = [
  ["app", "1.2.0"],
  ["app", "1.10.0-rc.1"],
  ["app", "1.10.0+build.2"],
  ["app", "v1.11.0"],
  ["app", "1-2.0.0"],
  ["app-1", "2.0.0"],
  ["true", "0.1.0", { description: "yes: no #", appVersion: "1.10", icon: "", home: "\u2028" }],
  [
    "whole",
    "0.1.0",
    {
      ...{ type: "library", deprecated: true, kubeVersion: ">=1.20", condition: "a.b", tags: "one" },
      ...{ keywords: ["null", "1e3"], sources: ["https://example.com/?a=b#c"] },
      maintainers: [{ name: "A", email: "a@example.com" }, { name: "" }],
      annotations: { "artifacthub.io/changes": "- one\n- two: three\n", created: "2020-01-01" },
      dependencies: [
        {
          ...{ name: "dep", version: "~1", repository: "", alias: "d", tags: ["t"], enabled: true },
          "import-values": ["a", { child: "b", parent: "c" }],
        },
      ],
    },
  ],
];

async function filled(): Promise<TestHandler> {
  const handler = testHandler();
  for (const [name, version, more] of charts) {
    const text = JSON.stringify({ apiVersion: "v2", name, version, ...more });
    const archive = await chartArchive(sampleChart({ "Chart.yaml": text }));
    const { metadata } = await openArchive(archive);
    const packed = packForPush({ metadata, archive, provenance: undefined }, undefined);
    const target = handler.registry.repository(nameOf(`team/${name}`));
    await copy(packed.source, target, packed.manifest, { tags: [parseTag(version)], expect: "absent" });
  }
  return handler;
}

const site = "https://charts.example.com/charts/team";
const pathOf = (url: URL): string => url.pathname + url.search;

/** A type of Go's as Helm's structs have it; a strict reader takes no member that they have not, and none twice. */
type GoType = "text" | "flag" | "time" | "any" | GoType[] | { readonly [member: string]: GoType } | Texts;
class Texts {}
const texts: GoType = ["text"];
const dependency = {
  ...{ name: "text", version: "text", repository: "text", condition: "text", tags: texts, enabled: "flag" },
  ...{ "import-values": ["any"], alias: "text" },
} as const;
const chartVersion = {
  ...{ name: "text", home: "text", sources: texts, version: "text", description: "text", keywords: texts },
  maintainers: [{ name: "text", email: "text", url: "text" }],
  ...{ icon: "text", apiVersion: "text", condition: "text", tags: "text", appVersion: "text" },
  ...{ deprecated: "flag", annotations: new Texts(), kubeVersion: "text", dependencies: [dependency] },
  ...{ type: "text", urls: texts, created: "time", removed: "flag", digest: "text" },
} as const;
const indexFile = {
  ...{ serverInfo: "any", apiVersion: "text", generated: "time", entries: "any", annotations: new Texts() },
} as const;

/** Whether a value is of a type of Go's, and where it is not. */
function misfits(value: unknown, type: GoType, at: string): string[] {
  if (type === "any") return [];
  if (Array.isArray(type))
    return Array.isArray(value) ? value.flatMap((each, i) => misfits(each, type[0]!, `${at}[${i}]`)) : [at];
  if (typeof type === "object") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [at];
    return Object.entries(value).flatMap(([key, each]) => {
      const member = type instanceof Texts ? "text" : (type as Record<string, GoType>)[key];
      return member === undefined ? [`${at}.${key} is unknown`] : misfits(each, member, `${at}.${key}`);
    });
  }
  const isRight =
    type === "flag"
      ? typeof value === "boolean"
      : typeof value === "string" && (type === "text" || goTime.test(value));
  return isRight ? [] : [at];
}

/** RFC 3339 as Go's `time.Time` reads it: with seconds and a zone. */
const goTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

interface Read {
  readonly handler: TestHandler;
  readonly text: string;
  readonly index: { readonly apiVersion: string; readonly entries: Readonly<Record<string, Row[]>> };
  readonly rows: readonly Row[];
}
interface Row {
  readonly name: string;
  readonly version: string;
  readonly created: string;
  readonly digest: string;
  readonly urls: readonly string[];
}

const rules: readonly [source: string, rule: string, check: (read: Read) => unknown][] = [
  [
    "Flux: fluxcd/pkg/http/transport sets DisableCompression; Helm's HTTPGetter.get wants 200",
    "who asks for no coding gets none, whole, without a redirect",
    async ({ handler, text }) => {
      const answer = await handler.ask("GET /charts/team/index.yaml");
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-encoding")).toBeNull();
      expect(answer.headers.get("content-length")).toBe(`${Buffer.byteLength(text)}`);
    },
  ],
  [
    "Argo CD: nativeHelmChart.loadRepoIndex, whose Go transport asks for gzip alone and unpacks it",
    "who asks for gzip gets the same as one member of gzip",
    async ({ handler, text }) => {
      const headers = { "accept-encoding": "gzip" };
      const answer = await handler.ask("GET /charts/team/index.yaml", { headers });
      expect(answer.headers.get("content-encoding")).toBe("gzip");
      expect(gunzipSync(await answer.bytes()).toString()).toBe(text);
    },
  ],
  [
    "Flux: HelmRepositoryReconciler.reconcileSource, whose revision is the sha256 of the index",
    "an index in which nothing changed is the same to the byte",
    async ({ handler, text }) =>
      expect(await (await handler.ask("GET /charts/team/index.yaml")).text()).toBe(text),
  ],
  [
    "Flux: jsonOrYamlUnmarshal takes what is JSON as JSON, the rest by yaml.UnmarshalStrict",
    "there is no member twice, none that Helm's structs have not, and each is of its type",
    ({ index, text }) => {
      expect(parseDocument(text, { uniqueKeys: true }).errors).toEqual([]);
      expect(misfits(index, indexFile, "index")).toEqual([]);
      expect(
        misfits(
          index.entries,
          Object.fromEntries(Object.keys(index.entries).map((name) => [name, [chartVersion]])),
          "entries",
        ),
      ).toEqual([]);
    },
  ],
  [
    "Flux: IndexFromBytes (ErrEmptyIndexYaml, ErrNoAPIVersion)",
    "an index without charts is none that is empty, and has an apiVersion",
    async ({ handler }) =>
      expect(Bun.YAML.parse(await (await handler.ask("GET /charts/nobody/index.yaml")).text())).toMatchObject(
        {
          apiVersion: "v1",
          entries: {},
        },
      ),
  ],
  [
    "Flux: IndexFromBytes drops what Metadata.Validate of Helm's pkg/chart/v2 refuses",
    "all charts are there, under their names, with an apiVersion and a version that can be read",
    ({ index, rows }) => {
      const named = rows.map(({ name, version }) => [name, version]).toSorted();
      expect(named).toEqual(charts.map(([name, version]) => [name, version]).toSorted());
      for (const [name, versions] of Object.entries(index.entries))
        for (const row of versions)
          expect(row).toMatchObject({ name, apiVersion: expect.stringMatching(/^v[12]$/) });
      expect(rows.filter(({ version }) => tryVersion(version) === undefined)).toEqual([]);
    },
  ],
  [
    "Flux: getChartVersion sorts versions that differ in their build alone by created; Argo CD: Entry.Created, one that is no time loses the whole index",
    "each version says when it came",
    ({ rows }) => expect(rows.filter(({ created }) => !goTime.test(created))).toEqual([]),
  ],
  [
    "Flux: ChartRepository.DownloadChart takes urls[0] by Helm's ResolveReferenceURL, and has getters for http and https alone",
    "the first URL gives the archive that the digest means, without a redirect",
    async ({ handler, rows }) => {
      for (const { urls, digest } of rows) {
        const answer = await handler.ask(`GET ${pathOf(new URL(urls[0] ?? "", `${site}/`))}`);
        expect([urls[0], answer.status, answer.headers.get("content-encoding")]).toEqual([
          urls[0],
          200,
          null,
        ]);
        expect(hexOf(digestOf(await answer.bytes()))).toBe(digest);
      }
    },
  ],
  [
    "Flux and Argo CD: Helm's HTTPGetter.get sends a login only to the scheme, host and port of the repository",
    "archives are on the index's own server, below it",
    ({ rows }) => {
      for (const { urls } of rows) expect(new URL(urls[0] ?? "", `${site}/`).href).toStartWith(`${site}/`);
    },
  ],
  [
    "Argo CD: nativeHelmChart.GetIndex decodes with yaml.v2 into Index{Entries}, the first document alone",
    "there is one document, without anchors, aliases or tags",
    ({ text }) => {
      expect(text).not.toMatch(/^(---|\.\.\.)/m);
      expect(text.match(/(?<=[:,[{] )[&*!]\S*/g)).toBeNull();
    },
  ],
  [
    "Argo CD: versions.MaxVersion over Masterminds/semver.NewVersion; an exact version is taken without a look at the list",
    "the text of a version is the one under which its archive is asked for",
    async ({ handler, rows }) => {
      for (const { name, version } of rows) {
        const path = `/charts/team/${name}-${encodeURIComponent(version)}.tgz`;
        const expected = name === "app" && version === "1-2.0.0" ? "app-1 2.0.0" : `${name} ${version}`;
        const answer = await handler.ask(`GET ${path}`);
        const { metadata } = await openArchive(await answer.bytes());
        expect(`${metadata.name} ${metadata.version}`).toBe(expected);
      }
    },
  ],
];

let read: Promise<Read> | undefined;
async function readIndex(): Promise<Read> {
  const handler = await filled();
  const text = await (await handler.ask("GET /charts/team/index.yaml")).text();
  const index = Bun.YAML.parse(text) as Read["index"];
  return { handler, text, index, rows: Object.values(index.entries).flat() };
}

test.each(rules)("%s: %s", async (_source, _rule, check) => {
  read ??= readIndex();
  await check(await read);
});
