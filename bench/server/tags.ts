import { contest } from "../peers/contest.ts";
import { generate } from "../peers/generate.ts";
import { distribution3 } from "../peers/sides.ts";
import { wrk } from "../peers/wrk.ts";
import type { Row, Scenario } from "../scenario.ts";
import { fabricateTags, tagged, taggedRepository } from "./tagged.ts";

const [many, more] = [100_000, 1_000_000];
const list = (host: string, n: number) => `http://${host}/v2/${taggedRepository}/tags/list?n=${n}`;

/** The first page of a long list, and lists from end to end. */
export const tags: Scenario = {
  name: "server: tags",
  needs: ["wrk", "distribution3"],
  async run(bench) {
    const measure = ({ host }: { host: string }) => wrk({ url: list(host, 100), clients: 8 });
    const unit = "/s";
    const beside = await contest(bench, {
      ...{ scenario: "tags, the first 100 of 100,000", unit },
      us: tagged(many),
      against: [[distribution3, { atLeast: 100, of: "ratio" }]],
      note: "wrk, 8 connections; the peer's tags are fabricated as files",
      prepare: async ({ folder }, side) => side === distribution3 && fabricateTags(`${folder}/data`, many),
      measure,
    });
    const flat = await contest(bench, {
      ...{ scenario: "tags, the first 100 of 1,000,000", unit },
      us: tagged(more),
      against: [[tagged(many, "ours of 100,000"), { atLeast: 0.8, of: "ratio" }]],
      note: "wrk, 8 connections",
      measure,
    });
    /** Tags that are read in a second when the whole list is. */
    const whole =
      (of: number) =>
      async ({ host }: { host: string }) => {
        const times = Math.ceil(10_000 / of);
        const seconds = await generate("lister", list(host, 1000), "tags", of, times);
        return { figure: of / seconds, operations: of * times };
      };
    const rows: Row[] = [...beside, ...flat];
    for (const count of [100, 10_000])
      rows.push(
        ...(await contest(bench, {
          ...{ scenario: `tags, all of ${count.toLocaleString("en")}: tags a second`, unit },
          us: tagged(count),
          against: [[distribution3]],
          note: "pages of 1,000 by Link, one connection; the peer's tags are fabricated as files",
          prepare: async ({ folder }, side) =>
            side === distribution3 && fabricateTags(`${folder}/data`, count),
          measure: whole(count),
        })),
      );
    return rows;
  },
};
