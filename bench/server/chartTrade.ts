import { contest } from "../peers/contest.ts";
import { generate } from "../peers/generate.ts";
import { distribution2, distribution3, zot } from "../peers/sides.ts";
import type { Row, Scenario } from "../scenario.ts";

/** Charts that are traded in a round, by how many at once. */
const rounds = [
  [1, 20],
  [8, 60],
  [32, 120],
] as const;

/** Whole charts in and out again, by several clients at once. */
export const chartTrade: Scenario = {
  name: "server: chart push and pull",
  needs: ["distribution3"],
  async run(bench) {
    const rows: Row[] = [];
    for (const [atOnce, count] of rounds) {
      const goal = atOnce === 32 ? ({ atLeast: 2, of: "ratio" } as const) : undefined;
      rows.push(
        ...(await contest(bench, {
          ...{ scenario: `chart push and pull, ${atOnce} in parallel`, unit: "/s" },
          against: [[distribution3, goal], [zot, goal], [distribution2]],
          note: "charts of 10 KB: HEAD, POST and PUT of each blob, PUT of the manifest; then all three are pulled",
          measure: async ({ host }, round) => {
            const seconds = await generate("trader", host, round, count, atOnce);
            return { figure: count / seconds, operations: count };
          },
        })),
      );
    }
    return rows;
  },
};
