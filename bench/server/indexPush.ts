import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { archiveOf, chartsOf, fabricateCharts } from "../charts.ts";
import { chartMuseum } from "../peers/chartMuseum.ts";
import { contest } from "../peers/contest.ts";
import { ours } from "../peers/sides.ts";
import type { Scenario } from "../scenario.ts";
import { filled } from "./filled.ts";

const versions = 10_000;
const museum = chartMuseum(async (folder) => {
  await mkdir(folder, { recursive: true });
  for (const { name, version } of chartsOf(versions))
    await Bun.write(join(folder, `${name}-${version}.tgz`), await archiveOf(name, version));
});

/** The whole index, as Helm asks for it. */
async function indexAt(url: string): Promise<Buffer> {
  const answer = await fetch(url, { proxy: false, headers: { "accept-encoding": "identity" } });
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** How long it takes until an index has what was pushed. */
export const indexPush: Scenario = {
  name: "server: index.yaml, after a push",
  needs: [],
  run: (bench) =>
    contest(bench, {
      ...{ scenario: "index.yaml of 10,000 versions with the chart that was just pushed", unit: "ms" },
      us: { ...ours, start: () => filled(bench, (catalog) => fabricateCharts(catalog, "many", versions)) },
      against: [[museum, { atMost: 0.05, of: "ratio" }]],
      note: "from the push's 201 until the index that has it is there whole, without a coding, asked for again and again",
      prepare: async ({ host }, side) =>
        indexAt(`http://${host}${side === museum ? "" : "/charts/many"}/index.yaml`),
      async measure({ host }, round, side) {
        const [site, api] = side === museum ? ["", "/api"] : ["/charts/many", "/charts/api/many"];
        const [name, version] = [`chart-${round}`, `10.${round}.0`];
        const body = new Blob([(await archiveOf(name, version)) as Uint8Array<ArrayBuffer>]);
        const pushed = await fetch(`http://${host}${api}/charts`, { method: "POST", body, proxy: false });
        if (pushed.status !== 201) throw new Error(`the push was answered ${pushed.status}`);
        const began = performance.now();
        for (let asked = 1; ; asked++) {
          const index = await indexAt(`http://${host}${site}/index.yaml`);
          const took = performance.now() - began;
          if (index.includes(`${name}-${version}.tgz`)) return { figure: took, operations: asked };
        }
      },
    }),
};
