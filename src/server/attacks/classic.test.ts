// The classic door, tried by who may not see what is behind it: whatever is asked, in whatever form, the answer is that of a
// registry in which it is not there.
import { expect, test } from "bun:test";
import { accessOf } from "../../registry/access.ts";
import { anyUser, as, rulesOf, who } from "../../testing/access.ts";
import { chartArchive, sampleChart } from "../../testing/charts.ts";
import { type Carried, type TestHandler, testHandler } from "../../testing/handler.ts";
import { pushChart } from "../../testing/pushChart.ts";

const access = accessOf(
  rulesOf({
    "open/**": { pull: "everyone", push: who("bob"), delete: who("bob") },
    "open/secret": { pull: who("ann") },
    "team/*": { pull: who("ann") },
  }),
);
const charts = ["open/app", "open/secret", "team/app", "team/odd"];

/** A registry with these charts, of which one is in no index. */
async function holding(...names: string[]): Promise<TestHandler> {
  const handler = testHandler(anyUser, { access });
  for (const name of names)
    await pushChart(handler.registry, name, { version: "1.0.0", tag: name === "team/odd" ? "odd" : "1.0.0" });
  return handler;
}

/** All that an answer tells. */
const told = async (response: Response) => ({
  status: response.status,
  headers: Object.fromEntries(response.headers),
  body: await response.text(),
});

const archive = await chartArchive(
  sampleChart({ "Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n" }),
);
const provenance = new TextEncoder().encode(
  "-----BEGIN PGP SIGNED MESSAGE-----\n\nname: app\nversion: 1.0.0\n",
);
const below = (prefix: string, chart: string) => [
  `/charts/${prefix}/index.yaml`,
  `/charts/${prefix}/index.json`,
  `/charts/${prefix}/${chart}-1.0.0.tgz`,
  `/charts/${prefix}/${chart}-1.0.0.tgz.prov`,
  `/charts/${prefix}/-/${chart}/${chart}-1.0.0.tgz`,
  `/charts/${prefix}/x-1-${chart}-1.0.0.tgz`,
  `/charts/api/${prefix}/charts`,
  `/charts/api/${prefix}/charts?offset=0&limit=1`,
  `/charts/${prefix}/misplaced.json`,
  `/charts/api/${prefix}/charts/${chart}`,
  `/charts/api/${prefix}/charts/${chart}/1.0.0`,
  `/charts/api/${prefix}/charts/${chart}/latest`,
  `/charts/api/${prefix}/charts/${chart}/*`,
  `/charts/api/${prefix}/charts/${chart}/1.0.0/values`,
  `/charts/api/${prefix}/charts/${chart}/1.0.0/templates`,
  `/charts/api/${prefix}/prov`,
];
const targets = [
  ...below("team", "app"),
  ...below("team", "odd"),
  ...below("open", "secret"),
  "/charts/index.yaml",
];
const carried: Readonly<Record<string, Carried>> = {
  GET: {},
  HEAD: { headers: { "accept-encoding": "gzip" } },
  DELETE: {},
  PUT: { body: archive },
};

for (const [caller, login] of Object.entries({ nobody: {}, bob: as("bob") }) as [string, Carried][])
  for (const [method, { headers, body }] of Object.entries(carried))
    test(`${method} tells ${caller} nothing of what there is`, async () => {
      const [full, bare] = [await holding(...charts), await holding("open/app")];
      for (const target of targets) {
        const carry = { headers: { ...headers, ...login.headers }, ...(body !== undefined && { body }) };
        const line = `${method} ${target}`;
        const expected = await told(await bare.ask(line, carry));
        expect([line, await told(await full.ask(line, carry))] as unknown[]).toEqual([line, expected]);
        const etag = expected.headers.etag;
        if (etag === undefined) continue;
        const known = { ...carry, headers: { ...carry.headers, "if-none-match": etag } };
        expect([line, (await full.ask(line, known)).status]).toEqual([line, 304]);
      }
    });

test("a chart or a signature that may not be pushed is refused by the same words, be there what there may", async () => {
  const [full, bare] = [await holding(...charts), await holding("open/app")];
  for (const login of [{}, as("bob"), as("ann")] as Carried[])
    for (const [path, body] of [
      ["charts", archive],
      ["charts?force", archive],
      ["prov", provenance],
    ] as const) {
      const line = `POST /charts/api/team/${path}`;
      const carry = { ...login, body };
      const answer = await told(await full.ask(line, carry));
      expect(answer).toEqual(await told(await bare.ask(line, carry)));
      expect([401, 403]).toContain(answer.status);
    }
});
