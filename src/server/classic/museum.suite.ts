// ChartMuseum's documented answers (its README, and `pkg/chartmuseum/server/multitenant`), route by route: ours, and its own where its
// binary is at hand. A row in which the two differ has both, and docs/classic.md says so.
import { describe, expect, test } from "bun:test";
import { digestOf, hexOf } from "../../oci/digest.ts";
import { chartArchive, sampleChart } from "../../testing/charts.ts";
import type { Carried, TestHandler } from "../../testing/handler.ts";

/** Who is asked. */
export interface Museum {
  readonly name: "chartroom" | "ChartMuseum";
  /** Where archives stand below a repository: ours beside the index. */
  readonly archives: "" | "charts/";
  /** Whether HEAD is answered as GET is, of a path. */
  hasHead(path: string): boolean;
  /** Something with nothing below `org/repo`. */
  open(): Promise<Pick<TestHandler, "ask">>;
}

/** A status and a body: parsed from JSON, or text where it is a text. */
type Answer = readonly [status: number, body: unknown];
/** A request, what it is answered, and ChartMuseum's own answer where that is another. */
type Row = readonly [line: string, carried: Carried, answer: Answer, theirs?: Answer | undefined];

/** A chart's archive with nothing but what the rows tell apart. */
export const archiveOf = (version: string, name = "mychart", values = "a: 1\n"): Promise<Uint8Array> =>
  chartArchive(
    sampleChart({
      "Chart.yaml": `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: A sample chart\n`,
      "values.yaml": values,
    }),
  );

/** A provenance file for an archive, of the form that Helm's are, signed by nobody. */
export const signatureOf = (archive: Uint8Array, version: string, name = "mychart"): Uint8Array =>
  new TextEncoder().encode(
    `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: ${name}\nversion: ${version}\n\n...\nfiles:\n  ${name}-${version}.tgz: sha256:${hexOf(digestOf(archive))}\n-----BEGIN PGP SIGNATURE-----\n`,
  );

/** A form as `cm-push` and curl's `-F` send it: each field a file of its own name. */
export function form(fields: Readonly<Record<string, Uint8Array>>): Carried {
  const body = new FormData();
  for (const [name, bytes] of Object.entries(fields))
    body.set(name, new Blob([bytes as Uint8Array<ArrayBuffer>]), name);
  return { body };
}

/** Bytes as curl's `--data-binary` sends them. */
export const raw = (body: Uint8Array): Carried => ({ body });

const api = "/charts/api/org/repo";
const charts = `POST ${api}/charts`;
const prov = `POST ${api}/prov`;
const saved: Answer = [201, { saved: true }];
const taken = (what: string): Answer => [409, { error: `${what} already exists` }];
const said = (status: number, error: unknown): Answer => [status, { error }];

const [one, two, another] = [
  await archiveOf("1.0.0"),
  await archiveOf("2.0.0-rc.1"),
  await archiveOf("1.0.0", "mychart", "a: 2\n"),
];
const [signature, foreign] = [signatureOf(one, "1.0.0"), signatureOf(two, "1.0.0")];

/** What is asked of a repository with three versions of two charts. */
function questions(archives: string): readonly Row[] {
  /** An entry as far as the table looks at it. */
  const entry = (name: string, version: string) =>
    expect.objectContaining({ name, version, urls: [`${archives}${name}-${version}.tgz`] });
  const mychart = [entry("mychart", "2.0.0-rc.1"), entry("mychart", "1.0.0")];
  const other = [entry("other", "0.1.0")];
  const file = (name: string, content: string) => ({ name: `templates/${name}`, data: btoa(content) });
  const get = (path: string, status: number, body: unknown, theirs?: Answer): Row => [
    `GET ${path}`,
    {},
    [status, body],
    theirs,
  ];
  const offset = said(400, "offset is not a valid non-negative integer");
  const limit = said(400, "limit is not a valid positive integer");
  return [
    get("/charts/health", 200, { healthy: true }),
    get("/charts/info", 200, { version: expect.any(String) }),
    get(`${api}/charts`, 200, { mychart, other }),
    get(`${api}/charts?offset=0&limit=1`, 200, { mychart }),
    get(`${api}/charts?offset=1&limit=5`, 200, { other }),
    get(`${api}/charts?offset=1`, 200, { other }, [200, {}]),
    get(`${api}/charts?offset=7&limit=1`, 200, {}),
    get(`${api}/charts?offset=-1`, ...offset),
    get(`${api}/charts?offset=x`, ...offset),
    get(`${api}/charts?limit=0`, ...limit),
    get(`${api}/charts?limit=-2`, ...limit),
    // ChartMuseum is asked where repositories stand two levels deep.
    get("/charts/api/charts", 200, {}, said(404, "not found")),
    get("/charts/api/nobody/charts", 200, {}, said(404, "not found")),
    get("/charts/api/org/nobody/charts", 200, {}),
    get(`${api}/charts?limit=`, ...limit),
    get("/charts/org/repo/nonsense", ...said(404, "nothing answers here"), said(404, "not found")),
    get(`${api}/charts/mychart`, 200, mychart),
    get(`${api}/charts/nothing`, ...said(404, "chart not found")),
    get(`${api}/charts/Upper`, ...said(404, "chart not found")),
    get(`${api}/charts/mychart/1.0.0`, 200, {
      ...{ apiVersion: "v2", name: "mychart", version: "1.0.0", description: "A sample chart" },
      ...{
        urls: [`${archives}mychart-1.0.0.tgz`],
        digest: hexOf(digestOf(one)),
        created: expect.any(String),
      },
    }),
    get(`${api}/charts/mychart/2.0.0-rc.1`, 200, entry("mychart", "2.0.0-rc.1")),
    get(`${api}/charts/mychart/latest`, 200, entry("mychart", "1.0.0")),
    get(`${api}/charts/mychart/${encodeURIComponent(">1.9-0")}`, 200, entry("mychart", "2.0.0-rc.1")),
    get(`${api}/charts/mychart/9.9.9`, ...said(404, "no chart version found for mychart-9.9.9")),
    get(`${api}/charts/mychart/nonsense`, ...said(404, "improper constraint: nonsense")),
    get(`${api}/charts/nothing/1.0.0`, ...said(404, "no chart name found")),
    get(`${api}/charts/nothing/1.0.0/values`, ...said(404, "no chart name found")),
    get(`${api}/charts/nothing/1.0.0/templates`, ...said(404, "no chart name found")),
    get(`${api}/charts/mychart/1.0.0/values`, 200, "a: 1\n"),
    get(`${api}/charts/mychart/1.0.0/templates`, 200, {
      templates: [
        file("NOTES.txt", "Thank you for installing {{ .Chart.Name }}.\n"),
        file("deployment.yaml", "kind: Deployment\nreplicas: {{ .Values.replicas }}\n"),
      ],
      values: { a: 1 },
    }),
    get(`/charts/org/repo/${archives}nothing-1.0.0.tgz`, ...said(404, "object not found")),
    get(`/charts/org/repo/${archives}nothing-1.0.0.tgz.prov`, ...said(404, "object not found")),
  ];
}

/** Requests one after the other, of a repository with nothing in it. */
async function stories(archives: string): Promise<Readonly<Record<string, readonly Row[]>>> {
  const signed = `GET /charts/org/repo/${archives}mychart-1.0.0.tgz.prov`;
  const named = (version: string) => expect.objectContaining({ name: "mychart", version });
  const tooLarge = said(413, expect.stringContaining("request too large"));
  const gone = said(404, expect.stringContaining("no such file or directory"));
  const invalid = (status: number) => said(status, "invalid provenance file");
  const signedText: Answer = [200, new TextDecoder().decode(signature)];
  return {
    "an archive as the body": [
      [charts, raw(one), saved],
      [charts, raw(one), taken("file")],
      [charts, raw(another), taken("file")],
      [`${charts}?force`, raw(another), saved],
      [`GET ${api}/charts/mychart/1.0.0/values`, {}, [200, "a: 2\n"]],
      [charts, raw(two), saved],
    ],
    "an archive in a form": [
      [charts, form({ chart: one }), saved],
      [charts, form({ chart: one }), taken("chart")],
      [`${charts}?force=true`, form({ chart: another }), saved],
      [signed, {}, said(404, "object not found")],
    ],
    "archive and provenance in a form": [
      [charts, form({ chart: one, prov: signature }), saved],
      [signed, {}, signedText],
      [charts, form({ chart: one, prov: signature }), taken("chart")],
      [prov, raw(signature), taken("file")],
    ],
    "a provenance file before its archive": [
      [prov, raw(signature), said(404, expect.stringContaining("send the chart first")), saved],
    ],
    "a provenance file after its archive": [
      [charts, raw(one), saved],
      [prov, raw(signature), saved],
      [prov, raw(signature), taken("file")],
      [`${prov}?force`, raw(signature), saved],
      [signed, {}, signedText],
    ],
    "a provenance file in a form of its own": [
      [charts, raw(one), saved],
      [charts, form({ prov: signature }), saved],
    ],
    "what is no chart": [
      [
        charts,
        raw(new TextEncoder().encode("no archive")),
        said(400, "it is not gzip"),
        said(400, "gzip: invalid header"),
      ],
      [charts, form({ chart: new Uint8Array(3) }), said(400, "it is not gzip"), said(400, "unexpected EOF")],
      [charts, form({ file: one }), said(400, expect.stringContaining("form fields chart and prov"))],
      [
        charts,
        { headers: { "content-type": "multipart/form-data; boundary=x" }, body: "no form" },
        said(400, "the body is no form"),
        said(400, expect.stringContaining("form fields chart and prov")),
      ],
    ],
    "a provenance file of another archive": [
      [charts, form({ chart: one, prov: foreign }), invalid(400), saved],
    ],
    "what is no provenance file": [
      [charts, raw(one), saved],
      [prov, raw(foreign), invalid(400), saved],
      [`${prov}?force`, raw(one), invalid(400), invalid(500)],
    ],
    "a chart whose name is no repository's": [
      [
        charts,
        raw(await archiveOf("1.0.0", "MyChart")),
        said(400, expect.stringContaining("improperly formatted")),
        saved,
      ],
    ],
    "a body that is too large": [
      [charts, raw(new Uint8Array(33 * 1024 * 1024)), tooLarge, [413, "request too large"]],
      [prov, raw(new Uint8Array(2 * 1024 * 1024)), tooLarge, invalid(500)],
    ],
    "versions as people write them": [
      [charts, raw(await archiveOf("v1.2.3")), saved],
      [charts, raw(await archiveOf("1.3.0+b.1")), saved],
      [`GET ${api}/charts/mychart/1.2.3`, {}, [200, named("v1.2.3")]],
      [`GET ${api}/charts/mychart/1.2`, {}, [200, named("v1.2.3")]],
      [`GET ${api}/charts/mychart/1`, {}, [200, named("1.3.0+b.1")]],
      [`GET ${api}/charts/mychart/1.3.0+b.1`, {}, [200, named("1.3.0+b.1")]],
      [`GET ${api}/charts/mychart/`, {}, [200, named("1.3.0+b.1")]],
      [`DELETE ${api}/charts/mychart/1.3.0+b.1`, {}, [200, { deleted: true }]],
      [`GET ${api}/charts/mychart/1.3.0+b.1`, {}, said(404, "no chart version found for mychart-1.3.0+b.1")],
    ],
    "a method that is not there": [
      [`PUT ${api}/charts`, {}, said(405, "the method is not supported here"), said(404, "not found")],
    ],
    "a pre-release alone is not the latest": [
      [charts, raw(two), saved],
      [`GET ${api}/charts/mychart/latest`, {}, said(404, "no chart version found for mychart-")],
    ],
    "a version taken away": [
      [charts, raw(one), saved],
      [`DELETE ${api}/charts/mychart/1.0.0`, {}, [200, { deleted: true }]],
      [`DELETE ${api}/charts/mychart/1.0.0`, {}, said(404, "not found"), gone],
      [`DELETE ${api}/charts/nothing/1.0.0`, {}, said(404, "not found"), gone],
      [`GET /charts/org/repo/${archives}mychart-1.0.0.tgz`, {}, said(404, "object not found")],
      [charts, raw(another), saved],
    ],
  };
}

/** ChartMuseum's answers out of a server that speaks its API. */
export async function museumSuite({ name, archives, hasHead, open }: Museum): Promise<void> {
  const follow = async ({ ask }: Pick<TestHandler, "ask">, [line, carried, ours, theirs]: Row) => {
    const response = await ask(line, carried);
    const text = await response.text();
    const [status, body] = (name === "ChartMuseum" && theirs) || ours;
    const found = typeof body === "string" ? text : JSON.parse(text);
    expect([line, response.status, found] as unknown[]).toEqual([line, status, body]);
    return response.status;
  };
  const told = await stories(archives);
  const filling = [one, two, await archiveOf("0.1.0", "other")];
  describe(name, () => {
    for (const row of questions(archives))
      test(`${row[0]}: ${row[2][0]}`, async () => {
        const museum = await open();
        for (const archive of filling) await follow(museum, [charts, raw(archive), saved]);
        const status = await follow(museum, row);
        if (!hasHead(row[0].slice("GET ".length))) return;
        const head = await museum.ask(row[0].replace("GET", "HEAD"));
        expect([head.status, await head.text()]).toEqual([status, ""]);
      });
    for (const [title, story] of Object.entries(told))
      test(title, async () => {
        const museum = await open();
        for (const row of story) await follow(museum, row);
      });
  });
}
