import { eachInParallel } from "../../src/oci/parallel.ts";
import { blobOf } from "../../src/testing/artifacts.ts";
import { nameOf, putManifest } from "../../src/testing/commands.ts";
import { percentile } from "../measure.ts";
import type { Row, Scenario } from "../scenario.ts";
import { Caller } from "./caller.ts";
import { filled } from "./filled.ts";

const [tags, repositories] = [1_000_000, 100_000];
/** Tags that one command sets: enough that filling is quick. */
const tagsAtOnce = 1000;
const rounds = 5;
/** Pages asked for in a round. */
const pages = 1000;

/** A manifest that names nothing, so that one command is all its push. */
const manifest = blobOf('{"mediaType":"application/vnd.example+json"}', "application/vnd.example+json");
const tagAt = (i: number) => `v${String(i).padStart(7, "0")}`;
const nameAt = (i: number) => `team-${i % 100}/chart-${String(i).padStart(6, "0")}`;

/** Pages of lists that are long, where `Link` leads and anywhere in between. */
export const lists: Scenario = {
  name: "server: lists",
  needs: [],
  async run(bench) {
    const { host } = await filled(bench, async (catalog) => {
      async function* commands() {
        for (let i = 0; i < repositories; i++) yield putManifest(nameOf(nameAt(i)), manifest);
        for (let at = 0; at < tags; at += tagsAtOnce)
          yield putManifest(
            nameOf("many"),
            manifest,
            Array.from({ length: tagsAtOnce }, (_, i) => tagAt(at + i)),
          );
      }
      await eachInParallel(commands(), 500, async (command) => void (await catalog.apply(command)));
    });
    const caller = await Caller.open(host);
    const get = async (path: string) => {
      const answer = await caller.get(path);
      if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}`);
      return answer;
    };
    /** From the first page on, and again from there at the end. */
    const following = async (first: string) => {
      const took: number[] = [];
      for (let next: string | undefined = first; took.length < pages; ) {
        const answer = await get(next ?? first);
        took.push(answer.took);
        next = answer.next;
      }
      return took;
    };
    const p99Of = async (first: string) => percentile(await following(first), 0.99);
    const anywhere = async (list: string, count: number, lastAt: (i: number) => string) => {
      const took: number[] = [];
      for (let i = 0; i < pages; i++) {
        const last = encodeURIComponent(lastAt((i * 7919) % count));
        took.push((await get(`${list}?n=100&last=${last}`)).took);
      }
      return percentile(took, 0.99);
    };
    const each = async (measure: () => Promise<number>) => {
      const figures: number[] = [];
      for (let round = 0; round <= rounds; round++) figures.push(await measure());
      return figures.slice(1); // the first warms up
    };
    const [many, all] = ["/v2/many/tags/list", "/v2/_catalog"];
    const row = async (scenario: string, measure: () => Promise<number>): Promise<Row> => ({
      scenario,
      unit: "ms",
      ours: await each(measure),
      note: `the 99th percentile of ${pages} pages, over HTTP on one connection`,
      goal: { atMost: 10, of: "figure" },
    });
    const rows = [
      await row("1,000,000 tags, pages of 1,000 by Link", () => p99Of(`${many}?n=1000`)),
      await row("1,000,000 tags, pages of 100 anywhere", () => anywhere(many, tags, tagAt)),
      await row("100,000 repositories, pages of 1,000 by Link", () => p99Of(`${all}?n=1000`)),
      await row("100,000 repositories, pages of 100 anywhere", () => anywhere(all, repositories, nameAt)),
    ];
    const pagesOfAll = async () => (await following(`${many}?n=1000`)).reduce((sum, took) => sum + took, 0);
    rows.push({
      ...{ scenario: "1,000,000 tags, the whole list", unit: "ms", ours: await each(pagesOfAll) },
      note: `${pages} pages of 1,000 by Link, over HTTP on one connection`,
    });
    caller.close();
    return rows;
  },
};
