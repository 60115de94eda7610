import { contest } from "../peers/contest.ts";
import { onLoadCores } from "../peers/cores.ts";
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
            const seconds = await trade(host, round, count, atOnce);
            return { figure: count / seconds, operations: count };
          },
        })),
      );
    }
    return rows;
  },
};

async function trade(...args: readonly (string | number)[]): Promise<number> {
  const command = [process.execPath, `${import.meta.dir}/../peers/trader.ts`, ...args.map(String)];
  const child = Bun.spawn(onLoadCores(command), { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [said, complaint] = await Promise.all(
    [child.stdout, child.stderr].map((each) => new Response(each).text()),
  );
  if ((await child.exited) !== 0) throw new Error(`trader ${args.join(" ")}: ${complaint}`);
  return Number(said);
}
